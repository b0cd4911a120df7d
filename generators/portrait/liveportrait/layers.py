"""Convolutions with batch norm, in two and three dimensions, that F and W are built from."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class ConvBlock(nn.Module):
    """A 3x3 convolution, batch norm, ReLU (or its leaky kind)."""

    def __init__(self, inputs: int, outputs: int, slope: float = 0.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm = nn.BatchNorm2d(outputs)
        self._slope = slope

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h w"]:
        """Return a feature of the same height and width."""
        return functional.leaky_relu(self.norm(self.conv(x)), self._slope)


class DownBlock(ConvBlock):
    """A `ConvBlock` that halves height and width."""

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h/2 w/2"]:
        """Return a feature of half the height and width."""
        return functional.avg_pool2d(super().forward(x), 2)


class ResBlock3d(nn.Module):
    """Two convolutions of a volume, each after its norm and ReLU, and the volume itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm3d(channels)
        self.norm2 = nn.BatchNorm3d(channels)

    def forward(self, x: Float[Tensor, "n c d h w"]) -> Float[Tensor, "n c d h w"]:
        """Return a volume of the same size."""
        inner = self.conv1(functional.relu(self.norm1(x)))
        return x + self.conv2(functional.relu(self.norm2(inner)))


class ConvBlock3d(nn.Module):
    """A 3x3x3 convolution of a volume, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, 3, padding=1)
        self.norm = nn.BatchNorm3d(outputs)

    def forward(self, x: Float[Tensor, "n i d h w"]) -> Float[Tensor, "n o d h w"]:
        """Return a volume of the same size."""
        return functional.relu(self.norm(self.conv(x)))


class Hourglass(nn.Module):
    """A U-shaped network over volumes; only height and width shrink and grow."""

    def __init__(self, inputs: int, block_expansion: int, num_blocks: int, max_features: int) -> None:
        super().__init__()
        widths = [inputs, *(min(max_features, block_expansion * 2 ** (k + 1)) for k in range(num_blocks))]
        self.encoder = _Encoder(widths)
        self.decoder = _Decoder(widths, block_expansion)
        self.out_channels = self.decoder.out_channels

    def forward(self, x: Float[Tensor, "n i d h w"]) -> Float[Tensor, "n o d h w"]:
        """Return a volume of the same size; height and width have to be divisible by 2 as often as there are blocks."""
        return self.decoder(self.encoder(x))


class _Encoder(nn.Module):
    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        pairs = pairwise(widths)
        self.down_blocks = nn.ModuleList(ConvBlock3d(inputs, outputs) for inputs, outputs in pairs)

    def forward(self, x: Tensor) -> list[Tensor]:
        levels = [x]
        for block in self.down_blocks:
            levels.append(functional.avg_pool3d(block(levels[-1]), (1, 2, 2)))
        return levels


class _Decoder(nn.Module):
    """Every block but the deepest also reads the encoder's volume of its size."""

    def __init__(self, widths: list[int], block_expansion: int) -> None:
        super().__init__()
        outputs = [block_expansion, *widths[1:-1]]
        self.up_blocks = nn.ModuleList()
        arriving = widths[-1]
        for level in reversed(range(len(outputs))):
            self.up_blocks.append(ConvBlock3d(arriving, outputs[level]))
            arriving = outputs[level] + widths[level]
        self.out_channels = arriving
        self.conv = nn.Conv3d(arriving, arriving, 3, padding=1)
        self.norm = nn.BatchNorm3d(arriving)

    def forward(self, levels: list[Tensor]) -> Tensor:
        x = levels.pop()
        for block in self.up_blocks:
            larger = functional.interpolate(x, scale_factor=(1, 2, 2), mode="nearest")
            x = torch.cat([block(larger), levels.pop()], dim=1)
        return functional.relu(self.norm(self.conv(x)))

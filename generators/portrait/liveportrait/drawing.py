"""G, the generator: the moved feature becomes a picture (SPADE, Park et al. 2019)."""

from math import prod

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from espressivo.generators.portrait.liveportrait.config import GeneratorSize

_MIDDLE_BLOCKS = 6
_HIDDEN = 128
_SLOPE = 0.2

Feature = Float[Tensor, "n c h w"]


class SpadeGenerator(nn.Module):
    """Blocks that are told at each size what the feature was; the last one has `upscale` pixels per place and axis."""

    def __init__(self, size: GeneratorSize) -> None:
        super().__init__()
        width = size.width
        self.fc = nn.Conv2d(width, 2 * width, 3, padding=1)
        for k in range(_MIDDLE_BLOCKS):
            self.add_module(f"G_middle_{k}", _Block(2 * width, 2 * width, width))
        self.up_0 = _Block(2 * width, width, width)
        self.up_1 = _Block(width, size.out_channels, width)
        pixels = size.upscale**2
        self.conv_img = nn.Sequential(
            nn.Conv2d(size.out_channels, 3 * pixels, 3, padding=1), nn.PixelShuffle(size.upscale)
        )

    def forward(self, feature: Feature) -> Float[Tensor, "n 3 8*h 8*w"]:
        """Return pictures in [0, 1], 4 x `upscale` times as high and wide as the feature."""
        x = self.fc(feature)
        for k in range(_MIDDLE_BLOCKS):
            x = self.get_submodule(f"G_middle_{k}")(x, feature)
        x = self.up_0(_doubled(x), feature)
        x = self.up_1(_doubled(x), feature)
        return torch.sigmoid(self.conv_img(functional.leaky_relu(x, _SLOPE)))


class _Block(nn.Module):
    """Two convolutions, each after a norm that the feature modulates, and a shortcut."""

    def __init__(self, inputs: int, outputs: int, label: int) -> None:
        super().__init__()
        between = min(inputs, outputs)
        self.conv_0 = _SpectralConv(inputs, between, 3)
        self.conv_1 = _SpectralConv(between, outputs, 3)
        self.norm_0 = _Spade(inputs, label)
        self.norm_1 = _Spade(between, label)
        self.changes_width = inputs != outputs
        if self.changes_width:
            self.conv_s = _SpectralConv(inputs, outputs, 1, bias=False)
            self.norm_s = _Spade(inputs, label)

    def forward(self, x: Feature, feature: Feature) -> Feature:
        straight = self.conv_s(self.norm_s(x, feature)) if self.changes_width else x
        inner = self.conv_0(functional.leaky_relu(self.norm_0(x, feature), _SLOPE))
        return straight + self.conv_1(functional.leaky_relu(self.norm_1(inner, feature), _SLOPE))


class _Spade(nn.Module):
    """Instance norm whose gain and offset are read from the feature, place by place."""

    def __init__(self, channels: int, label: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Conv2d(label, _HIDDEN, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(_HIDDEN, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(_HIDDEN, channels, 3, padding=1)

    def forward(self, x: Feature, feature: Feature) -> Feature:
        told = self.mlp_shared(functional.interpolate(feature, size=x.shape[2:], mode="nearest"))
        return functional.instance_norm(x) * (1 + self.mlp_gamma(told)) + self.mlp_beta(told)


class _SpectralConv(nn.Module):
    """A convolution divided by its largest singular value, which the checkpoint holds as a pair of vectors.

    Named as torch's first spectral norm names them (`weight_orig`, `weight_u`, `weight_v`). The vectors are not
    refined: that belongs to training.
    """

    weight_u: Tensor
    weight_v: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, bias: bool = True) -> None:
        super().__init__()
        shape = (outputs, inputs, kernel, kernel)
        self.weight_orig = nn.Parameter(torch.randn(shape) / prod(shape[1:]) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.register_buffer("weight_u", functional.normalize(torch.randn(outputs), dim=0))
        self.register_buffer("weight_v", functional.normalize(torch.randn(prod(shape[1:])), dim=0))

    def forward(self, x: Feature) -> Feature:
        largest = self.weight_u @ (self.weight_orig.flatten(1) @ self.weight_v)
        return functional.conv2d(x, self.weight_orig / largest, self.bias, padding=self.weight_orig.shape[-1] // 2)


def _doubled(x: Feature) -> Feature:
    return functional.interpolate(x, scale_factor=2, mode="nearest")

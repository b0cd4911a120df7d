"""What the face-api networks are made of; parameters keep their official names ("/" is ".").

Convolutions are kept in torch's layout (`weights.load` turns them), dense layers in TensorFlow's (in, out).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class Convolution(nn.Module):
    """A convolution with bias."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.filters = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x: Float[Tensor, "n i h w"], stride: int = 1) -> Float[Tensor, "n o _h _w"]:
        """Convolve without padding."""
        return functional.conv2d(x, self.filters, self.bias, stride)


class SeparableConvolution(nn.Module):
    """A depthwise 3x3 convolution, then a pointwise one with bias; nothing between them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.depthwise_filter = nn.Parameter(torch.empty(inputs, 1, 3, 3))
        self.pointwise_filter = nn.Parameter(torch.empty(outputs, inputs, 1, 1))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x: Float[Tensor, "n i h w"], stride: int = 1) -> Float[Tensor, "n o _h _w"]:
        """Convolve without padding."""
        x = functional.conv2d(x, self.depthwise_filter, None, stride, groups=x.shape[1])
        return functional.conv2d(x, self.pointwise_filter, self.bias)


class Dense(nn.Module):
    """A fully connected layer."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
        """Return x W + b."""
        return x @ self.weights + self.bias


class DenseBlock(nn.Module):
    """Three or four convolutions, each fed with the sum of all outputs before it; the first halves the picture."""

    def __init__(self, inputs: int, outputs: int, convolutions: int, *, first: bool) -> None:
        super().__init__()
        self.conv0 = Convolution(inputs, outputs) if first else SeparableConvolution(inputs, outputs)
        self.conv1 = SeparableConvolution(outputs, outputs)
        self.conv2 = SeparableConvolution(outputs, outputs)
        self.conv3 = SeparableConvolution(outputs, outputs) if convolutions == 4 else None

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o _h _w"]:
        """Return the block's features at half the resolution."""
        total = functional.relu(self.conv0(pad_same(x, 3, 2), stride=2))
        summed = total + self.conv1(pad_same(total, 3, 1))
        total = functional.relu(summed)
        summed = summed + self.conv2(pad_same(total, 3, 1))
        total = functional.relu(summed)
        if self.conv3 is not None:
            total = functional.relu(summed + self.conv3(pad_same(total, 3, 1)))
        return total


class FeatureExtractor(nn.Module):
    """The trunk of the expression and the landmark network: 112 x 112 pixels to 256 features."""

    def __init__(self) -> None:
        super().__init__()
        self.dense0 = DenseBlock(3, 32, 4, first=True)
        self.dense1 = DenseBlock(32, 64, 4, first=False)
        self.dense2 = DenseBlock(64, 128, 4, first=False)
        self.dense3 = DenseBlock(128, 256, 4, first=False)

    def features(self, x: Float[Tensor, "n 3 112 112"]) -> Float[Tensor, "n 256"]:
        """Return the features of normalised faces."""
        x = self.dense3(self.dense2(self.dense1(self.dense0(x))))
        return functional.avg_pool2d(x, 7, 2).flatten(1)


class TinyFeatureExtractor(nn.Module):
    """The trunk of the small landmark network: 112 x 112 pixels to 128 features."""

    def __init__(self) -> None:
        super().__init__()
        self.dense0 = DenseBlock(3, 32, 3, first=True)
        self.dense1 = DenseBlock(32, 64, 3, first=False)
        self.dense2 = DenseBlock(64, 128, 3, first=False)

    def features(self, x: Float[Tensor, "n 3 112 112"]) -> Float[Tensor, "n 128"]:
        """Return the features of normalised faces."""
        return functional.avg_pool2d(self.dense2(self.dense1(self.dense0(x))), 14, 2).flatten(1)


def pad_same(x: Float[Tensor, "n c h w"], kernel: int, stride: int, value: float = 0.0) -> Float[Tensor, "n c _h _w"]:
    """Pad as TensorFlow's SAME does: the output has ceil(size / stride) pixels, the odd one goes below and right."""
    before_after = []
    for size in (x.shape[3], x.shape[2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        before_after += [total // 2, total - total // 2]
    return functional.pad(x, before_after, value=value)

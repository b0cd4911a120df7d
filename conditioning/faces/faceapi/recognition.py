"""The identity network of face-api: dlib's ResNet, 128 numbers per face.

Distances between descriptors are Euclidean; below 0.6 two faces are taken for one person. The descriptors are not
of unit length (1.39 to 1.50) and lie in a narrow cone: the cosine of two strangers is .84 on average (up to .94), so a
cosine says little here and is no "CSIM" of ArcFace.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from espressivo.conditioning.faces.faceapi.blocks import Convolution
from espressivo.conditioning.faces.faceapi.preprocessing import face_batch
from espressivo.conditioning.judging import judging

SIDE_PX = 150


class Scale(nn.Module):
    """A factor and an offset for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.empty(channels))
        self.biases = nn.Parameter(torch.empty(channels))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Scale and shift."""
        return x * self.weights[:, None, None] + self.biases[:, None, None]


class ScaledConvolution(nn.Module):
    """A convolution and its scale, unpadded."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.conv = Convolution(inputs, outputs, kernel)
        self.scale = Scale(outputs)

    def forward(self, x: Float[Tensor, "n i h w"], stride: int = 1) -> Float[Tensor, "n o _h _w"]:
        """Convolve and scale."""
        return self.scale(self.conv(x, stride))


class Residual(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = ScaledConvolution(channels, channels)
        self.conv2 = ScaledConvolution(channels, channels)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Return features of the same size."""
        y = functional.relu(self.conv1(functional.pad(x, (1, 1, 1, 1))))
        return functional.relu(self.conv2(functional.pad(y, (1, 1, 1, 1))) + x)


class Down(nn.Module):
    """Two convolutions beside an average over 2 x 2 pixels; where sizes differ, zeros fill the smaller one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = ScaledConvolution(inputs, outputs)
        self.conv2 = ScaledConvolution(outputs, outputs)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o _h _w"]:
        """Return features of half the size."""
        y = functional.relu(self.conv1(x, stride=2))
        y = self.conv2(functional.pad(y, (1, 1, 1, 1)))
        shortcut = functional.avg_pool2d(x, 2, 2)
        rows, columns = (shortcut.shape[axis] - y.shape[axis] for axis in (2, 3))
        y = functional.pad(y, (0, columns, 0, rows))
        shortcut = functional.pad(shortcut, (0, 0, 0, 0, 0, y.shape[1] - shortcut.shape[1]))
        return functional.relu(y + shortcut)


class FaceRecognitionNet(nn.Module):
    """150 x 150 pixels to a descriptor of 128 numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv32_down = ScaledConvolution(3, 32, kernel=7)
        self.conv32_1, self.conv32_2, self.conv32_3 = Residual(32), Residual(32), Residual(32)
        self.conv64_down = Down(32, 64)
        self.conv64_1, self.conv64_2, self.conv64_3 = Residual(64), Residual(64), Residual(64)
        self.conv128_down = Down(64, 128)
        self.conv128_1, self.conv128_2 = Residual(128), Residual(128)
        self.conv256_down = Down(128, 256)
        self.conv256_1, self.conv256_2 = Residual(256), Residual(256)
        self.conv256_down_out = Down(256, 256)
        self.fc = nn.Parameter(torch.empty(256, 128))

    def forward(self, faces: Float[Tensor, "n 3 150 150"]) -> Float[Tensor, "n 128"]:
        """Return the descriptors of normalised faces."""
        x = functional.relu(self.conv32_down(faces, stride=2))
        x = functional.max_pool2d(x, 3, 2)
        x = self.conv32_3(self.conv32_2(self.conv32_1(x)))
        x = self.conv64_3(self.conv64_2(self.conv64_1(self.conv64_down(x))))
        x = self.conv128_2(self.conv128_1(self.conv128_down(x)))
        x = self.conv256_2(self.conv256_1(self.conv256_down(x)))
        return self.conv256_down_out(x).mean(dim=(2, 3)) @ self.fc


def describe(net: FaceRecognitionNet, crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Float[np.ndarray, "n 128"]:
    """Return the descriptor of each crop (see `boxes.identity_box`)."""
    with judging():
        return net(face_batch(crops, SIDE_PX)).numpy()

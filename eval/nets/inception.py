"""The Inception v3 that FID is defined with: TensorFlow's of 2015, as mseitzer/pytorch-fid carries it (Apache-2.0).

It differs from the usual Inception v3 in three places: averages leave the border out, the last block takes a maximum
where others take an average, and there are 1008 classes. Names of tensors are those of
`pt_inception-2015-12-05-6726825d.pth`, which does not ship: see `espressivo.eval.brought`.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

from espressivo.conditioning.judging import judging

DIMENSIONS = 2048
_SIDE_PX = 299
_BATCH = 8


class FidInception(nn.Module):
    """Gives 2048 features of a picture: the last pooling layer, "pool3"."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Conv(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = _Conv(32, 32, 3)
        self.Conv2d_2b_3x3 = _Conv(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = _Conv(64, 80, 1)
        self.Conv2d_4a_3x3 = _Conv(80, 192, 3)
        self.Mixed_5b = _Wide(192, pooled=32)
        self.Mixed_5c = _Wide(256, pooled=64)
        self.Mixed_5d = _Wide(288, pooled=64)
        self.Mixed_6a = _ToQuarter(288)
        self.Mixed_6b = _Sevens(768, 128)
        self.Mixed_6c = _Sevens(768, 160)
        self.Mixed_6d = _Sevens(768, 160)
        self.Mixed_6e = _Sevens(768, 192)
        self.Mixed_7a = _ToEighth(768)
        self.Mixed_7b = _Forked(1280, _average)
        self.Mixed_7c = _Forked(2048, _maximum)
        self.fc = nn.Linear(DIMENSIONS, 1008)
        """In the file, and not used for features."""

    def forward(self, pictures: Float[Tensor, "batch 3 h w"]) -> Float[Tensor, "batch 2048"]:
        """Look at RGB pictures between 0 and 1, of any size: they are brought to 299 x 299."""
        x = 2 * interpolate(pictures, (_SIDE_PX, _SIDE_PX), mode="bilinear", align_corners=False) - 1
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(max_pool2d(x, 3, stride=2)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(max_pool2d(x, 3, stride=2))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        return x.mean(dim=(2, 3))


def inception_features(
    net: FidInception, frames: Sequence[UInt8[np.ndarray, "h w 3"]]
) -> Float[np.ndarray, "frames 2048"]:
    """Return the features of RGB frames of one size.

    Raises:
        ValueError: there are no frames.
    """
    if not len(frames):
        raise ValueError("Inception needs frames.")
    with judging():
        parts = [
            net(
                torch.from_numpy(
                    np.stack(frames[start : start + _BATCH]).transpose(0, 3, 1, 2).astype(np.float32) / 255
                )
            )
            for start in range(0, len(frames), _BATCH)
        ]
    return torch.cat(parts).double().numpy()


class _Conv(nn.Module):
    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(x)))


def _row(inputs: int, outputs: int, length: int = 7) -> _Conv:
    return _Conv(inputs, outputs, (1, length), padding=(0, length // 2))


def _column(inputs: int, outputs: int, length: int = 7) -> _Conv:
    return _Conv(inputs, outputs, (length, 1), padding=(length // 2, 0))


def _average(x: Tensor) -> Tensor:
    return avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


def _maximum(x: Tensor) -> Tensor:
    return max_pool2d(x, 3, stride=1, padding=1)


class _Wide(nn.Module):
    """Block "InceptionA": branches of 1, 5 and twice 3."""

    def __init__(self, inputs: int, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = _Conv(inputs, 64, 1)
        self.branch5x5_1 = _Conv(inputs, 48, 1)
        self.branch5x5_2 = _Conv(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = _Conv(inputs, 64, 1)
        self.branch3x3dbl_2 = _Conv(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = _Conv(96, 96, 3, padding=1)
        self.branch_pool = _Conv(inputs, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        fives = self.branch5x5_2(self.branch5x5_1(x))
        threes = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), fives, threes, self.branch_pool(_average(x))], dim=1)


class _ToQuarter(nn.Module):
    """Block "InceptionB": halves the side."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch3x3 = _Conv(inputs, 384, 3, stride=2)
        self.branch3x3dbl_1 = _Conv(inputs, 64, 1)
        self.branch3x3dbl_2 = _Conv(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = _Conv(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        threes = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), threes, max_pool2d(x, 3, stride=2)], dim=1)


class _Sevens(nn.Module):
    """Block "InceptionC": 7 x 7 taken apart into rows and columns."""

    def __init__(self, inputs: int, inner: int) -> None:
        super().__init__()
        self.branch1x1 = _Conv(inputs, 192, 1)
        self.branch7x7_1 = _Conv(inputs, inner, 1)
        self.branch7x7_2 = _row(inner, inner)
        self.branch7x7_3 = _column(inner, 192)
        self.branch7x7dbl_1 = _Conv(inputs, inner, 1)
        self.branch7x7dbl_2 = _column(inner, inner)
        self.branch7x7dbl_3 = _row(inner, inner)
        self.branch7x7dbl_4 = _column(inner, inner)
        self.branch7x7dbl_5 = _row(inner, 192)
        self.branch_pool = _Conv(inputs, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return torch.cat([self.branch1x1(x), once, twice, self.branch_pool(_average(x))], dim=1)


class _ToEighth(nn.Module):
    """Block "InceptionD": halves the side again."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch3x3_1 = _Conv(inputs, 192, 1)
        self.branch3x3_2 = _Conv(192, 320, 3, stride=2)
        self.branch7x7x3_1 = _Conv(inputs, 192, 1)
        self.branch7x7x3_2 = _row(192, 192)
        self.branch7x7x3_3 = _column(192, 192)
        self.branch7x7x3_4 = _Conv(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        threes = self.branch3x3_2(self.branch3x3_1(x))
        sevens = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([threes, sevens, max_pool2d(x, 3, stride=2)], dim=1)


class _Forked(nn.Module):
    """Block "InceptionE": branches that fork into rows and columns."""

    def __init__(self, inputs: int, pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._pool = pool
        self.branch1x1 = _Conv(inputs, 320, 1)
        self.branch3x3_1 = _Conv(inputs, 384, 1)
        self.branch3x3_2a = _row(384, 384, 3)
        self.branch3x3_2b = _column(384, 384, 3)
        self.branch3x3dbl_1 = _Conv(inputs, 448, 1)
        self.branch3x3dbl_2 = _Conv(448, 384, 3, padding=1)
        self.branch3x3dbl_3a = _row(384, 384, 3)
        self.branch3x3dbl_3b = _column(384, 384, 3)
        self.branch_pool = _Conv(inputs, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        threes = self.branch3x3_1(x)
        doubled = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        forks = (
            self.branch3x3_2a(threes),
            self.branch3x3_2b(threes),
            self.branch3x3dbl_3a(doubled),
            self.branch3x3dbl_3b(doubled),
        )
        return torch.cat([self.branch1x1(x), *forks, self.branch_pool(self._pool(x))], dim=1)

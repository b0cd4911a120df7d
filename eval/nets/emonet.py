"""EmoNet: reads expression, valence and arousal from a face by way of its landmarks (Toisoul et al. 2021).

Two hourglasses find 68 landmarks; where they are sure is where a small network looks for the emotion. Names of tensors
are those of `emonet/models/emonet.py` in face-analysis/emonet, so its files `emonet_8.pth` and `emonet_5.pth` load name
by name. They are for non-commercial use, may not be changed, and do not ship: see `espressivo.eval.brought`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from espressivo.conditioning.judging import judging

OUTPUTS = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
"""What the outputs of the network with eight expressions mean, in their order, as canonical categories."""
LABELS: Final[Mapping[int, tuple[str, ...]]] = MappingProxyType({8: OUTPUTS, 5: OUTPUTS[:5]})
"""By the number of expressions that a network knows: there is one file for each."""
SIDE_PX = 256
_BATCH = 4
_WIDTH = 256
_LANDMARKS = 68
_HOURGLASSES = 2
_DEPTH = 4
_AFFECTS = 2


class EmoNet(nn.Module):
    """Gives logits of expressions, then valence and arousal.

    Args:
        expressions: how many it knows: 8 or 5.
    """

    def __init__(self, expressions: int = 8) -> None:
        super().__init__()
        self.labels = LABELS[expressions]
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = _Block(64, 128)
        self.conv3 = _Block(128, 128)
        self.conv4 = _Block(128, _WIDTH)
        for number in range(_HOURGLASSES):
            self.add_module(f"m{number}", _Hourglass())
            self.add_module(f"top_m_{number}", _Block(_WIDTH, _WIDTH))
            self.add_module(f"conv_last{number}", nn.Conv2d(_WIDTH, _WIDTH, 1))
            self.add_module(f"bn_end{number}", nn.BatchNorm2d(_WIDTH))
            self.add_module(f"l{number}", nn.Conv2d(_WIDTH, _LANDMARKS, 1))
        self.bl0 = nn.Conv2d(_WIDTH, _WIDTH, 1)
        self.al0 = nn.Conv2d(_LANDMARKS, _WIDTH, 1)
        self.conv1x1_input_emo_2 = nn.Conv2d((_HOURGLASSES + 1) * _WIDTH, _WIDTH, 1)
        halvings = [stage for _ in range(4) for stage in (_Block(_WIDTH, _WIDTH), nn.MaxPool2d(2))]
        self.emo_net_2 = nn.Sequential(*halvings)
        self.emo_fc_2 = nn.Sequential(
            nn.Linear(_WIDTH, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, expressions + _AFFECTS)
        )

    def forward(self, faces: Float[Tensor, "batch 3 256 256"]) -> Float[Tensor, "batch outputs"]:
        """Look at RGB faces between 0 and 1."""
        hidden = torch.relu(self.bn1(self.conv1(faces)))
        seen = self.conv4(self.conv3(max_pool2d(self.conv2(hidden), 2)))
        first, heatmaps = self._landmarks(0, seen)
        # What goes on from the first hourglass is what the second one is given, not what the landmarks are read from.
        first = self.bl0(first)
        second, heatmaps = self._landmarks(1, seen + first + self.al0(heatmaps))
        attention = heatmaps.sum(dim=1, keepdim=True)
        looked_at = torch.cat([seen, first * attention, second * attention], dim=1)
        return self.emo_fc_2(self.emo_net_2(self.conv1x1_input_emo_2(looked_at)).mean(dim=(2, 3)))

    def _landmarks(self, number: int, given: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features of one hourglass and the heat maps of the landmarks that follow from them."""
        stage = self.get_submodule
        hidden = stage(f"conv_last{number}")(stage(f"top_m_{number}")(stage(f"m{number}")(given)))
        features = torch.relu(stage(f"bn_end{number}")(hidden))
        return features, stage(f"l{number}")(features)


@dataclass(frozen=True, eq=False)
class EmoNetReading:
    """What EmoNet says of some faces."""

    labels: tuple[str, ...]
    probabilities: Float[np.ndarray, "n labels"]
    """Uncalibrated."""
    valence_arousal: Float[np.ndarray, "n 2"]
    """Cut off at -1 and 1, as in the authors' demonstration."""


def read_emonet(net: EmoNet, crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> EmoNetReading:
    """Look at RGB faces, brought to size with Pillow's bilinear filter.

    The authors' demonstration takes OpenCV's, which skips pixels of faces larger than 256, and boxes of the detector
    S3FD; figures of other crops differ.
    """
    batches = [crops[start : start + _BATCH] for start in range(0, len(crops), _BATCH)]
    with judging():
        told = [net(_faces(batch)) for batch in batches] or [torch.zeros(0, len(net.labels) + _AFFECTS)]
        logits, affects = torch.cat(told).double().split([len(net.labels), _AFFECTS], dim=1)
        return EmoNetReading(net.labels, logits.softmax(1).numpy(), affects.clamp(-1, 1).numpy())


class _Block(nn.Module):
    """Three convolutions whose outputs stand side by side, a half and two quarters (Bulat & Tzimiropoulos 2017)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half, quarter = outputs // 2, outputs // 4
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, half, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(half)
        self.conv2 = nn.Conv2d(half, quarter, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(quarter)
        self.conv3 = nn.Conv2d(quarter, quarter, 3, padding=1, bias=False)
        self.downsample = None
        if inputs != outputs:
            self.downsample = nn.Sequential(
                nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, outputs, 1, bias=False)
            )

    def forward(self, x: Tensor) -> Tensor:
        first = self.conv1(torch.relu(self.bn1(x)))
        second = self.conv2(torch.relu(self.bn2(first)))
        third = self.conv3(torch.relu(self.bn3(second)))
        return torch.cat([first, second, third], dim=1) + (x if self.downsample is None else self.downsample(x))


class _Hourglass(nn.Module):
    """Looks at four sizes, each half of the last, and puts them together again (Newell et al. 2016)."""

    def __init__(self) -> None:
        super().__init__()
        for level in range(_DEPTH, 0, -1):
            for branch in ("b1", "b2", "b3") if level > 1 else ("b1", "b2", "b2_plus", "b3"):
                self.add_module(f"{branch}_{level}", _Block(_WIDTH, _WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return self._level(_DEPTH, x)

    def _level(self, level: int, x: Tensor) -> Tensor:
        block = self.get_submodule
        small = block(f"b2_{level}")(max_pool2d(x, 2))
        inner = self._level(level - 1, small) if level > 1 else block("b2_plus_1")(small)
        return block(f"b1_{level}")(x) + interpolate(block(f"b3_{level}")(inner), scale_factor=2, mode="nearest")


def _faces(crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Float[Tensor, "n 3 256 256"]:
    size = (SIDE_PX, SIDE_PX)
    resized = [np.asarray(Image.fromarray(crop).resize(size, Image.Resampling.BILINEAR)) for crop in crops]
    return torch.from_numpy(np.stack(resized).transpose(0, 3, 1, 2).astype(np.float32) / 255)

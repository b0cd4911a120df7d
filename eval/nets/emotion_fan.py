"""Emotion-FAN: the classifier behind "Acc_emo" of the EAT, EDTalk and PC-Talk tables (Meng et al. 2019).

A ResNet-18 looks at frames; attention weighs frames by themselves, then by how they relate to the whole clip. Names of
tensors are those of `emotionfan_basiccode/networks.py` in yuangan/evaluation_eat. The weights do not ship: see
`espressivo.eval.brought`.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor, nn

from espressivo.conditioning.judging import judging

OUTPUTS = ("happiness", "anger", "disgust", "fear", "sadness", "neutral", "surprise", "contempt")
"""What the outputs mean, in their order, as canonical categories."""
SIDE_PX = 224
_BATCH = 16
_LAYERS = ((64, 1), (128, 2), (256, 2), (512, 2))


class EmotionFAN(nn.Module):
    """Eight logits for a clip."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        inputs = 64
        for number, (outputs, stride) in enumerate(_LAYERS, start=1):
            self.add_module(f"layer{number}", nn.Sequential(_Block(inputs, outputs, stride), _Block(outputs, outputs)))
            inputs = outputs
        self.alpha = nn.Sequential(nn.Linear(512, 1), nn.Sigmoid())
        self.beta = nn.Sequential(nn.Linear(1024, 1), nn.Sigmoid())
        self.pred_fc1 = nn.Linear(512, len(OUTPUTS))
        """Of the variant without relations; in the file, and not used here."""
        self.pred_fc2 = nn.Linear(1024, len(OUTPUTS))

    def features(self, faces: Float[Tensor, "frames 3 224 224"]) -> Float[Tensor, "frames 512"]:
        """Look at single frames."""
        hidden = self.maxpool(torch.relu(self.bn1(self.conv1(faces))))
        for number in range(1, len(_LAYERS) + 1):
            hidden = self.get_submodule(f"layer{number}")(hidden)
        return hidden.mean(dim=(2, 3))

    def verdict(self, features: Float[Tensor, "frames 512"], peers_eval: bool = True) -> Float[Tensor, "8"]:
        """Weigh the frames of one clip and return its logits.

        Args:
            features: of all frames.
            peers_eval: as the peers' evaluation does, whose weighted sum lacks the relation weights that its divisor
                has (their training has them in both). Tables were made with it, so it is what Acc_emo means.
        """
        alpha = self.alpha(features)
        whole = (alpha * features).sum(dim=0) / alpha.sum()
        related = torch.cat([features, whole.expand_as(features)], dim=1)
        weight = alpha * self.beta(related)
        clip = ((alpha if peers_eval else weight) * related).sum(dim=0) / weight.sum()
        return self.pred_fc2(clip)


class EmotionFANJudge:
    """Judges clips with Emotion-FAN."""

    id = "emotion-fan"
    labels = OUTPUTS

    def __init__(self, net: EmotionFAN) -> None:
        self._net = net

    def clip_probabilities(self, crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Float[np.ndarray, "8"]:
        """Return the probability of each label for a clip, uncalibrated.

        Raises:
            ValueError: there is no crop.
        """
        if not crops:
            raise ValueError("Emotion-FAN needs a face.")
        with judging():
            return self._net.verdict(self._features(crops)).softmax(0).double().numpy()

    def probabilities(self, crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Float[np.ndarray, "n 8"]:
        """Return what it says of each crop alone, as of a clip of one frame: for curves over time, not for Acc_emo."""
        if not crops:
            return np.zeros((0, len(OUTPUTS)))
        with judging():
            frames = self._features(crops)
            return torch.stack([self._net.verdict(frame[None]).softmax(0) for frame in frames]).double().numpy()

    def _features(self, crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Tensor:
        batches = [crops[start : start + _BATCH] for start in range(0, len(crops), _BATCH)]
        return torch.cat([self._net.features(_faces(batch)) for batch in batches])


class _Block(nn.Module):
    """ResNet's basic block (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        residual = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + residual)


def _faces(crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Float[Tensor, "n 3 224 224"]:
    """RGB from 0 to 1 and no more, as the peers' transforms leave it."""
    resized = [
        np.asarray(Image.fromarray(crop).resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)) for crop in crops
    ]
    return torch.from_numpy(np.stack(resized).transpose(0, 3, 1, 2).astype(np.float32) / 255)

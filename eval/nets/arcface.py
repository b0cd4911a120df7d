"""ArcFace's iResNet-50, behind CSIM: 512 features in which cosine means likeness (Deng et al. 2019).

Names of tensors are those of `recognition/arcface_torch/backbones/iresnet.py` in deepinsight/insightface. The weights
are for non-commercial research and do not ship: see `espressivo.eval.brought`.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor, nn

from espressivo.conditioning.judging import judging

SIDE_PX = 112
_BATCH = 8
_LAYERS = ((64, 3), (128, 4), (256, 14), (512, 3))
# Where insightface wants eyes, tip of the nose and corners of the mouth, left to right in the picture.
_TEMPLATE = (38.2946 + 51.6963j, 73.5318 + 51.5014j, 56.0252 + 71.7366j, 41.5493 + 92.3655j, 70.7299 + 92.2041j)
# The same as points of the 468-point mesh; an eye is the middle of its corners.
_MESH = ((33, 133), (362, 263), (1,), (61,), (291,))


class ArcFace(nn.Module):
    """Gives 512 features of an aligned face."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.prelu = nn.PReLU(64)
        inputs = 64
        for number, (outputs, blocks) in enumerate(_LAYERS, start=1):
            rest = (_Block(outputs, outputs, 1) for _ in range(blocks - 1))
            self.add_module(f"layer{number}", nn.Sequential(_Block(inputs, outputs, 2), *rest))
            inputs = outputs
        self.bn2 = nn.BatchNorm2d(512)
        self.fc = nn.Linear(512 * 7 * 7, 512)
        self.features = nn.BatchNorm1d(512)

    def forward(self, faces: Float[Tensor, "batch 3 112 112"]) -> Float[Tensor, "batch 512"]:
        """Look at RGB faces between -1 and 1."""
        hidden = self.prelu(self.bn1(self.conv1(faces)))
        for number in range(1, len(_LAYERS) + 1):
            hidden = self.get_submodule(f"layer{number}")(hidden)
        return self.features(self.fc(self.bn2(hidden).flatten(1)))


def arcface_features(net: ArcFace, faces: Sequence[UInt8[np.ndarray, "112 112 3"]]) -> Float[np.ndarray, "n 512"]:
    """Return the features of aligned RGB faces.

    Raises:
        ValueError: there are no faces.
    """
    if not len(faces):
        raise ValueError("ArcFace needs faces.")
    with judging():
        parts = [
            net(torch.from_numpy(np.stack(faces[start : start + _BATCH]).transpose(0, 3, 1, 2) / np.float32(127.5) - 1))
            for start in range(0, len(faces), _BATCH)
        ]
    return torch.cat(parts).double().numpy()


def align(image: UInt8[np.ndarray, "h w 3"], points_px: Float[np.ndarray, "468 _"]) -> UInt8[np.ndarray, "112 112 3"]:
    """Turn, scale and move a face so that eyes, nose and mouth lie nearest to where ArcFace wants them; black outside.

    Raises:
        ValueError: the five points are one.
    """
    here = np.array([points_px[list(members), :2].mean(axis=0) for members in _MESH], np.float64) @ (1, 1j)
    there = np.array(_TEMPLATE)
    # Least squares over similarities: multiplying by a complex number turns and scales. Fitted in pixels of the
    # template, as insightface does, then turned round.
    off = here - here.mean()
    if not np.abs(off).any():
        raise ValueError("A face needs an extent.")
    turn = (off.conj() * (there - there.mean())).sum() / (np.abs(off) ** 2).sum()
    back = 1 / turn
    corner = here.mean() - back * there.mean()
    # Pillow counts from corners of pixels, OpenCV, which the template is for, from their centres.
    corner += (0.5 + 0.5j) - back * (0.5 + 0.5j)
    rows = (back.real, -back.imag, corner.real, back.imag, back.real, corner.imag)
    picture = Image.fromarray(image).transform(
        (SIDE_PX, SIDE_PX), Image.Transform.AFFINE, rows, resample=Image.Resampling.BILINEAR
    )
    return np.asarray(picture)


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        residual = x if self.downsample is None else self.downsample(x)
        return self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x)))))) + residual

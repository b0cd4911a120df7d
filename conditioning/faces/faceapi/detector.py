"""The tiny face detector of face-api (a small YOLO v2).

On close-up talking heads it missed a fifth of the frames (26 of 128); BlazeFace finds faces better.
"""

from dataclasses import dataclass
from math import floor

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from espressivo.conditioning.faces.faceapi.blocks import Convolution, SeparableConvolution, pad_same
from espressivo.conditioning.faces.faceapi.boxes import Box
from espressivo.conditioning.faces.faceapi.preprocessing import DETECTOR_MEAN, normalise, square
from espressivo.conditioning.judging import judging

_ANCHORS = np.array(
    [(1.603231, 2.094468), (6.041143, 7.080126), (2.882459, 3.518061), (4.266906, 5.178857), (9.041765, 10.66308)]
)
_MAX_OVERLAP = 0.4


@dataclass(frozen=True)
class Detection:
    """A face that was found."""

    box: Box
    score: float


class TinyFaceDetector(nn.Module):
    """A square picture to a grid of cells with five boxes (tx, ty, tw, th, objectness) each."""

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = Convolution(3, 16)
        self.conv1 = SeparableConvolution(16, 32)
        self.conv2 = SeparableConvolution(32, 64)
        self.conv3 = SeparableConvolution(64, 128)
        self.conv4 = SeparableConvolution(128, 256)
        self.conv5 = SeparableConvolution(256, 512)
        self.conv8 = Convolution(512, 25, kernel=1)

    def forward(self, x: Float[Tensor, "n 3 side side"]) -> Float[Tensor, "n cells cells 5 5"]:
        """Return the encoded boxes of normalised pictures, by row, column and anchor."""
        x = self._stage(self.conv0, x, 2)
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = self._stage(conv, functional.pad(x, (1, 1, 1, 1)), 2)
        x = self._stage(self.conv5, functional.pad(x, (1, 1, 1, 1)), 1)
        return self.conv8(x).permute(0, 2, 3, 1).unflatten(3, (5, 5))

    @staticmethod
    def _stage(conv: nn.Module, x: Tensor, stride: int) -> Tensor:
        x = functional.leaky_relu(conv(x), 0.1)
        return functional.max_pool2d(pad_same(x, 2, stride, value=-torch.inf), 2, stride)


def detect(
    net: TinyFaceDetector, image: UInt8[np.ndarray, "h w 3"], side: int = 416, threshold: float = 0.5
) -> list[Detection]:
    """Return the faces of `image` in pixels, the surest first.

    Args:
        net: the detector.
        image: RGB.
        side: what the picture is resized to, a multiple of 32.
        threshold: lowest score of a face.
    """
    with judging():
        encoded = net(normalise(square(image, side, centred=False)[None], DETECTOR_MEAN))[0].numpy().astype(np.float64)
    boxes, scores = _decode(encoded, image.shape[1], image.shape[0], side)
    sure = scores > threshold
    boxes, scores = boxes[sure], scores[sure]
    scale = np.array([image.shape[1], image.shape[0]] * 2)
    chosen = np.argsort(-scores, kind="stable").tolist()
    found = []
    while chosen:
        best, *chosen = chosen
        found.append(Detection(Box(*(boxes[best] * scale).tolist()), float(scores[best])))
        chosen = [index for index in chosen if _overlap(boxes[best], boxes[index]) <= _MAX_OVERLAP]
    return found


def resized_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Return width and height of a picture whose longer side becomes `side`.

    JavaScript rounds halves up; rounding them to even, as Python does, moves the boxes by half a pixel.
    """
    scale = side / max(width, height)
    return floor(width * scale + 0.5), floor(height * scale + 0.5)


def _decode(
    encoded: Float[np.ndarray, "cells cells 5 5"], width: int, height: int, side: int
) -> tuple[Float[np.ndarray, "boxes 4"], Float[np.ndarray, "boxes"]]:
    """Return boxes (x, y, width, height) relative to the picture without its padding, and their scores."""
    cells = len(encoded)
    stretch = side / np.array(resized_size(width, height, side))
    columns_rows = np.stack(np.meshgrid(np.arange(cells), np.arange(cells)), axis=-1)[:, :, None]
    centres = (columns_rows + _sigmoid(encoded[..., :2])) / cells * stretch
    sizes = np.exp(encoded[..., 2:4]) * _ANCHORS / cells * stretch
    boxes = np.concatenate([centres - sizes / 2, sizes], axis=-1)
    return boxes.reshape(-1, 4), _sigmoid(encoded[..., 4]).reshape(-1)


def _overlap(a: Float[np.ndarray, "4"], b: Float[np.ndarray, "4"]) -> float:
    """Return the intersection of two boxes over their union."""
    shared = np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.prod(np.maximum(shared, 0)))
    return common / float(np.prod(a[2:]) + np.prod(b[2:]) - common)


def _sigmoid(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    return 1 / (1 + np.exp(-x))

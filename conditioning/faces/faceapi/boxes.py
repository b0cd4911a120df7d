"""Rectangles around faces, with face-api's arithmetic."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

_LEFT_EYE, _RIGHT_EYE, _MOUTH = slice(36, 42), slice(42, 48), slice(48, 68)
_MARGIN = 0.2
# Where dlib's alignment puts the middle of the face: eyes to mouth are 45 % of the side, their middle lies at 43 %.
_EYES_TO_MOUTH, _MIDDLE_X, _MIDDLE_Y = 0.45, 0.5, 0.43


class Box(NamedTuple):
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float


def face_box(points_px: Float[np.ndarray, "points 2"]) -> Box:
    """Return what the expression network looks at: the smallest box around the points, a fifth larger."""
    low, high = points_px.min(axis=0), points_px.max(axis=0)
    size = (high - low) * (1 + _MARGIN)
    x, y = low - (high - low) * _MARGIN / 2
    return Box(float(x), float(y), float(size[0]), float(size[1]))


def identity_box(points_px: Float[np.ndarray, "68 2"]) -> Box:
    """Return what the recognition network looks at: dlib's square, placed by eyes and mouth."""
    left, right, mouth = (points_px[part].mean(axis=0) for part in (_LEFT_EYE, _RIGHT_EYE, _MOUTH))
    to_mouth = (np.linalg.norm(mouth - left) + np.linalg.norm(mouth - right)) / 2
    side = np.floor(to_mouth / _EYES_TO_MOUTH)
    middle = (left + right + mouth) / 3
    x, y = np.floor(np.maximum(middle - side * np.array([_MIDDLE_X, _MIDDLE_Y]), 0))
    return Box(float(x), float(y), float(side), float(side))


def cut(image: UInt8[np.ndarray, "h w 3"], box: Box) -> UInt8[np.ndarray, "_h _w 3"]:
    """Return what `box` holds of `image`: clipped at the borders, then rounded down, as face-api does.

    Raises:
        ValueError: the box holds no pixel of the image.
    """
    x, y = max(box.x, 0.0), max(box.y, 0.0)
    width = int(min(box.x + box.width, image.shape[1]) - x)
    height = int(min(box.y + box.height, image.shape[0]) - y)
    if width < 1 or height < 1:
        raise ValueError(f"the face at {tuple(round(side, 1) for side in box)} lies outside the picture")
    return image[int(y) : int(y) + height, int(x) : int(x) + width]

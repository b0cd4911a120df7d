"""Articulation edits of keypoints: more or less pursing, widening and opening of speaking lips."""

from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.generators.portrait.pctalk.articulation import DirectionName
from espressivo.generators.portrait.pctalk.network.config import LIPS

_Y, _Z = 1, 2


def _direction(*moves: tuple[int, int, float]) -> Float[np.ndarray, "6 3"]:
    direction = np.zeros((len(LIPS), 3))
    for keypoint, axis, amount in moves:
        direction[LIPS.index(keypoint), axis] = amount
    return direction


DIRECTIONS: Final[dict[DirectionName, Float[np.ndarray, "6 3"]]] = {
    "pursing": _direction((14, _Y, 0.001), (17, _Z, -0.0005)),
    "widening": _direction((20, _Z, -0.001), (20, _Y, -0.001), (14, _Y, -0.001)),
    "opening": _direction((19, _Y, 0.001), (19, _Z, 0.0001), (17, _Y, -0.0001)),
}
"""PC-Talk's own, on the six keypoints of the lips; LivePortrait's sliders move them by the same."""

FULL: Final[dict[DirectionName, float]] = {"pursing": 15.0, "widening": 15.0, "opening": 60.0}
"""How many times a direction is a full gesture. An estimate from the range of LivePortrait's sliders."""


def edited(
    lips: Float[np.ndarray, "frames 6 3"],
    direction: DirectionName,
    scale: Float[np.ndarray, "frames"] | float = 1.0,
    more: Float[np.ndarray, "frames"] | float = 0.0,
) -> Float[np.ndarray, "frames 6 3"]:
    """Return deformed lips with their projection on a direction scaled, and moved further along it.

    Args:
        lips: deformation of the six keypoints.
        direction: what is edited.
        scale: factor of the projection, for the clip or frame by frame.
        more: shares of the full gesture that are added.
    """
    unit = DIRECTIONS[direction]
    along = (lips * unit).sum((1, 2)) / (unit * unit).sum()
    moves = (np.asarray(scale) - 1.0) * along + np.asarray(more) * FULL[direction]
    return lips + moves[:, np.newaxis, np.newaxis] * unit

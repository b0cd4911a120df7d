"""Articulation edits: more or less pursing, widening and opening of speaking lips.

PC-Talk scales the projection of the lips' deformation on a direction (reference: its released code, lip keypoints 14,
17, 19 and 20). Here directions are rows of ARKit channels. No channel is in two of them, so they are orthogonal: one
edit leaves the others' part of the mouth alone, and the order of edits does not matter.
"""

from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.arkit import weights_from

DirectionName = Literal["pursing", "widening", "opening"]

DIRECTIONS: Final[dict[DirectionName, Float[np.ndarray, "52"]]] = {
    "pursing": weights_from(mouthPucker=0.7, mouthFunnel=0.4).astype(np.float64),
    "widening": weights_from(mouthStretch=0.5, mouthSmile=0.3, mouthDimple=0.2).astype(np.float64),
    "opening": weights_from(jawOpen=0.55, mouthLowerDown=0.25, mouthUpperUp=0.15).astype(np.float64),
}
"""What "oo", "ee" and "ah" are made of in the table of visemes (`face.visemes`), with the shares rounded."""

_LENGTHS: Final = {name: float(row @ row) for name, row in DIRECTIONS.items()}


def along(weights: Float[np.ndarray, "frames 52"], direction: DirectionName) -> Float[np.ndarray, "frames"]:
    """How far a mouth has gone along a direction; 1 is the direction's own row."""
    return weights @ DIRECTIONS[direction] / _LENGTHS[direction]


def edited(
    weights: Float[np.ndarray, "frames 52"],
    direction: DirectionName,
    scale: Float[np.ndarray, "frames"] | float = 1.0,
    more: Float[np.ndarray, "frames"] | float = 0.0,
) -> Float[np.ndarray, "frames 52"]:
    """Return the weights with their projection on a direction scaled, and moved further along it.

    What the mouth does across the direction stays: a scale of 0 takes out the projection and nothing else. Weights
    may leave [0, 1].

    Args:
        weights: of speech.
        direction: what is edited.
        scale: factor of the projection, for the clip or frame by frame.
        more: how much of the direction's row is added.
    """
    moves = (np.asarray(scale) - 1.0) * along(weights, direction) + more
    return weights + moves[:, None] * DIRECTIONS[direction]

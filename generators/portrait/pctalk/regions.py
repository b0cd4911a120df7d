"""Regions of the face, and which channels of a `FaceMotion` belong to each.

Names are PC-Talk's (its code sorts the keypoints of LivePortrait into lips, eyes and brows, and puts these together);
the channels are ARKit's. Every channel lies in exactly one of `upper` and `lower`.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Bool

from espressivo.generators.face.arkit import ARKIT_NAMES

RegionName = Literal["lips", "eyes", "brows", "upper", "lower", "all"]


@dataclass(frozen=True, eq=False)
class Region:
    """A part of the face."""

    channels: Bool[np.ndarray, "52"]
    gaze: bool
    """Whether the eyes' direction belongs to it."""
    head: bool
    """Whether the carriage of the head belongs to it."""


def _channels(*prefixes: str) -> Bool[np.ndarray, "52"]:
    members = np.array([name.startswith(prefixes) for name in ARKIT_NAMES])
    members.setflags(write=False)
    return members


_LIPS: Final = ("jaw", "mouth", "tongue")
_EYES: Final = ("eye", "cheekSquint")
_BROWS: Final = ("brow",)
_CHEEKS_AND_NOSE: Final = ("cheekPuff", "noseSneer")

REGIONS: Final[dict[RegionName, Region]] = {
    "lips": Region(_channels(*_LIPS), gaze=False, head=False),
    "eyes": Region(_channels(*_EYES), gaze=True, head=False),
    "brows": Region(_channels(*_BROWS), gaze=False, head=False),
    "upper": Region(_channels(*_EYES, *_BROWS), gaze=True, head=False),
    "lower": Region(_channels(*_LIPS, *_CHEEKS_AND_NOSE), gaze=False, head=False),
    "all": Region(_channels(""), gaze=True, head=True),
}

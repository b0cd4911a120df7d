"""PC-Talk's control on keypoints: spoken lips take the place of the portrait's own, and pure emotions are added."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from espressivo.generators.portrait.liveportrait.keypoints import ImplicitMotion
from espressivo.generators.portrait.pctalk.articulation import DirectionName
from espressivo.generators.portrait.pctalk.network.config import LIPS
from espressivo.generators.portrait.pctalk.network.gestures import edited
from espressivo.generators.portrait.pctalk.network.regions import KEYPOINTS
from espressivo.generators.portrait.pctalk.regions import RegionName

Curve = Float[np.ndarray, "frames"]


@dataclass(frozen=True, eq=False)
class PureEmotion:
    """What one emotion alone does to the keypoints: the face that feels it less the one that feels nothing."""

    deformation: Float[np.ndarray, "frames 21 3"]
    strength: Curve | float
    region: RegionName = "all"


def shaped_lips(
    lips: Float[np.ndarray, "frames 6 3"],
    scale: Curve | float = 1.0,
    scales: Mapping[DirectionName, Curve | float] | None = None,
    more: Mapping[DirectionName, Curve | float] | None = None,
) -> Float[np.ndarray, "frames 6 3"]:
    """Return spoken lips, as large as asked and edited.

    Args:
        lips: their deformation, smoothed.
        scale: factor of all movement.
        scales: factor of the movement in a direction; the directions are edited in the order of the mapping.
        more: shares of the full gesture in a direction that are added.
    """
    shaped = lips * np.broadcast_to(scale, len(lips))[:, np.newaxis, np.newaxis]
    scales, more = scales or {}, more or {}
    for direction in dict.fromkeys((*scales, *more)):
        shaped = edited(shaped, direction, scales.get(direction, 1.0), more.get(direction, 0.0))
    return shaped


def speaking(motion: ImplicitMotion, lips: Float[np.ndarray, "frames 6 3"]) -> ImplicitMotion:
    """Return the motion with spoken lips in the place of its own.

    Args:
        motion: of the portrait.
        lips: their deformation, in the plane of the picture.
    """
    exp = motion.exp.astype(np.float64)
    exp[:, list(LIPS)] = lips / motion.scale[:, :, np.newaxis]
    return motion.with_expression(exp.astype(np.float32))


def feeling(motion: ImplicitMotion, emotions: Iterable[PureEmotion]) -> ImplicitMotion:
    """Return the motion with emotions added, each on its region."""
    exp = motion.exp.astype(np.float64)
    for emotion in emotions:
        points = KEYPOINTS[emotion.region]
        strength = np.broadcast_to(emotion.strength, len(exp))[:, np.newaxis, np.newaxis]
        exp[:, points] += emotion.deformation[:, points] * strength / motion.scale[:, :, np.newaxis]
    return motion.with_expression(exp.astype(np.float32))

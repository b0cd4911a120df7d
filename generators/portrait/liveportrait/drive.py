"""How a portrait takes over another face's motion."""

import numpy as np
from jaxtyping import Float

from espressivo.generators.portrait.liveportrait.keypoints import ImplicitMotion, Keypoints
from espressivo.generators.portrait.liveportrait.template import MotionTemplate

_ALL_AXES = [1, 2, 6, *range(11, 21)]
_SOME_AXES = ((3, 1), (4, 1), (5, 2), (8, 2), (9, 1), (9, 2))
"""Keypoint and axis. The rest holds a person's shape rather than an expression."""
_IN_PLANE = np.array([1, 1, 0], np.float32)


def relative(source: ImplicitMotion, driving: MotionTemplate) -> ImplicitMotion:
    """Add the changes since the driver's first frame to the portrait, whose own expression and pose stay below them.

    Args:
        source: the portrait, one frame.
        driving: the driver.
    """
    return ImplicitMotion(
        kp=np.repeat(source.kp, len(driving), axis=0),
        exp=source.exp + (driving.exp - driving.exp[:1]),
        rotation=driving.rotation @ np.swapaxes(driving.rotation[:1], -1, -2) @ source.rotation,
        scale=source.scale * (driving.scale / driving.scale[:1]),
        t=(source.t + (driving.t - driving.t[:1])) * _IN_PLANE,
    )


def absolute(source: ImplicitMotion, driving: MotionTemplate) -> ImplicitMotion:
    """Take over the driver's expression and pose as they are; shape and scale stay the portrait's.

    Args:
        source: the portrait, one frame.
        driving: the driver, with the 21 keypoints of the published networks.
    """
    frames = len(driving)
    exp = np.repeat(source.exp, frames, axis=0)
    exp[:, _ALL_AXES] = driving.exp[:, _ALL_AXES]
    for keypoint, axis in _SOME_AXES:
        exp[:, keypoint, axis] = driving.exp[:, keypoint, axis]
    return ImplicitMotion(
        kp=np.repeat(source.kp, frames, axis=0),
        exp=exp,
        rotation=driving.rotation,
        scale=np.repeat(source.scale, frames, axis=0),
        t=driving.t * _IN_PLANE,
    )


def matched(source: Float[np.ndarray, "1 k 3"], driving: Keypoints) -> Keypoints:
    """Scale how far keypoints move from the portrait's own by how much larger its face is than the driver's.

    Args:
        source: keypoints of the portrait.
        driving: keypoints that the portrait would get; the first frame tells the driver's size.
    """
    from scipy.spatial import ConvexHull

    ratio = ConvexHull(source[0]).volume / ConvexHull(driving[0]).volume
    return source + (driving - source) * np.float32(np.sqrt(ratio))

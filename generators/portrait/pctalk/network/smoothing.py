"""Smoothing of keypoints over time: each coordinate wanders, and is seen through noise."""

from typing import Final

import numpy as np
from jaxtyping import Float

WANDERING: Final = 1e-5
"""Variance of a coordinate's step from frame to frame."""
NOISE: Final = 1e-6
"""Variance of what is seen of it."""
_FIRST: Final = 1.0
_LEAST_FRAMES: Final = 3


def smoothed(seen: Float[np.ndarray, "frames *shape"]) -> Float[np.ndarray, "frames *shape"]:
    """Return the most likely course (Kalman filter, then Rauch, Tung and Striebel's way back), in double precision.

    All coordinates have the same variances, so one course of gains serves them all. Fewer than 3 frames stay as they
    are.
    """
    course = np.asarray(seen, np.float64)
    if len(course) < _LEAST_FRAMES:
        return course
    filtered = np.empty_like(course)
    mean, predicted = course[0], _FIRST
    after = np.empty(len(course))
    for frame, value in enumerate(course):
        gain = predicted / (predicted + NOISE)
        mean = mean + gain * (value - mean)
        filtered[frame], after[frame] = mean, (1 - gain) * predicted
        predicted = after[frame] + WANDERING
    smooth = filtered.copy()
    for frame in range(len(course) - 2, -1, -1):
        back = after[frame] / (after[frame] + WANDERING)
        smooth[frame] += back * (smooth[frame + 1] - filtered[frame])
    return smooth

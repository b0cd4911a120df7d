"""What a portrait does whatever it says: it comes alive from the photograph, and the head goes with the breath."""

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.arkit import ARKIT_NAMES, MOUTH_CHANNELS
from espressivo.generators.face.motion import FaceMotion

_BREATH_S, _BREATH_CM = 4.1, 0.1
"""Fifteen breaths a minute; the head rises by about a millimetre."""
_SWAY_S, _SWAY_CM = 9.7, 0.08
_SETTLING_S = 0.25
_LIPS_S, _FACE_S, _HEAD_S = 0.12, 0.4, 0.8
"""How long a motion takes to have its way with lips, the rest of the face, and the head."""


def breath_px(times_s: Float[np.ndarray, "frames"], px_per_cm: float) -> Float[np.ndarray, "frames 2"]:
    """Return the shift of the head, x and y, 0 at the start."""
    up = (1 - np.cos(2 * np.pi * times_s / _BREATH_S)) / 2
    across = np.sin(2 * np.pi * times_s / _SWAY_S) * np.clip(times_s / _SWAY_S, 0, 1)
    return np.column_stack([_SWAY_CM * across, -_BREATH_CM * up]) * px_per_cm


def settling(times_s: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    """Return how far the photograph's own expression has given way to what the motion asks for: from 0 to 1."""
    return _ease(times_s / _SETTLING_S)


def arriving(motion: FaceMotion) -> FaceMotion:
    """Return the motion as it starts from the photograph: the first frame is at rest, soon all is as asked.

    Lips come first: a line may begin at once, and lip sync is seen.
    """
    speed = np.full(len(ARKIT_NAMES), 1 / _FACE_S)
    speed[list(MOUTH_CHANNELS)] = 1 / _LIPS_S
    times_s = motion.times_s[:, np.newaxis]
    head = _ease(times_s / _HEAD_S)
    return FaceMotion(
        motion.weights * _ease(times_s * speed),
        motion.head_rad * head,
        motion.gaze_rad * _ease(times_s / _FACE_S),
        motion.fps,
    )


def _ease(share: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Return a smooth way from 0 to 1 while `share` goes there."""
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)

"""What a head does whatever it says: it rises and sinks with the breath, and the lips of a smiling photograph meet."""

import numpy as np
from jaxtyping import Float

_BREATH_S, _BREATH_CM = 4.1, 0.1
"""Fifteen breaths a minute; the head rises by about a millimetre."""
_SWAY_S, _SWAY_CM = 9.7, 0.08
_SETTLING_S = 0.4


def breath_px(times_s: Float[np.ndarray, "frames"], px_per_cm: float) -> Float[np.ndarray, "frames 2"]:
    """Return the shift of the head, x and y, 0 at the start."""
    up = (1 - np.cos(2 * np.pi * times_s / _BREATH_S)) / 2
    across = np.sin(2 * np.pi * times_s / _SWAY_S) * np.clip(times_s / _SWAY_S, 0, 1)
    return np.column_stack([_SWAY_CM * across, -_BREATH_CM * up]) * px_per_cm


def settling(times_s: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    """Return how far the photograph's own expression has given way to what the motion asks for: from 0 to 1."""
    share = np.clip(times_s / _SETTLING_S, 0, 1)
    return share * share * (3 - 2 * share)

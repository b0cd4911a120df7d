"""From an emotional state to the numbers that the bank is asked with."""

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import EmotionError

INPUTS = (*CATEGORIES[1:], "valence", "arousal", "dominance", "intensity")
"""Columns of `query_inputs`."""

_REACH = np.sqrt(3.0)
"""At full intensity every legal VAD point is taken as it is."""


def query_inputs(
    strengths: Float[np.ndarray, "times categories"], vad: Float[np.ndarray, "times 3"]
) -> Float[np.ndarray, "times inputs"]:
    """Lay strengths, VAD and intensity side by side, float64.

    VAD counts only as far out as the intensity reaches, so that at intensity 0 nothing is left, whatever the weights
    and VAD were: all inputs are then exactly 0. The way there is continuous (a projection onto a shrinking ball).

    Args:
        strengths: weight times intensity, columns as `CATEGORIES`; neutral's is not looked at.
        vad: valence, arousal, dominance in [-1, 1].

    Raises:
        EmotionError: the arrays do not fit, a value is no number or is out of range.
    """
    strengths, vad = np.asarray(strengths, float), np.asarray(vad, float)
    if strengths.ndim != 2 or strengths.shape[1] != len(CATEGORIES) or vad.shape != (len(strengths), 3):
        raise EmotionError(
            f"Strengths {strengths.shape} and VAD {vad.shape} of an emotion must be (times, {len(CATEGORIES)}) and "
            "(times, 3)."
        )
    if not (np.isfinite(strengths).all() and np.isfinite(vad).all()):
        raise EmotionError("Strengths and VAD of an emotion must be numbers; some are not finite.")
    emotional = strengths[:, 1:]
    intensity = emotional.sum(axis=1, keepdims=True)
    if (emotional < 0).any() or (intensity > 1 + _SLACK).any() or (np.abs(vad) > 1 + _SLACK).any():
        raise EmotionError("Strengths of an emotion must be 0 or more and sum to at most 1, its VAD lie in [-1, 1].")
    length = np.linalg.norm(vad, axis=1, keepdims=True)
    share = np.minimum(1.0, _REACH * intensity / np.maximum(length, _TINY))
    return np.hstack([emotional, vad * share, intensity]) + 0.0  # + 0.0 turns -0.0 into 0.0


_SLACK = 1e-5  # float32 rows that sum to 1
_TINY = 1e-12

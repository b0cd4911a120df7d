"""Measures of a mouth on curves where only labels of the sounds are known."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

Interval = tuple[str, float, float]
"""A label with its start and end in seconds."""

OPENNESS = {
    "sil": 0.0, "PP": 0.0, "FF": 0.1, "TH": 0.2, "DD": 0.2, "kk": 0.25, "CH": 0.2, "SS": 0.1, "nn": 0.2, "RR": 0.25,
    "aa": 0.8, "E": 0.5, "I": 0.3, "O": 0.55, "U": 0.25,
}  # fmt: skip
"""How open the mouth is at each viseme, as a share of the widest. A yardstick from phonetics, not from a recording."""

_STEP_S = 0.005
_SMOOTHING_STEPS = 16


def correlation(a: Float[np.ndarray, "frames"], b: Float[np.ndarray, "frames"]) -> float:
    """Return Pearson's r, NaN when either curve stands still."""
    if len(a) < 3 or a.std() < 1e-9 or b.std() < 1e-9:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def labelled_openness(
    visemes: Sequence[Interval], times_s: Float[np.ndarray, "frames"]
) -> tuple[Float[np.ndarray, "frames"], Bool[np.ndarray, "frames"]]:
    """Return `OPENNESS` of labelled visemes at `times_s`, smoothed over 80 ms, and which frames are speech."""
    fine_s = np.arange(0.0, times_s[-1] + 0.2, _STEP_S)
    fine = np.zeros(len(fine_s))
    speech = np.zeros(len(fine_s), bool)
    for name, start_s, end_s in visemes:
        inside = (fine_s >= start_s) & (fine_s < end_s)
        fine[inside] = OPENNESS[name]
        speech[inside] = name != "sil"
    window = np.hanning(_SMOOTHING_STEPS + 3)[1:-1]
    smoothed = np.convolve(np.pad(fine, _SMOOTHING_STEPS // 2, mode="edge"), window / window.sum(), mode="valid")
    index = np.minimum(np.rint(times_s / _STEP_S).astype(int), len(fine_s) - 1)
    return smoothed[index], speech[index]

"""How fast a face takes an expression on and lets it go."""

from typing import Final

import numpy as np
from jaxtyping import Float

ONSET_S: Final = 0.4
"""Posed and spontaneous onsets last 0.3-0.5 s (estimate from the literature on smiles and brows)."""
OFFSET_S: Final = 0.8
"""Offsets are slower, 0.6-1.0 s."""
UPPER_LEAD_S: Final = 0.04
"""Brows and lids move this much before, the mouth this much after the track."""
_SETTLED: Final = 1e-6


def shape_onsets(
    strengths: Float[np.ndarray, "frames n"], fps: float, lead_s: float = 0.0
) -> Float[np.ndarray, "frames n"]:
    """Give every rise of a strength the onset's course and every fall the offset's.

    The strength is split into its rises and its falls, each is spread over its duration by a smoothstep centred on the
    moment it happens, and both are added up again: a keyframe keeps its time. What is constant stays exactly as it is.

    Args:
        strengths: Values in [0, 1], one column per emotion.
        fps: Frames per second.
        lead_s: How much earlier than the track the change is centred.

    Returns:
        Strengths in [0, 1] whose rows sum to no more than the largest sum that went in.
    """
    strengths = np.asarray(strengths, float)
    change = np.diff(strengths, axis=0, prepend=strengths[:1])
    shaped = strengths[:1] + _spread(np.maximum(change, 0), ONSET_S, fps, lead_s)
    shaped -= _spread(np.maximum(-change, 0), OFFSET_S, fps, lead_s)
    shaped = np.where(shaped < _SETTLED, 0.0, shaped)
    most = strengths.sum(1).max(initial=0.0)
    total = shaped.sum(1, keepdims=True)
    return np.where(total > most, shaped * (most / np.maximum(total, _SETTLED)), shaped)


def _spread(
    steps: Float[np.ndarray, "frames n"], duration_s: float, fps: float, lead_s: float
) -> Float[np.ndarray, "frames n"]:
    """Sum of `steps`, each drawn out to a smoothstep of `duration_s` around its frame."""
    reach = duration_s / 2
    first, last = (int(np.floor((-reach - lead_s) * fps)), int(np.ceil((reach - lead_s) * fps)))
    phase = np.clip((np.arange(first - 1, last + 1) / fps + lead_s + reach) / duration_s, 0, 1)
    kernel = np.diff(phase**2 * (3 - 2 * phase))
    frames = len(steps)
    spread = np.zeros((frames + len(kernel) - 1, steps.shape[1]))
    for k, share in enumerate(kernel):
        spread[k : k + frames] += share * steps
    return np.cumsum(spread, axis=0)[-first : -first + frames]

"""What a track asked for, as far as a verdict on a whole clip can be held against it."""

from dataclasses import dataclass

import numpy as np

from espressivo.conditioning.track import EmotionTrack
from espressivo.conditioning.vocabulary import CATEGORIES

_STEP_S = 0.04
_NEUTRAL_BELOW = 0.05
_CLEAR_SHARE = 0.6


@dataclass(frozen=True)
class Asked:
    """The emotion that a clip should show."""

    emotion: str | None
    """Canonical category; None for a mix in which none leads clearly."""
    intensity: float
    """Mean strength over the clip."""
    vad: tuple[float, float, float]
    """Mean over the clip."""
    steady: bool
    """Whether it is the same from beginning to end; if not, only its time line can be held against a face."""


def asked_of(track: EmotionTrack, duration_s: float) -> Asked:
    """Sum up a track over `duration_s` seconds: its leading category is one that has 60 % of all strength, or more."""
    curves = track.sample(np.arange(max(1, round(duration_s / _STEP_S))) * _STEP_S)
    strengths = curves.strengths.mean(axis=0)
    total = float(strengths.sum())
    leader = int(np.argmax(strengths))
    if total < _NEUTRAL_BELOW:
        emotion: str | None = "neutral"
    else:
        emotion = CATEGORIES[leader] if strengths[leader] >= _CLEAR_SHARE * total else None
    valence, arousal, dominance = (float(value) for value in curves.vad.mean(axis=0))
    steady = bool(np.ptp(curves.strengths, axis=0).max() < _NEUTRAL_BELOW)
    return Asked(emotion, total, (valence, arousal, dominance), steady)

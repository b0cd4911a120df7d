"""Coarticulation by dominance functions (Cohen & Massaro 1993, "Modeling coarticulation in synthetic visual speech").

Every segment pulls a group of channels toward its target; its pull is strongest in its middle and fades exponentially.
What shows is the mean of the targets weighted by pull. Groups (jaw, lip opening, rounding, spreading, tongue) have
their own strengths and reaches, so rounding can start long before its vowel while the jaw still serves a consonant.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.articulation.segments import VisemeSegments
from espressivo.generators.face.visemes import CHANNEL_GROUPS, LIP_HEAVY, VISEME, VISEMES, VOWELS

_SILENCE: Final = VISEME["sil"]


@dataclass(frozen=True)
class _Reach:
    """How far a group's pull carries: support before and after the segment in s, and factors on its decay rate."""

    before_s: float
    after_s: float
    decay: float
    lip_heavy_decay_before: float
    lip_heavy_decay_after: float


_REACH: Final = {
    "jaw": _Reach(0.40, 0.45, 1.0, 1.0, 1.0),
    "opening": _Reach(0.30, 0.30, 1.0, 1.0, 1.0),
    "rounding": _Reach(0.45, 0.40, 0.7, 0.35, 0.5),
    "spreading": _Reach(0.30, 0.30, 1.0, 1.0, 1.0),
    "tongue": _Reach(0.15, 0.15, 2.0, 2.0, 2.0),
}

_STRENGTH: Final[dict[str, dict[str, float]]] = {
    #            jaw  opening rounding spreading tongue
    "sil": dict(zip(CHANNEL_GROUPS, (2.0, 2.0, 0.3, 0.5, 1.0), strict=True)),
    "PP": dict(zip(CHANNEL_GROUPS, (0.6, 2.0, 0.2, 0.2, 1.0), strict=True)),
    "FF": dict(zip(CHANNEL_GROUPS, (0.8, 2.0, 0.3, 0.3, 1.0), strict=True)),
    "TH": dict(zip(CHANNEL_GROUPS, (0.7, 0.0, 0.0, 0.0, 2.0), strict=True)),
    "DD": dict(zip(CHANNEL_GROUPS, (0.7, 0.0, 0.0, 0.0, 1.0), strict=True)),
    "kk": dict(zip(CHANNEL_GROUPS, (0.6, 0.0, 0.0, 0.0, 1.0), strict=True)),
    "CH": dict(zip(CHANNEL_GROUPS, (1.2, 1.0, 1.3, 1.0, 1.0), strict=True)),
    "SS": dict(zip(CHANNEL_GROUPS, (1.2, 1.0, 0.4, 1.0, 1.0), strict=True)),
    "nn": dict(zip(CHANNEL_GROUPS, (0.7, 0.0, 0.0, 0.0, 1.0), strict=True)),
    "RR": dict(zip(CHANNEL_GROUPS, (0.8, 0.5, 1.0, 0.5, 1.0), strict=True)),
    "aa": dict(zip(CHANNEL_GROUPS, (1.0, 1.0, 1.0, 1.0, 1.0), strict=True)),
    "E": dict(zip(CHANNEL_GROUPS, (1.0, 1.0, 1.0, 1.0, 1.0), strict=True)),
    "I": dict(zip(CHANNEL_GROUPS, (1.0, 1.0, 1.0, 1.0, 1.0), strict=True)),
    "O": dict(zip(CHANNEL_GROUPS, (1.0, 1.0, 1.5, 1.0, 1.0), strict=True)),
    "U": dict(zip(CHANNEL_GROUPS, (1.0, 1.0, 1.5, 1.0, 1.0), strict=True)),
}
"""Peak pull. Sounds made by the tongue alone (TH DD kk nn) have none on the lips."""

_VOWEL_DECAY: Final = 12.0
_CONSONANT_DECAY: Final = 16.0
"""Decay rates of the pull in 1/s for a segment of `_REFERENCE_S`; longer segments fade more slowly."""
_REFERENCE_S: Final = 0.09
_CORE: Final = 0.25
"""The middle part of a segment, as a share of its length to each side, in which its pull does not fade."""
_LONGEST_APPROACH_S: Final = 0.08
"""A long sound has its full pull from this long after its start."""
_SILENCE_MARGIN_S: Final = 0.06
"""A pause pulls in full up to this far from its ends, so that sounds can be prepared in it."""
_REST: Final = 0.1
"""Pull toward rest that is always there: what is left where no segment reaches."""
_SHORT_OBSTRUENT_S: Final = 0.1
_OBSTRUENTS: Final = ("PP", "FF", "TH", "DD", "kk", "nn")


def blend(
    segments: VisemeSegments,
    targets: Float[np.ndarray, "segments channels"],
    group: str,
    times_s: Float[np.ndarray, "frames"],
) -> Float[np.ndarray, "frames channels"]:
    """Return the dominance-weighted mean of `targets` at `times_s` for one of `CHANNEL_GROUPS`.

    The pull of a segment ends at the group's support, so time and memory grow with the line's length, not its square.
    `times_s` must be sorted.
    """
    frame, segment, pull = _pulls(segments, group, times_s)
    total = np.bincount(frame, pull, minlength=len(times_s)) + _REST
    summed = [np.bincount(frame, pull * column[segment], minlength=len(times_s)) for column in targets.T]
    return np.stack(summed, axis=1) / total[:, None]


def _pulls(segments: VisemeSegments, group: str, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (frame, segment, pull) of every frame inside every segment's support."""
    reach = _REACH[group]
    viseme, duration_s = segments.viseme, segments.duration_s
    silent = viseme == _SILENCE
    approach_s = np.minimum((0.5 - _CORE) * duration_s, _LONGEST_APPROACH_S)
    inset_s = np.where(silent, np.minimum(_SILENCE_MARGIN_S, duration_s / 2), approach_s)
    core_start_s, core_end_s = segments.start_s + inset_s, segments.end_s - inset_s

    first = np.searchsorted(times_s, core_start_s - reach.before_s)
    count = np.searchsorted(times_s, core_end_s + reach.after_s, side="right") - first
    segment = np.repeat(np.arange(len(segments)), count)
    frame = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count - first, count)

    before_s = np.maximum(core_start_s[segment] - times_s[frame], 0.0)
    after_s = np.maximum(times_s[frame] - core_end_s[segment], 0.0)
    rate_before, rate_after = _decay_rates(viseme, duration_s, reach)
    fade = np.exp(-rate_before[segment] * before_s - rate_after[segment] * after_s)
    taper = (1.0 - (before_s / reach.before_s) ** 2) * (1.0 - (after_s / reach.after_s) ** 2)
    return frame, segment, _strengths(viseme, duration_s, group)[segment] * fade * np.maximum(taper, 0.0) ** 2


def _decay_rates(viseme: np.ndarray, duration_s: np.ndarray, reach: _Reach) -> tuple[np.ndarray, np.ndarray]:
    base = np.array([_VOWEL_DECAY if name in VOWELS else _CONSONANT_DECAY for name in VISEMES])[viseme]
    length = np.where(viseme == _SILENCE, 1.0, np.sqrt(_REFERENCE_S / np.clip(duration_s, 0.03, 0.4)))
    heavy = np.array([name in LIP_HEAVY for name in VISEMES])[viseme]
    before = base * length * np.where(heavy, reach.lip_heavy_decay_before, reach.decay)
    return before, base * length * np.where(heavy, reach.lip_heavy_decay_after, reach.decay)


def _strengths(viseme: np.ndarray, duration_s: np.ndarray, group: str) -> np.ndarray:
    strength = np.array([_STRENGTH[name][group] for name in VISEMES])[viseme]
    if group != "jaw":
        return strength
    # A short obstruent or nasal is over before the heavy jaw can follow (Edwards et al. 2016, section 4).
    obstruent = np.array([name in _OBSTRUENTS for name in VISEMES])[viseme]
    return strength * np.where(obstruent, np.clip(duration_s / _SHORT_OBSTRUENT_S, 0.3, 1.0), 1.0)

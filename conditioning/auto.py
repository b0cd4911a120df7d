"""From what was recognised to an emotion track."""

import numpy as np
from jaxtyping import Bool, Float

from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.conditioning.recognition import RecognisedEmotion, Source
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS, VAD

_TOLERANCE = 0.04
"""How far the straight lines between keyframes may lie from the curve, in strength and VAD."""
_DOUBT = 1e-3
"""The least probability that a window may give to an emotion, and the least weight of a window."""
_TRACE = 0.02
"""A strength below this everywhere is no part of the track."""
_COMMONNESS: dict[Source, dict[str, float]] = {
    "voice": {"neutral": 4.0, "disgust": 0.25, "boredom": 0.2},
    "text": {},
    "face": {},
    "music": {},
}
"""How much more or less often than another emotion a source has these, where nobody was asked to act them (estimates).
Recognisers take all to be as likely beforehand, and to that of voices strange microphones look like disgust."""
_TRUST: dict[Source, float] = {"voice": 0.7, "text": 1.0, "face": 1.0, "music": 1.0}
"""Share of a source's log-odds that counts. Probabilities of voices are calibrated on one kind of recording and claim
too much on others: at .7 tracks of another corpus hold a wrong emotion above half strength in .10 of the clips, at 1
in .16, and the right one is as often the strongest."""


def track_of(found: RecognisedEmotion, auto: AutoEmotion | None = None) -> EmotionTrack:
    """Make the track; it has no more keyframes than straight lines need to follow the curves.

    Their times are in whole milliseconds, as files keep them.
    """
    auto = auto or AutoEmotion()
    strengths, vad = curves_of(found, auto)
    present = np.flatnonzero((strengths > _TRACE).any(axis=0))
    channels = np.concatenate([strengths[:, present], vad], axis=1)
    kept = _corners(found.times_s, channels, _TOLERANCE)
    return EmotionTrack(
        tuple(
            Keyframe(round(float(found.times_s[row]), 3), _state(strengths[row], vad[row], present))
            for row in np.flatnonzero(kept)
        )
    )


def curves_of(
    found: RecognisedEmotion, auto: AutoEmotion
) -> tuple[Float[np.ndarray, "times categories"], Float[np.ndarray, "times 3"]]:
    """Strengths (columns as `CATEGORIES`, neutral 0) and VAD from neutral, before they are thinned out to keyframes."""
    from scipy.special import softmax

    shares = softmax(_log_odds(found, auto.smoothing_s) * auto.contrast, axis=1)[:, 1:]
    strengths = _smooth(
        _strongest(shares, auto.max_emotions) * found.intensity[:, None], found.times_s, auto.smoothing_s
    )
    strengths = np.concatenate([np.zeros((len(strengths), 1)), strengths], axis=1) * auto.strength
    vad = _smooth(found.vad, found.times_s, auto.smoothing_s) * auto.strength
    if auto.preferred:
        lean = CATEGORIES.index(auto.preferred)
        strengths, vad = strengths * (1.0 - auto.preferred_weight), vad * (1.0 - auto.preferred_weight)
        strengths[:, lean] += auto.preferred_weight
        vad += auto.preferred_weight * MEANS[lean]
        strengths[:, 0] = 0.0
    strengths /= np.maximum(1.0, strengths.sum(axis=1, keepdims=True))
    return strengths, np.clip(vad, -1.0, 1.0)


def _log_odds(found: RecognisedEmotion, width_s: float) -> Float[np.ndarray, "times categories"]:
    """Evidence gathered over time: neighbouring windows agree or weaken each other, silent ones abstain."""
    share = np.array([_COMMONNESS[found.source].get(category, 1.0) for category in CATEGORIES])
    evidence = _TRUST[found.source] * np.log(np.maximum(found.posterior, _DOUBT)) + np.log(share)
    evidence[:, ~found.posterior.any(axis=0)] = -np.inf
    weight = found.confidence[:, None] + _DOUBT
    finite = np.isfinite(evidence).all(axis=0)
    gathered = np.full_like(evidence, -np.inf)
    gathered[:, finite] = _smooth(evidence[:, finite] * weight, found.times_s, width_s)
    return gathered / _smooth(weight, found.times_s, width_s)


def _strongest(shares: Float[np.ndarray, "times n"], count: int) -> Float[np.ndarray, "times n"]:
    """Give the shares of all but the `count` largest to these."""
    kept = np.zeros_like(shares)
    places = np.argsort(-shares, axis=1, kind="stable")[:, :count]
    np.put_along_axis(kept, places, np.take_along_axis(shares, places, axis=1), axis=1)
    return kept * (shares.sum(axis=1, keepdims=True) / np.maximum(kept.sum(axis=1, keepdims=True), 1e-9))


def _state(
    strengths: Float[np.ndarray, "categories"], vad: Float[np.ndarray, "3"], present: np.ndarray
) -> EmotionState:
    named = {CATEGORIES[column]: round(float(strengths[column]), 4) for column in present}
    v, a, d = (round(float(axis), 4) + 0.0 for axis in vad)
    place: VAD | None = (v, a, d) if sum(named.values()) > 0 else None
    return EmotionState.from_strengths(named, place)


def _smooth(
    curves: Float[np.ndarray, "times n"], times_s: Float[np.ndarray, "times"], width_s: float
) -> Float[np.ndarray, "times n"]:
    """Gaussian mean over time; at the ends only what is there counts."""
    step_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else np.inf
    if width_s < step_s / 4:
        return curves.copy()
    reach = min(len(times_s) - 1, int(np.ceil(1.5 * width_s / step_s)))
    offsets = np.arange(-reach, reach + 1) * step_s
    kernel = np.exp(-4.0 * np.log(2.0) * np.square(offsets / width_s))
    inside = slice(reach, reach + len(times_s))
    norm = np.convolve(np.ones(len(times_s)), kernel)[inside]
    return np.stack([np.convolve(column, kernel)[inside] / norm for column in curves.T], axis=1)


def _corners(
    times_s: Float[np.ndarray, "times"], channels: Float[np.ndarray, "times n"], tolerance: float
) -> Bool[np.ndarray, "times"]:
    """Points that straight lines need (D. Douglas, T. Peucker, Cartographica 10(2), 1973)."""
    kept = np.zeros(len(times_s), bool)
    kept[[0, -1]] = True
    stretches = [(0, len(times_s) - 1)]
    while stretches:
        first, last = stretches.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        along = ((times_s[inner] - times_s[first]) / (times_s[last] - times_s[first]))[:, None]
        straight = channels[first] + along * (channels[last] - channels[first])
        away = np.abs(channels[inner] - straight).max(axis=1)
        worst = int(away.argmax())
        if away[worst] > tolerance:
            middle = first + 1 + worst
            kept[middle] = True
            stretches += [(first, middle), (middle, last)]
    if len(times_s) > 1 and np.ptp(channels, axis=0).max() <= tolerance:
        kept[-1] = False
    return kept

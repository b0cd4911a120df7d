"""Blinks: when they come, and how the lids run.

Intervals are log-normal with a median rate of 20 a minute between rest (17) and conversation (26; Bentivoglio et al.
1997), made faster by arousal; phrase ends and large gaze shifts attract them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.prosody import Prosody
from espressivo.conditioning.track import EmotionCurves
from espressivo.generators.face.arkit import CHANNEL, SIDED

STREAM: Final = 21
"""Number of this component's random stream."""

RATE_PER_MIN: Final = 20.0
INTERVAL_SIGMA: Final = 0.5
"""Deviation of the logarithm of intervals."""
PERSON_SIGMA: Final = 0.15
"""Deviation of the logarithm of a take's own rate (estimate)."""
AROUSAL_GAIN: Final = 0.4
MAX_RATE_PER_MIN: Final = 100.0

REFRACTORY_S: Final = 1.0
PHRASE_END: Final = 0.6
"""Chance of a blink where a phrase ends."""
ATTRACTION_S: Final = 1.5
"""A blink due within this of such a place moves there instead of coming on top."""
PARTIAL: Final = 0.1
PARTIAL_DEPTH: Final = 0.75
DOUBLE: Final = 0.07
DOUBLE_GAP_S: Final = 0.32

CLOSING_S: Final = (0.060, 0.085)
CLOSED_S: Final = (0.020, 0.060)
OPENING_S: Final = (0.150, 0.200)
SIDE_LAG_S: Final = 0.008
_OPENING_BEND: Final = 2.5
"""The opening lid slows down like exp(-2.5 u)."""


@dataclass(frozen=True)
class Blink:
    """One closing and opening of the lids."""

    start_s: float
    depth: float
    """1 closes the eye."""
    closing_s: float
    closed_s: float
    opening_s: float
    right_lag_s: float
    """How much later the right lid starts."""


def blink_motion(
    prosody: Prosody,
    curves: EmotionCurves,
    seed: int,
    gain: float = 1.0,
    gaze_shifts_s: Float[np.ndarray, "shifts"] | None = None,
) -> Float[np.ndarray, "frames 2"]:
    """Lid closure in [0, 1] of the left and the right eye at `curves.times_s`."""
    return lid_curves(schedule_blinks(prosody, curves, seed, gain, gaze_shifts_s), curves.times_s)


def schedule_blinks(
    prosody: Prosody,
    curves: EmotionCurves,
    seed: int,
    gain: float = 1.0,
    gaze_shifts_s: Float[np.ndarray, "shifts"] | None = None,
) -> tuple[Blink, ...]:
    """Draw the blinks of a take.

    Every random number is drawn whatever the emotion: a process of rate 1 is fixed by the seed, and arousal and `gain`
    only stretch the time in which it runs.

    Args:
        prosody: Its pauses attract blinks.
        curves: Arousal, and the moments of the take.
        seed: Chooses the take.
        gain: Factor of the rate.
        gaze_shifts_s: Moments of large gaze shifts, which always come with a blink.
    """
    times_s = np.asarray(curves.times_s, float)
    if gain == 0 or len(times_s) < 2:
        return ()
    end_s = float(times_s[-1])
    rng = np.random.default_rng([seed, STREAM])
    person = np.exp(PERSON_SIGMA * rng.standard_normal())
    pauses, shape = rng.spawn(2)

    at_phrase_end = np.array([start for start, _ in prosody.pauses if 0.3 < start < end_s])
    at_phrase_end = at_phrase_end[pauses.random(len(at_phrase_end)) < min(1.0, PHRASE_END * gain)] + 0.05
    shifts = np.empty(0) if gaze_shifts_s is None else gaze_shifts_s
    wanted = _spaced(np.sort(np.concatenate([at_phrase_end, shifts])))

    free = _free_times_s(times_s, curves.vad[:, 1], person * gain, rng)
    near = np.abs(free[:, None] - wanted[None, :]).min(1, initial=np.inf)
    order = np.sort(np.concatenate([free[near > ATTRACTION_S], wanted]))
    return tuple(
        blink for start_s in _spaced(order) for blink in _shapes(float(start_s), shape) if blink.start_s < end_s
    )


def lid_curves(blinks: tuple[Blink, ...], times_s: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames 2"]:
    """Closure of both lids over time; the lid closes with growing speed and opens more and more slowly."""
    lids = np.zeros((len(times_s), 2))
    for blink in blinks:
        first, last = np.searchsorted(times_s, [blink.start_s - 0.05, blink.start_s + 0.5])
        for side, lag_s in enumerate((0.0, blink.right_lag_s)):
            t = times_s[first:last] - blink.start_s - lag_s
            closing = np.clip(t / blink.closing_s, 0, 1) ** 2
            opening = np.clip((t - blink.closing_s - blink.closed_s) / blink.opening_s, 0, 1)
            left = (np.exp(-_OPENING_BEND * opening) - np.exp(-_OPENING_BEND)) / (1 - np.exp(-_OPENING_BEND))
            lids[first:last, side] = np.maximum(lids[first:last, side], blink.depth * closing * left)
    return lids


def close_lids(
    weights: Float[np.ndarray, "frames 52"], lids: Float[np.ndarray, "frames 2"]
) -> Float[np.ndarray, "frames 52"]:
    """Add blinks to a face: openings multiply, 1-(1-a)(1-b), and a widened eye gives way as its lid closes."""
    blinking = np.array(weights, np.float32)
    for side, closure in zip(SIDED, lids.T.astype(np.float32), strict=True):
        lid, wide = CHANNEL[f"eyeBlink{side}"], CHANNEL[f"eyeWide{side}"]
        blinking[:, lid] += closure * (1 - blinking[:, lid])
        blinking[:, wide] *= 1 - closure
    return blinking


def _free_times_s(
    times_s: Float[np.ndarray, "frames"], arousal: Float[np.ndarray, "frames"], factor: float, rng: np.random.Generator
) -> Float[np.ndarray, "blinks"]:
    """Blinks without occasion: a log-normal renewal process of rate 1 in time that runs at the blink rate."""
    rate_hz = np.minimum(RATE_PER_MIN * factor * (1 + AROUSAL_GAIN * arousal), MAX_RATE_PER_MIN) / 60
    elapsed = np.concatenate([[0.0], np.cumsum(rate_hz[:-1] * np.diff(times_s))])
    count = int(MAX_RATE_PER_MIN / 60 * (times_s[-1] + 60)) + 8
    intervals = np.exp(INTERVAL_SIGMA * rng.standard_normal(count))
    due = np.cumsum(intervals) - rng.random() * intervals[0]
    due = due[due < elapsed[-1]]
    return np.interp(due, elapsed, times_s)


def _spaced(sorted_s: Float[np.ndarray, "n"]) -> Float[np.ndarray, "m"]:
    """Leave out what follows its predecessor within the refractory time."""
    kept: list[float] = []
    for moment in sorted_s:
        if not kept or moment - kept[-1] >= REFRACTORY_S:
            kept.append(float(moment))
    return np.array(kept)


def _shapes(start_s: float, rng: np.random.Generator) -> list[Blink]:
    """One blink, or two in quick succession; always draws the same amount of numbers."""
    kind, depth, *speeds, lag = rng.random(6)
    durations = [
        low + u * (high - low) for u, (low, high) in zip(speeds, (CLOSING_S, CLOSED_S, OPENING_S), strict=True)
    ]
    blink = Blink(
        start_s, PARTIAL_DEPTH if depth < PARTIAL else 1.0, *durations, right_lag_s=SIDE_LAG_S * (2 * lag - 1)
    )
    if kind >= DOUBLE:
        return [blink]
    return [blink, Blink(start_s + DOUBLE_GAP_S, PARTIAL_DEPTH, *durations, right_lag_s=blink.right_lag_s)]

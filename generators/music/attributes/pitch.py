"""Attributes 0 to 29: which pitches there are, and how one follows the other."""

import numpy as np
from jaxtyping import Float, Int
from numba import njit

from espressivo.generators.music.attributes.events import Events, histogram, sample_sd, upper_median

_ARPEGGIO = (0, 3, 4, 7, 10, 11, 12, 15, 16)
_VARIETY_ONSETS = 16


def pitch_attributes(events: Events) -> list[float]:
    """Attributes 0 to 15."""
    pitch = events.pitch
    classes = _pitch_classes(pitch)
    rotated = np.roll(classes, -int(classes.argmax()))
    spread = sample_sd(pitch)
    means = [(int(pitch[rows].sum()) // len(rows), len(rows)) for rows in events.by_channel]
    skew = 3 * (pitch.mean() - upper_median(pitch)) / spread if len(pitch) > 2 and spread else 0.0
    return [
        *rotated[[2, 3, 4, 5, 8, 9]].tolist(),
        len(np.unique(pitch)),
        int(np.ptp(pitch)),
        (pitch <= 54).mean(),
        ((pitch > 54) & (pitch <= 72)).mean(),
        (pitch > 72).mean(),
        sum(mean * count for mean, count in means) / len(pitch),
        (pitch % 12).mean(),
        int(np.bincount(pitch).argmax()),
        spread,
        skew,
    ]


def melody_attributes(events: Events) -> list[float]:
    """Attributes 16 to 29."""
    steps = [_steps(events, rows) for rows in events.by_channel]
    intervals = np.concatenate(steps)
    shares = histogram(np.abs(intervals), 128)
    return [
        *shares[[0, 2, 4, 12, 16, 36, 43, 48]].tolist(),
        shares.max(),
        shares[list(_ARPEGGIO)].sum(),
        shares[8] + shares[9],
        sum(_embellishments(events, rows) for rows in events.by_channel) / len(events.pitch),
        _arc_length(steps),
        _variety(events),
    ]


def _pitch_classes(pitch: Int[np.ndarray, "n"]) -> Float[np.ndarray, "12"]:
    """Shares of the pitch classes, added up pitch by pitch: rounding decides which of two equal ones is the largest."""
    shares = np.bincount(pitch, minlength=128) / len(pitch)
    classes = np.zeros(12)
    for number, share in enumerate(shares):
        classes[number % 12] += share
    return classes


def _steps(events: Events, rows: Int[np.ndarray, "n"]) -> Int[np.ndarray, "m"]:
    """Intervals from the last note of one tick to the first of the next."""
    start, pitch = events.start[rows], events.pitch[rows]
    return np.diff(pitch)[np.diff(start) != 0]


def _arc_length(steps: list[Int[np.ndarray, "n"]]) -> float:
    """Steps per turn of the melody's direction."""
    moving = [np.sign(step[step != 0]) for step in steps]
    turns = sum(int((np.diff(sign) != 0).sum()) for sign in moving)
    return sum(len(sign) for sign in moving) / turns if turns else 0.0


def _embellishments(events: Events, rows: Int[np.ndarray, "n"]) -> int:
    """Notes between two onsets that each have a note of three times their length."""
    start, length = events.start[rows], (events.end - events.start)[rows]
    onsets, place = np.unique(start, return_inverse=True)
    longest = np.zeros(len(onsets), int)
    np.maximum.at(longest, place, length)
    inner = (place > 0) & (place < len(onsets) - 1)
    before, after = longest[np.maximum(place - 1, 0)], longest[np.minimum(place + 1, len(onsets) - 1)]
    return int((inner & (before >= 3 * length) & (after >= 3 * length)).sum())


def _variety(events: Events) -> float:
    """Onsets until the same pitch comes back, over those that come back within 16."""
    found = np.concatenate([_until_again(events.start[rows], events.pitch[rows]) for rows in events.by_channel])
    found = found[found > 0]
    return float(found.mean()) if len(found) else 0.0


def _until_again(start: Int[np.ndarray, "n"], pitch: Int[np.ndarray, "n"]) -> Int[np.ndarray, "n"]:
    return _search_again(np.unique(start, return_inverse=True)[1], pitch)


@njit(cache=True)
def _search_again(place: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    out = np.zeros(len(place), np.int64)
    for note in range(len(place)):
        for other in range(note + 1, len(place)):
            distance = place[other] - place[note]
            if distance > _VARIETY_ONSETS:
                break
            if distance > 0 and pitch[other] == pitch[note]:
                out[note] = distance
                break
    return out

"""Attributes 58 to 96, 98 and 99: how many notes, how long, how regular, how loud."""

from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.music.attributes.events import Events, histogram, sample_sd

_VALUES_QUARTERS = np.array([1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 3 / 2, 2, 3, 4, 6, 8, 12])
_WINDOW_QUARTERS = 8
_SLOWEST_BPM, _FASTEST_BPM = 40, 200
_PULSE_BPM = 120
_TRACE = 0.001


def rhythm_attributes(events: Events) -> list[float]:
    """Attributes 58 to 87."""
    seconds = events.length / events.ticks_per_quarter * events.quarter_s
    classes, centres = _rhythmic_values(events)
    shares = histogram(classes, 12)
    quarters = _VALUES_QUARTERS[classes]
    runs = [run for rows in events.by_channel for run in _runs(classes[rows])]
    lengths = np.array([length for _, length in runs], float)
    per_class = [lengths[[value == number for value, _ in runs]] for number in range(12)]
    spreads = np.array([sample_sd(each) for each in per_class])
    medians = np.array([np.sort(each)[len(each) // 2] if len(each) else 0.0 for each in per_class])
    off = np.abs(events.end - events.start - centres[classes]) / events.ticks_per_quarter
    return [
        len(events.start),
        len(events.start) / seconds * events.quarter_s,
        _density_variability(events),
        *shares[1:],
        shares[:2].sum(),
        shares[:3].sum(),
        shares[2:7].sum(),
        shares[6:].sum(),
        shares[9:].sum(),
        _VALUES_QUARTERS[shares.argmax()],
        shares.max(),
        sample_sd(quarters),
        _kurtosis(quarters),
        medians[10] / (medians.sum() or 1.0),
        lengths.mean(),
        sample_sd(lengths),
        *(spreads[[1, 2, 6]] / (spreads.sum() or 1.0)),
        sample_sd(off),
    ]


def pulse_attributes(events: Events) -> list[float]:
    """Attributes 88 to 93, of a histogram of beats per minute as if a quarter lasted half a second."""
    shares = _beat_histogram(events)
    strongest = int(shares.argmax())
    strong, faint = _peaks(shares, 0.3 * shares.max()), _peaks(shares, 0.01)
    faint[strongest] = 0.0
    second = int(faint.argmax()) or 1
    looseness = [_width(shares, int(place)) for place in np.flatnonzero(strong)]
    return [
        shares[72],
        int((strong > _TRACE).sum()),
        max(strongest, second) / min(strongest, second) if strongest else 0.0,
        shares.max(),
        faint.max(),
        float(np.mean(looseness)) if looseness else 0.0,
    ]


def time_attributes(events: Events) -> list[float]:
    """Attributes 94 and 95."""
    tick_s = events.quarter_s / events.ticks_per_quarter
    between = np.diff(np.unique(events.start)) - 1
    return [events.length * tick_s, sample_sd(between * tick_s)]


def highest_line_density(events: Events) -> float:
    """Attribute 96, whose name promises something else: a mean pitch over a number of notes."""
    means = [int(events.pitch[rows].sum()) // len(rows) for rows in events.by_channel]
    return max(means) / (len(events.pitch) / len(means))


def dynamics_attributes(events: Events) -> list[float]:
    """Attributes 98 and 99."""
    change = sum(int(np.abs(np.diff(events.velocity[rows])).sum()) for rows in events.by_channel)
    return [sample_sd(events.velocity), change / len(events.velocity)]


def _rhythmic_values(events: Events) -> tuple[Int[np.ndarray, "n"], Float[np.ndarray, "12"]]:
    """The class of each note's length, and the classes' centres in ticks."""
    centres = (_VALUES_QUARTERS * events.ticks_per_quarter).astype(int)
    edges = centres[:-1] + np.diff(centres) // 2
    return np.searchsorted(edges, events.end - events.start, side="right"), centres


def _runs(classes: Int[np.ndarray, "n"]) -> list[tuple[int, int]]:
    """Class and length of each stretch of equal values."""
    edges = np.concatenate([[0], np.flatnonzero(np.diff(classes)) + 1, [len(classes)]])
    return [(int(classes[begin]), int(end - begin)) for begin, end in pairwise(edges)]


def _density_variability(events: Events) -> float:
    window = _WINDOW_QUARTERS * events.ticks_per_quarter
    counts = np.bincount(events.start // window, minlength=-(-events.length // window))
    return sample_sd(counts / _WINDOW_QUARTERS)


def _kurtosis(values: Float[np.ndarray, "n"]) -> float:
    """Sample kurtosis with its last term added, not taken off: so the thresholds were made."""
    n, spread = len(values), sample_sd(values)
    if n < 4 or not spread:
        return 0.0
    fourth = (((values - values.mean()) / spread) ** 4).sum()
    return n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) * fourth + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))


def _beat_histogram(events: Events) -> Float[np.ndarray, "201"]:
    """How well the onsets agree with themselves a beat later, for each number of beats per minute."""
    train = np.zeros(events.length + 1)
    np.add.at(train, events.start, events.velocity)
    spectrum = np.fft.rfft(train, 2 * len(train))
    # Products of whole numbers: what the transform adds to them is rounding.
    agreement = np.rint(np.fft.irfft(np.abs(spectrum) ** 2)[: len(train)]) / len(train)
    per_minute = 60 * events.ticks_per_quarter * _PULSE_BPM // 60
    lags = [int(per_minute / bpm) for bpm in range(_SLOWEST_BPM - 1, _FASTEST_BPM + 1)]
    bins = np.zeros(_FASTEST_BPM + 1)
    for bpm, (longest, shortest) in enumerate(pairwise(lags), start=_SLOWEST_BPM):
        bins[bpm] = agreement[shortest:longest].sum()
    return bins / (bins.sum() or 1.0)


def _peaks(shares: Float[np.ndarray, "201"], threshold: float) -> Float[np.ndarray, "201"]:
    """Keep bins over the threshold, of two neighbours only the higher (the earlier if they are equal)."""
    kept = np.where(shares > threshold, shares, 0.0)
    for place in range(1, len(kept)):
        if kept[place] and kept[place - 1]:
            kept[place if kept[place] <= kept[place - 1] else place - 1] = 0.0
    return kept


def _width(shares: Float[np.ndarray, "201"], peak: int) -> int:
    """Bins between the last ones on either side that stay at 30 % of the peak."""
    low = high = peak
    while low > 0 and shares[low - 1] >= 0.3 * shares[peak]:
        low -= 1
    while high < len(shares) - 1 and shares[high + 1] >= 0.3 * shares[peak]:
        high += 1
    return high - low

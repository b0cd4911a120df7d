"""Measures of pitch, polyphony and rhythm as muspy 0.5.0 defines them, without building its piano roll.

muspy (H.-W. Dong et al., "MusPy: A Toolkit for Symbolic Music Generation", ISMIR 2020) is what MusER and most papers on
symbolic music report. Its numbers are kept to the last digit, its habits with them:

- `polyphony_rate` counts moments with MORE than two pitches, although its text says "multiple";
- a note that ends exactly on a beat counts as sounding in the next one (`empty_beat_rate`), and a piece that ends on a
  beat or bar line has one more beat or bar;
- drums have no pitch and are left out of everything that needs one, yet they fill beats and grooves, and the length of
  a piece reaches to its last note, drums included;
- time is counted in ticks of the file, so a slow passage weighs no more than a quick one.

Every function gives NaN where there is nothing to measure.
"""

from math import nan

import numpy as np
from jaxtyping import Float, Int

from espressivo.media.notes import Notes

_MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], bool)
_MINOR = np.array([1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0], bool)
SCALES = np.array([np.roll(scale, root) for scale in (_MAJOR, _MINOR) for root in range(12)])
"""The pitch classes of the twelve major and then the twelve natural minor scales."""


def pitch_range(notes: Notes) -> float:
    """Return the distance from the lowest to the highest pitch, in semitones."""
    pitch = notes.pitched.pitch
    return float(pitch.max() - pitch.min()) if len(pitch) else nan


def n_pitches_used(notes: Notes) -> float:
    """Return the number of different pitches."""
    pitch = notes.pitched.pitch
    return float(len(np.unique(pitch))) if len(pitch) else nan


def n_pitch_classes_used(notes: Notes) -> float:
    """Return the number of different pitch classes, 1..12."""
    pitch = notes.pitched.pitch
    return float(len(np.unique(pitch % 12))) if len(pitch) else nan


def pitch_entropy(notes: Notes) -> float:
    """Return the entropy of the pitches of all notes, in bits."""
    return _entropy(np.bincount(notes.pitched.pitch, minlength=128))


def pitch_class_entropy(notes: Notes) -> float:
    """Return the entropy of the pitch classes of all notes, in bits; log2(12) = 3.58 at most."""
    return _entropy(np.bincount(notes.pitched.pitch % 12, minlength=12))


def scale_consistency(notes: Notes) -> float:
    """Return the largest share of notes that one major or natural minor scale holds."""
    counts = np.bincount(notes.pitched.pitch % 12, minlength=12)
    return float((SCALES @ counts).max() / counts.sum()) if counts.any() else nan


def polyphony(notes: Notes) -> float:
    """Return how many pitches sound at once on average, over the time in which any does."""
    lengths, sounding = _sounding(notes.pitched)
    heard = lengths[sounding > 0].sum()
    return float(lengths @ sounding / heard) if heard else nan


def polyphony_rate(notes: Notes, threshold: int = 2) -> float:
    """Return the share of the piece, from tick 0 to its end, in which more than `threshold` pitches sound."""
    lengths, sounding = _sounding(notes.pitched)
    return float(lengths[sounding > threshold].sum() / notes.end) if notes.end else nan


def empty_beat_rate(notes: Notes) -> float:
    """Return the share of quarter notes in which nothing sounds."""
    if not notes.end:
        return nan
    first = notes.start_tick // notes.ticks_per_quarter
    last = notes.end_tick // notes.ticks_per_quarter
    change = np.zeros(notes.end // notes.ticks_per_quarter + 2, int)
    np.add.at(change, first, 1)
    np.add.at(change, last + 1, -1)
    filled = np.cumsum(change[:-1]) > 0
    # In this form 14 of 14 filled beats give exactly 0, as the peer does.
    return float(1 - filled.sum() / len(filled))


def groove_consistency(notes: Notes, bar_ticks: int | None = None) -> float:
    """Return 1 - mean Hamming distance of the onset patterns of neighbouring bars, tick by tick.

    Args:
        notes: the piece.
        bar_ticks: length of a bar; four quarters if None, whatever the metre, as the papers have it.
    """
    bar = bar_ticks or 4 * notes.ticks_per_quarter
    bars = notes.end // bar + 1
    if bars < 2:
        return nan
    onsets = np.unique(notes.start_tick)
    in_bar = np.bincount(onsets // bar, minlength=bars)
    shared = np.isin(onsets + bar, onsets).sum()
    different = in_bar[:-1].sum() + in_bar[1:].sum() - 2 * shared
    return float(1 - different / (bar * (bars - 1)))


def _entropy(counts: Int[np.ndarray, "kinds"]) -> float:
    if not counts.any():
        return nan
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def _sounding(notes: Notes) -> tuple[Float[np.ndarray, "spans"], Int[np.ndarray, "spans"]]:
    """Return spans of time in ticks, and how many different pitches sound in each."""
    starts, ends = _merged(notes)
    ticks = np.concatenate([starts, ends])
    steps = np.concatenate([np.ones(len(starts), int), -np.ones(len(ends), int)])
    order = np.argsort(ticks, kind="stable")
    return np.diff(ticks[order]).astype(float), np.cumsum(steps[order])[:-1]


def _merged(notes: Notes) -> tuple[Int[np.ndarray, "spans"], Int[np.ndarray, "spans"]]:
    """Return when each pitch begins and stops sounding: notes of one pitch that overlap are one."""
    # Pitches are laid behind each other on one axis, so that they can be merged in one pass and never meet.
    stride = notes.end + 2
    order = np.lexsort((notes.start_tick, notes.pitch))
    base = notes.pitch[order] * stride
    starts, reached = base + notes.start_tick[order], np.maximum.accumulate(base + notes.end_tick[order])
    if not len(starts):
        return starts, starts
    fresh = np.concatenate([[True], starts[1:] > reached[:-1]])
    last = np.concatenate([fresh[1:], [True]])
    return (starts - base)[fresh], (reached - base)[last]

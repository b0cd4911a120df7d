"""Measures bar by bar, as MusER reports them, and how full and how square to the grid the bars are.

Source: S. Ji and X. Yang, "MusER: Musical Element-Based Regularization for Generating Symbolic Music with Emotion",
AAAI 2024, and the metrics of its code, which reads them off its tokens: onsets on the nearest sixteenth, bars without
notes left out. There the last bar counts for range and classes but not for polyphony, unless a bar token follows it.
"""

from math import nan

import numpy as np
from jaxtyping import Float, Int

from espressivo.media.notes import Notes

_STEPS_PER_QUARTER = 4
_GRID_PER_QUARTER = 12
"""Sixteenths and triplets of eighths both lie on it."""
_ON_GRID_QUARTERS = 1 / 96
GRID_BY_CHANCE = 2 * _ON_GRID_QUARTERS * _GRID_PER_QUARTER
"""Share of onsets that lie on the grid when nothing holds them there."""


def bar_pitch_range(notes: Notes) -> float:
    """Return the mean over bars with notes of the distance from lowest to highest pitch, in semitones (BPR)."""
    return _mean([float(np.ptp(pitch)) for pitch, _ in _bars(notes)])


def bar_pitch_classes(notes: Notes) -> float:
    """Return the mean over bars with notes of the number of pitch classes (BNPC)."""
    return _mean([float(len(np.unique(pitch % 12))) for pitch, _ in _bars(notes)])


def bar_polyphony(notes: Notes, last_bar_counts: bool = True) -> float:
    """Return the mean over bars with notes of notes per sixteenth that has an onset (BPOLY).

    Args:
        notes: the piece.
        last_bar_counts: False leaves the last bar with notes out, as the peer does when no bar token follows it.
    """
    bars = _bars(notes)
    return _mean([len(step) / len(np.unique(step)) for _, step in (bars if last_bar_counts else bars[:-1])])


def notes_per_bar(notes: Notes) -> float:
    """Return the number of notes per bar of the file, from its first to its last bar, empty ones included."""
    bars = len(notes.bar_edges) - 1
    return len(notes.pitched) / bars if len(notes) else nan


def empty_bars_share(notes: Notes) -> float:
    """Return the share of bars in which nothing sounds, drums included.

    Unlike muspy's `empty_measure_rate` it follows the metre, and a note that ends on a bar line stays before it.
    """
    if not len(notes):
        return nan
    edges = notes.bar_edges
    first = np.searchsorted(edges, notes.start_tick, side="right") - 1
    last = np.maximum(np.searchsorted(edges, notes.end_tick, side="left") - 1, first)
    change = np.zeros(len(edges), int)
    np.add.at(change, first, 1)
    np.add.at(change, last + 1, -1)
    return float(1 - (np.cumsum(change)[:-1] > 0).mean())


def onset_grid_share(notes: Notes) -> float:
    """Return the share of onsets within 1/96 quarter of a twelfth of a quarter.

    1 for a score, about `GRID_BY_CHANCE` for a performance at a nominal tempo: its bars and beats are not musical ones.
    """
    if not len(notes):
        return nan
    place = notes.start_tick / notes.ticks_per_quarter * _GRID_PER_QUARTER
    return float((np.abs(place - np.round(place)) <= _ON_GRID_QUARTERS * _GRID_PER_QUARTER).mean())


def _bars(notes: Notes) -> list[tuple[Int[np.ndarray, "n"], Int[np.ndarray, "n"]]]:
    """Return pitches and sixteenths of the notes of every bar that has any, in order."""
    notes = notes.pitched
    if not len(notes):
        return []
    # The nearest sixteenth may be the next bar's first one.
    step = np.round(notes.start_tick / notes.ticks_per_quarter * _STEPS_PER_QUARTER).astype(int)
    bar = np.searchsorted(notes.bar_edges, step * notes.ticks_per_quarter / _STEPS_PER_QUARTER, side="right")
    cuts = np.flatnonzero(np.diff(bar)) + 1
    return list(zip(np.split(notes.pitch, cuts), np.split(step, cuts), strict=True))


def _mean(of_bars: list[float] | Float[np.ndarray, "bars"]) -> float:
    return float(np.mean(of_bars)) if len(of_bars) else nan

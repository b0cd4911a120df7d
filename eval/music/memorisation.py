"""How much of a piece is copied from the music that a generator was trained on.

Notes are put on sixteenths of the beat and ordered by onset and pitch. A copy is a run of notes that follow each other
in the same way as somewhere in the known music: the same pitches at the same distances in time, velocities and lengths
apart, wherever in the bar it begins. Transposed copies are counted with the same intervals instead of pitches. What is
found is the longest copy that begins at any note, exactly, with a suffix array (U. Manber and G. Myers, "Suffix arrays:
a new method for on-line string searches", SODA 1990).

A copy of a texture is one of all its voices: who takes a melody alone and sets it anew is not found. Nor is a copy at
half or double tempo in beats.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Int
from numba import njit

from espressivo.generators.music.beats import is_on_grid, on_beats, track_beats
from espressivo.media.notes import Notes

STEPS_PER_QUARTER = 4
BAR_QUARTERS = 4.0
_LONGEST_STEPS = 64
"""A pause longer than four bars is as long as any other."""
_LONGEST_RUN = 4096
"""The known music is sorted by so many notes; runs that agree in more are found up to here."""
_PITCHES = 256
_BETWEEN_PIECES = -1


class Copy(NamedTuple):
    """The longest copy in a piece."""

    bars: float
    """Of four quarters, from its first onset until something else happens."""
    notes: int
    first_note: int
    """Place in the piece's `written` notes."""
    source: str
    """The known piece it is from; "" where nothing is copied."""


@dataclass(frozen=True, eq=False)
class Written:
    """Notes on sixteenths, by onset and pitch."""

    step: Int[np.ndarray, "n"]
    end: Int[np.ndarray, "n"]
    pitch: Int[np.ndarray, "n"]

    def steps(self, transposed: bool) -> Int[np.ndarray, "n-1"]:
        """Return the way from each note to the next one as one number; its pitch counts unless `transposed`."""
        apart = np.minimum(np.diff(self.step), _LONGEST_STEPS)
        way = apart * 2 * _PITCHES + np.diff(self.pitch) + _PITCHES
        return way if transposed else way * _PITCHES + self.pitch[:-1]


def written(notes: Notes) -> Written:
    """Put a piece on sixteenths; the beats of a performance that was not played to a click are found first.

    A pitch that begins twice at one sixteenth counts once.
    """
    notes = notes.pitched
    if len(notes) and not is_on_grid(notes):
        notes = on_beats(notes, track_beats(notes))
    scale = STEPS_PER_QUARTER / notes.ticks_per_quarter
    # Halves up: then music that begins elsewhere on the grid is rounded alike.
    step, end = (np.floor(tick * scale + 0.5).astype(int) for tick in (notes.start_tick, notes.end_tick))
    order = np.lexsort((-end, notes.pitch, step))
    step, end, pitch = step[order], end[order], notes.pitch[order].astype(int)
    fresh = np.append(True, (np.diff(step) != 0) | (np.diff(pitch) != 0))[: len(step)]
    return Written(step[fresh], np.maximum(end, step + 1)[fresh], pitch[fresh])


class KnownMusic:
    """The music that may have been copied, sorted so that any run of notes in it is found at once."""

    def __init__(self, pieces: Iterable[tuple[str, Notes]], transposed: bool = False) -> None:
        """Sort the music.

        Args:
            pieces: names and music.
            transposed: whether a copy at another pitch is one.
        """
        self._transposed = transposed
        ways: list[np.ndarray] = []
        names: list[str] = []
        for name, notes in pieces:
            names.append(name)
            ways += [written(notes).steps(transposed), np.array([_BETWEEN_PIECES])]
        self._names = tuple(names)
        self._text = np.concatenate(ways).astype(np.int64) if ways else np.zeros(0, np.int64)
        self._begins = np.flatnonzero(np.append(_BETWEEN_PIECES, self._text) == _BETWEEN_PIECES)
        self._suffixes = _suffix_array(self._text)

    def longest_copy(self, piece: Written, fewest_notes: int = 2) -> Copy:
        """Return the longest copy in a piece, in time, among those of so many notes.

        Few long notes in a row are the same in much music: two chords can last two bars.
        """
        ways = piece.steps(self._transposed)
        if not len(ways) or not len(self._text):
            return Copy(0.0, 0, 0, "")
        lengths, places = _longest_runs(self._text, self._suffixes, ways.astype(np.int64))
        first = np.arange(len(ways))
        last = first + lengths
        ends = np.array([piece.end[begin : end + 1].max() for begin, end in zip(first, last, strict=True)])
        # A chord that is copied in part ends the copy where it begins.
        until = np.minimum(np.append(piece.step[1:], ends[-1])[last], ends)
        bars = np.where(
            lengths >= max(1, fewest_notes - 1), (until - piece.step[first]) / (STEPS_PER_QUARTER * BAR_QUARTERS), 0.0
        )
        best = int(np.argmax(bars))
        if not bars[best]:
            return Copy(0.0, 0, 0, "")
        source = int(np.searchsorted(self._begins, places[best], side="right")) - 1
        return Copy(float(bars[best]), int(lengths[best]) + 1, best, self._names[source])


def _suffix_array(text: Int[np.ndarray, "n"]) -> Int[np.ndarray, "n"]:
    """Return the places of the text in the order of what follows there, by doubling the length that is compared."""
    rank = np.unique(text, return_inverse=True)[1].astype(np.int64)
    order = np.argsort(rank, kind="stable")
    length, n = 1, len(text)
    while n and length < _LONGEST_RUN and rank[order[-1]] < n - 1:
        follower = np.zeros(n, np.int64)
        follower[:-length] = rank[length:] + 1
        both = rank * (n + 1) + follower
        order = np.argsort(both, kind="stable")
        fresh = np.append(False, np.diff(both[order]) != 0)
        rank = np.empty(n, np.int64)
        rank[order] = np.cumsum(fresh)
        length *= 2
    return order


@njit(cache=True)
def _longest_runs(text: np.ndarray, suffixes: np.ndarray, piece: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each place of the piece the length of the longest run that the text has too, and where the text has it."""
    lengths = np.zeros(len(piece), np.int64)
    places = np.zeros(len(piece), np.int64)
    for begin in range(len(piece)):
        low, high = 0, len(suffixes)
        while low < high:
            middle = (low + high) // 2
            same = _common(text, suffixes[middle], piece, begin)
            at, own = suffixes[middle] + same, begin + same
            # What ends first comes first.
            if own < len(piece) and (at >= len(text) or text[at] < piece[own]):
                low = middle + 1
            else:
                high = middle
        for neighbour in range(max(low - 1, 0), min(low + 1, len(suffixes))):
            same = _common(text, suffixes[neighbour], piece, begin)
            if same > lengths[begin]:
                lengths[begin], places[begin] = same, suffixes[neighbour]
    return lengths, places


@njit(cache=True)
def _common(text: np.ndarray, at: int, piece: np.ndarray, begin: int) -> int:
    same = 0
    while at + same < len(text) and begin + same < len(piece) and text[at + same] == piece[begin + same]:
        same += 1
    return same

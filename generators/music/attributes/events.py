"""A piece as the attributes look at it: note events in the order of the file, and stretches without change."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from numba import njit

from espressivo.media.notes import Notes


@dataclass(frozen=True, eq=False)
class Events:
    """Pitched notes, as columns in the order of their onsets; of one tick, in the order in which the file has them."""

    start: Int[np.ndarray, "n"]
    """Ticks."""
    end: Int[np.ndarray, "n"]
    """Where the first note-off of that pitch and channel follows; ticks."""
    pitch: Int[np.ndarray, "n"]
    velocity: Int[np.ndarray, "n"]
    channel: Int[np.ndarray, "n"]
    """Number of the track; each is an instrument of its own."""
    ticks_per_quarter: int
    quarter_s: float
    """Average length of a quarter note."""
    length: int
    """Ticks to the end of the piece, with what comes after its last note."""

    @classmethod
    def of(cls, notes: Notes) -> "Events":
        """Read the pitched notes of a piece."""
        pitched = notes.pitched
        order = np.lexsort((pitched.file_order, pitched.start_tick))
        start, pitch, channel = (column[order] for column in (pitched.start_tick, pitched.pitch, pitched.track))
        length = notes.end if notes.last_tick is None else notes.last_tick
        seconds = float(notes.seconds_at(np.array([length]))[0])
        return cls(
            start=start,
            end=_first_off_after(start, pitched.end_tick[order], 128 * channel + pitch),
            pitch=pitch,
            velocity=pitched.velocity[order],
            channel=channel,
            ticks_per_quarter=pitched.ticks_per_quarter,
            quarter_s=pitched.ticks_per_quarter * seconds / length if length else 0.5,
            length=length,
        )

    @cached_property
    def by_channel(self) -> list[Int[np.ndarray, "m"]]:
        """Rows of each channel."""
        return [np.flatnonzero(self.channel == channel) for channel in np.unique(self.channel)]

    @cached_property
    def stretches(self) -> "Stretches":
        """The piece cut where a note begins or ends."""
        edges = np.unique(np.concatenate([self.start, self.end]))
        lengths, offsets, rows = _sounding(edges, self.start, self.end)
        return Stretches(lengths, offsets, rows)


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches of time with the same notes, silent ones left out."""

    ticks: Int[np.ndarray, "m"]
    """Length of each."""
    offsets: Int[np.ndarray, "m+1"]
    """Where the rows of each begin in `rows`."""
    rows: Int[np.ndarray, "k"]
    """Numbers of the notes that sound, in the order of `Events`."""


def histogram(values: Int[np.ndarray, "n"], bins: int) -> Float[np.ndarray, "bins"]:
    """Shares of the values; nothing but 0 where there are none."""
    counts = np.bincount(values, minlength=bins)[:bins].astype(float)
    return counts / counts.sum() if counts.sum() else counts


def sample_sd(values: Float[np.ndarray, "n"]) -> float:
    """Standard deviation over n - 1; 0 for fewer than two."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def upper_median(values: np.ndarray) -> float:
    """The middle one, the upper of two; 0 where there are none."""
    return float(np.sort(values)[len(values) // 2]) if len(values) else 0.0


@njit(cache=True)
def _first_off_after(start: np.ndarray, end: np.ndarray, voice: np.ndarray) -> np.ndarray:
    """For each note the earliest end of a note of that voice after its start."""
    out = end.copy()
    for note in range(len(start)):
        for other in range(len(start)):
            if voice[other] == voice[note] and start[note] < end[other] < out[note]:
                out[note] = end[other]
    return out


@njit(cache=True)
def _sounding(edges: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Walk over the edges with the notes that sound; notes come sorted by their start."""
    active = [0 for _ in range(0)]
    rows = [0 for _ in range(0)]
    offsets = [0]
    ticks = [0 for _ in range(0)]
    coming = 0
    for number in range(len(edges) - 1):
        at = edges[number]
        active = [row for row in active if end[row] > at]
        while coming < len(start) and start[coming] <= at:
            if end[coming] > at:
                active.append(coming)
            coming += 1
        if active:
            rows.extend(active)
            offsets.append(len(rows))
            ticks.append(edges[number + 1] - at)
    return np.array(ticks, np.int64), np.array(offsets, np.int64), np.array(rows, np.int64)

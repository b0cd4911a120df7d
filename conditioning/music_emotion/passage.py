"""A stretch of a piece, ready to be described: the notes that begin in it, and what sounds at each moment of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from espressivo.media.notes import Notes

FRAME_S = 0.05
"""Two notes that sound together for less are not heard as together."""
_TOGETHER_S = 0.04
_SHORTEST_S = 0.02


@dataclass(frozen=True, eq=False)
class Passage:
    """Notes that begin within a stretch of time; no drums. Arrays are in the order of onsets."""

    seconds: float
    start_s: Float[np.ndarray, "notes"]
    """From the beginning of the passage."""
    length_s: Float[np.ndarray, "notes"]
    """Of the whole note, also where it sounds beyond the passage."""
    pitch: Float[np.ndarray, "notes"]
    velocity: Float[np.ndarray, "notes"]
    """In [0, 1]."""
    sounding: Float[np.ndarray, "frames 128"]
    """Velocity of every key in frames of `FRAME_S`, 0 where it is silent; notes from before the passage included."""

    @cached_property
    def onset(self) -> Int[np.ndarray, "notes"]:
        """Number of the onset at which each note begins: hands do not strike a chord at one instant."""
        return np.cumsum(np.diff(self.start_s, prepend=self.start_s[:1]) > _TOGETHER_S)

    @cached_property
    def onset_s(self) -> Float[np.ndarray, "onsets"]:
        """When each onset begins."""
        return self.start_s[np.flatnonzero(np.diff(self.onset, prepend=-1))]

    def per_onset(self, values: Float[np.ndarray, "notes"], pick: np.ufunc) -> Float[np.ndarray, "onsets"]:
        """Reduce a column to one number for each onset: `np.maximum` of pitches gives the top line."""
        return pick.reduceat(values, np.flatnonzero(np.diff(self.onset, prepend=-1)))


def cut(notes: Notes, start_s: float, end_s: float) -> Passage:
    """Take the passage of a piece from `start_s` to `end_s` (seconds of the piece)."""
    notes = notes.pitched
    begins, ends = notes.start_s, np.maximum(notes.end_s, notes.start_s + _SHORTEST_S)
    inside = np.flatnonzero((begins >= start_s) & (begins < end_s))
    heard = np.flatnonzero((begins < end_s) & (ends > start_s))
    return Passage(
        seconds=end_s - start_s,
        start_s=begins[inside] - start_s,
        length_s=(ends - begins)[inside],
        pitch=notes.pitch[inside].astype(float),
        velocity=notes.velocity[inside] / 127.0,
        sounding=_sounding(begins[heard] - start_s, ends[heard] - start_s, notes, heard, end_s - start_s),
    )


def _sounding(
    begin_s: Float[np.ndarray, "n"], end_s: Float[np.ndarray, "n"], notes: Notes, rows: np.ndarray, seconds: float
) -> Float[np.ndarray, "frames 128"]:
    frames = max(round(seconds / FRAME_S), 1)
    keys = np.zeros((frames, 128), np.float32)
    first = np.clip(np.round(begin_s / FRAME_S), 0, frames - 1).astype(int)
    last = np.clip(np.round(end_s / FRAME_S), first + 1, frames).astype(int)
    for begin, end, pitch, velocity in zip(first, last, notes.pitch[rows], notes.velocity[rows], strict=True):
        keys[begin:end, pitch] = velocity / 127.0
    return keys

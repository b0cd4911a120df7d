"""Segments of four beats on sixteenths, and what Music FaderNets measures of each (Tan and Herremans 2020, section 3).

Rhythm per sixteenth: rest, onset (a pitch sounds that did not sound before) or hold. Note density: how many pitches
sound. The key as the paper has it, a strength for each of the 24 keys; here how well the pitch
classes correlate with its scale and tonic triad.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.music.faders.events import HIGHEST, LOWEST, STEPS, Grid
from espressivo.generators.music.keys import Key, Mode
from espressivo.media.notes import Notes

REST, ONSET, HOLD = 0, 1, 2
MOST_SOUNDING = 15
KEYS = 24
_BEATS, _STEPS_PER_BEAT = 4, 4
_LOUDNESS_STEP = 8
_WEAKEST, _STRONGEST = 0.1, 3
"""Keys that correlate less, or are not among the best so many, count as 0."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """What the faders are about, sixteenth by sixteenth."""

    rhythm: Int[np.ndarray, "steps"]
    """`REST`, `ONSET` or `HOLD`."""
    notes: Int[np.ndarray, "steps"]
    """Pitches that sound, 0..15."""

    @property
    def rhythm_density(self) -> float:
        """Share of sixteenths in which something begins, 0..1."""
        return float((self.rhythm == ONSET).mean())

    @property
    def note_density(self) -> float:
        """Mean number of pitches that sound."""
        return float(self.notes.mean())


def on_sixteenths(notes: Notes) -> Grid:
    """Put pitched notes on sixteenths of the file's beats, counted from tick 0, within the pitches of a piano.

    Notes that begin together are as loud as their mean. A pitch that is struck again ends a sixteenth earlier, so that
    it is heard again; if it has no sixteenth to spare, it goes on instead.
    """
    pitched = notes.pitched
    ticks = pitched.ticks_per_quarter / _STEPS_PER_BEAT
    begin = np.rint(pitched.start_tick / ticks).astype(np.int64)
    end = np.maximum(begin + 1, np.rint(pitched.end_tick / ticks).astype(np.int64))
    pitch = pitched.pitch.astype(np.int64)
    pitch = np.where(pitch < LOWEST, pitch + 12 * -(-(LOWEST - pitch) // 12), pitch)
    pitch = np.where(pitch > HIGHEST, pitch - 12 * -(-(pitch - HIGHEST) // 12), pitch)
    _, together = np.unique(begin, return_inverse=True)
    loud = np.bincount(together, pitched.velocity) / np.maximum(1, np.bincount(together))
    level = np.clip(loud.astype(int) // _LOUDNESS_STEP * _LOUDNESS_STEP + _LOUDNESS_STEP // 2, 1, 127)
    velocity = level[together] if len(together) else np.zeros(0, np.int64)
    return _struck_apart(np.stack([begin, end, pitch, velocity], axis=1))


def windows(grid: Grid) -> Iterator[Grid]:
    """Cut notes into segments; a note that crosses an edge ends there, and goes on as a new note after it."""
    for first in range(0, int(grid[:, 1].max(initial=0)), STEPS):
        inside = grid[(grid[:, 0] < first + STEPS) & (grid[:, 1] > first)].copy()
        inside[:, :2] = np.clip(inside[:, :2] - first, 0, STEPS)
        yield inside


def tracks_of(grid: Grid) -> Tracks:
    """Measure a segment."""
    roll = np.zeros((STEPS + 1, 128), bool)
    for begin, end, pitch, _ in grid.tolist():
        roll[begin + 1 : end + 1, pitch] = True
    new = (roll[1:] & ~roll[:-1]).any(axis=1)
    sounding = roll[1:].sum(axis=1)
    rhythm = np.where(sounding == 0, REST, np.where(new, ONSET, HOLD))
    return Tracks(rhythm, np.minimum(sounding, MOST_SOUNDING))


def chroma_of(grid: Grid) -> Float[np.ndarray, "12"]:
    """Return how long each pitch class sounds, as shares; zeros if none does."""
    weights = np.bincount(grid[:, 2] % 12, weights=grid[:, 1] - grid[:, 0], minlength=12)
    return weights / max(1e-9, weights.sum())


def key_strengths(chroma: Float[np.ndarray, "12"]) -> Float[np.ndarray, "24"]:
    """Return the strengths of C to B major, then of C to B minor: the three best keys, all others 0."""
    if np.ptp(chroma) < 1e-9:
        return np.zeros(KEYS)
    found = np.corrcoef(chroma, _PROFILES)[0, 1:]
    found[(found < _WEAKEST) | (found < np.sort(found)[-_STRONGEST])] = 0.0
    return found


def strengths_of(key: Key) -> Float[np.ndarray, "24"]:
    """Return the strengths of a key that is known; modes count as the nearer of major and minor."""
    minor = key.mode in ("minor", "dorian", "phrygian")
    return np.eye(KEYS)[key.tonic + 12 * minor]


_MODES: tuple[Mode, ...] = ("major", "minor")


def _profile(key: Key) -> Float[np.ndarray, "12"]:
    return np.array([(c in key.scale) + (c in key.tonic_chord) + 0.5 * (c == key.tonic) for c in range(12)], float)


_PROFILES = np.array([_profile(Key(tonic, mode)) for mode in _MODES for tonic in range(12)])


def _struck_apart(grid: Grid) -> Grid:
    rows: list[list[int]] = []
    last: dict[int, list[int]] = {}
    for row in grid[np.lexsort((-grid[:, 1], grid[:, 2], grid[:, 0]))].tolist():
        before = last.get(row[2])
        if before is not None and before[1] >= row[0]:
            if row[0] - 1 > before[0]:
                before[1] = row[0] - 1
            else:
                before[1] = max(before[1], row[1])
                continue
        rows.append(row)
        last[row[2]] = row
    return np.array(sorted(rows), dtype=np.int64).reshape(-1, 4)

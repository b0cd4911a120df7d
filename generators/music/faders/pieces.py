"""Pieces as rows of segments, with the beats they stand on; a user's file, or a plan of harmony for new music."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from espressivo.errors import InputError
from espressivo.generators.music.beats import is_on_grid, on_beats, track_beats
from espressivo.generators.music.faders.events import HIGHEST, LOWEST, STEPS, Grid
from espressivo.generators.music.faders.segments import (
    Tracks,
    chroma_of,
    key_strengths,
    on_sixteenths,
    strengths_of,
    tracks_of,
    windows,
)
from espressivo.generators.music.keys import SCALES, Key, key_of
from espressivo.media.notes import Notes, read_notes

_STEPS_PER_QUARTER = 4
_MOST_SEGMENTS = 2000
_HEARD_HERE, _HEARD_IN_SEGMENT = 2.5, 1.0
_TUNE = 2.0
_PITCH_CLASS, _RAREST = 1.5, 0.01
_USUAL_RANGE, _BEYOND = (38, 84), 0.4
"""Pitches of new music, and what each semitone outside takes from a logit; of a source, its own range."""
_IN_CHORD, _IN_SCALE = 1.0, 0.08
_PROGRESSIONS = {
    "major": ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 0, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 4), (0, 6, 5, 4)),
}
"""Degrees of the chords of four bars."""
_CADENCE = (4, 0)


@dataclass(frozen=True, eq=False)
class Source:
    """A piece of a user's, or a plan, in segments of four beats."""

    grids: tuple[Grid, ...]
    """Notes of each segment; none in a plan."""
    chroma: Float[np.ndarray, "segments 12"]
    """Pitch classes to use."""
    key: Key
    strengths: Float[np.ndarray, "24"]
    """Of the keys."""
    notes: Notes
    """The file: its ticks, tempi and metres, and its drums."""

    @property
    def begins_s(self) -> Float[np.ndarray, "segments"]:
        """When each segment begins, in seconds."""
        return self.notes.seconds_at(np.arange(len(self.chroma)) * _STEPS * self.notes.ticks_per_quarter)

    @property
    def tracks(self) -> list[Tracks]:
        """Rhythm and number of notes of each segment."""
        return [tracks_of(grid) for grid in self.grids]

    def leaning(self) -> Float[np.ndarray, "segments 16 pitches"]:
        """Return how much likelier pitches are for what the source plays: its pitch classes, and the notes themselves.

        A pitch that sounds in the source at the same sixteenth is likelier by e^2.5, by e^2 more if it is the highest
        one, one that sounds elsewhere in the segment by e, each pitch class by its share to the power of 1.5; pitches
        outside the range of the segment are rarer the farther they lie.
        """
        pitch = np.arange(LOWEST, HIGHEST + 1)
        by_class = _PITCH_CLASS * np.log(self.chroma + _RAREST)[:, pitch % 12]
        leaning = np.repeat(by_class[:, None], STEPS, axis=1)
        if not self.grids:
            leaning -= _beyond(pitch, *_USUAL_RANGE)
        for number, grid in enumerate(self.grids):
            if not len(grid):
                continue
            leaning[number] -= _beyond(pitch, int(grid[:, 2].min()), int(grid[:, 2].max()))
            leaning[number][:, grid[:, 2] - LOWEST] += _HEARD_IN_SEGMENT
            here = np.zeros((STEPS, len(pitch)), bool)
            for begin, end, each, _ in grid.tolist():
                here[begin:end, each - LOWEST] = True
            leaning[number] += _HEARD_HERE * here
            highest = np.where(here, pitch, 0).max(axis=1, keepdims=True)
            leaning[number] += _TUNE * (here & (pitch == highest))
        return leaning

    def moved_to(self, key: Key) -> "Source":
        """Return the piece in another key: moved the shortest way, its mode's degrees changed to the other's."""
        shift = (key.tonic - self.key.tonic + 6) % 12 - 6
        degrees = _degrees(self.key, key)
        grids = [grid.copy() for grid in self.grids]
        for grid in grids:
            pitch = grid[:, 2] + shift + degrees[(grid[:, 2] - self.key.tonic) % 12]
            grid[:, 2] = np.where(pitch < LOWEST, pitch + 12, np.where(pitch > HIGHEST, pitch - 12, pitch))
        chroma = np.stack([chroma_of(grid) for grid in grids])
        return replace(self, grids=tuple(grids), chroma=chroma, key=key, strengths=strengths_of(key))


_STEPS = STEPS // _STEPS_PER_QUARTER
"""Quarter notes of a segment."""


def read_source(path: Path) -> Source:
    """Read a MIDI file: all its pitched notes as one piano, on beats that are found if the file has none.

    Raises:
        InputError: the file cannot be read, holds drums alone, or is too long.
    """
    notes = read_notes(path)
    if not len(notes.pitched):
        raise InputError(f"{path} holds drums alone, which have no faders; give a piece with pitches.")
    if not is_on_grid(notes.pitched):
        notes = on_beats(notes, track_beats(notes.pitched))
    grid = on_sixteenths(notes)
    grids = tuple(windows(grid))
    if len(grids) > _MOST_SEGMENTS:
        raise InputError(f"{path} is {len(grids) * 4} beats long; faders move pieces of up to {_MOST_SEGMENTS * 4}.")
    chroma = np.stack([chroma_of(each) for each in grids])
    return Source(grids, chroma, key_of(notes), key_strengths(chroma_of(grid)), notes)


def plan_of(bars: int, key: Key, ticks: Notes, random: np.random.Generator) -> Source:
    """Return a plan for new music: a progression of chords, drawn, that ends on a cadence."""
    minor = 3 in SCALES[key.mode]
    choices = _PROGRESSIONS["minor" if minor else "major"]
    degrees = list(choices[int(random.integers(len(choices)))]) * -(-bars // 4)
    degrees = degrees[:bars]
    degrees[-2:] = _CADENCE[-min(2, bars) :]
    chroma = np.stack([_chord(key, degree) for degree in degrees])
    return Source((), chroma, key, strengths_of(key), ticks)


def joined(grids: list[Grid], source: Source) -> Notes:
    """Return segments as one piano on the source's beats, its drums beside them as they were."""
    beat = source.notes.ticks_per_quarter
    whole = np.concatenate(
        [grid + np.array([number * STEPS, number * STEPS, 0, 0]) for number, grid in enumerate(grids)]
    )
    ticks = np.rint(whole[:, :2] * beat / _STEPS_PER_QUARTER).astype(np.int64)
    drums = source.notes.where(source.notes.is_drum)
    _, kits = np.unique(drums.track, return_inverse=True)
    columns = {
        "pitch": (whole[:, 2], drums.pitch),
        "velocity": (whole[:, 3], drums.velocity),
        "start_tick": (ticks[:, 0], drums.start_tick),
        "end_tick": (ticks[:, 1], drums.end_tick),
        "track": (np.zeros(len(whole), np.int64), 1 + kits),
        "is_drum": (np.zeros(len(whole), bool), drums.is_drum),
    }
    values = {name: np.concatenate(both) for name, both in columns.items()}
    order = np.lexsort((values["pitch"], values["start_tick"]))
    own = {name: column[order] for name, column in values.items()}
    return replace(source.notes, **own, place_in_file=None, last_tick=None)


def _beyond(pitch: Int[np.ndarray, "pitches"], lowest: int, highest: int) -> Float[np.ndarray, "pitches"]:
    return _BEYOND * (np.maximum(0, lowest - pitch) + np.maximum(0, pitch - highest))


def _chord(key: Key, degree: int) -> Float[np.ndarray, "12"]:
    """Shares of pitch classes over the triad on a degree of a key; the dominant of a minor key is major."""
    natural = [step for step in SCALES[key.mode] if not (key.mode == "minor" and step == 11)]
    triad = [natural[(degree + third) % 7] for third in (0, 2, 4)]
    if key.mode == "minor" and degree == 4:
        triad[1] = 11
    chroma = np.zeros(12)
    chroma[[(key.tonic + step) % 12 for step in natural]] = _IN_SCALE
    chroma[[(key.tonic + step) % 12 for step in triad]] = _IN_CHORD
    return chroma / chroma.sum()


def _degrees(own: Key, other: Key) -> np.ndarray:
    """Return by how much each step above the tonic moves for the third, sixth and seventh to be those of a mode."""
    moves = np.zeros(12, int)
    was_minor, becomes_minor = 3 in SCALES[own.mode], 3 in SCALES[other.mode]
    if was_minor and not becomes_minor:
        moves[[3, 8, 10]] = 1
    elif becomes_minor and not was_minor:
        moves[[4, 9]] = -1
    return moves

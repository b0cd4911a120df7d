"""Chords of beats by templates: which of 12 roots and 11 qualities the sounding notes agree with best."""

import numpy as np
from jaxtyping import Float, Int

ROOTS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
QUALITIES: dict[str, tuple[int, ...]] = {
    "M": (0, 4, 7),
    "m": (0, 3, 7),
    "o": (0, 3, 6),
    "+": (0, 4, 8),
    "7": (0, 4, 7, 10),
    "M7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "o7": (0, 3, 6, 9),
    "/o7": (0, 3, 6, 10),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
}
"""Name of a quality -> semitones above the root."""
NO_CHORD = "N_N"
_BASS = 0.5
"""What agreement gains if the lowest note is the root."""
_CLEAR = 0.9
"""Agreement that a chord needs: 1 is all of its notes and no others, equally long."""


def chord_of(pitch: Int[np.ndarray, "n"], weight: Float[np.ndarray, "n"]) -> str:
    """Return the chord of notes as "root_quality", or `NO_CHORD` where none is clear.

    Args:
        pitch: MIDI numbers of what sounds.
        weight: how long each note sounds.
    """
    sounding = weight > 0
    if len(np.unique(pitch[sounding] % 12)) < 3:
        return NO_CHORD
    # Roots, so that one long note does not outweigh the rest of its chord.
    share = np.sqrt(np.bincount(pitch % 12, weights=weight, minlength=12))
    share /= np.linalg.norm(share)
    bass = np.arange(12) == pitch[sounding].min() % 12
    agreement = _TEMPLATES @ share
    agreement[agreement < _CLEAR] = 0.0
    if not agreement.any():
        return NO_CHORD
    # Some chords share all their notes (C+ and E+, Dsus4 and Gsus2): then the bass tells the root.
    return _NAMES[int((agreement + _BASS * agreement * np.repeat(bass, len(QUALITIES))).argmax())]


def chords_of(
    pitch: Int[np.ndarray, "n"], start: Int[np.ndarray, "n"], end: Int[np.ndarray, "n"], beats: int, beat: int
) -> list[str]:
    """Return the chord of each of `beats` beats that are `beat` ticks long; times are in ticks."""
    found = []
    for number in range(beats):
        overlap = np.minimum(end, (number + 1) * beat) - np.maximum(start, number * beat)
        here = overlap > 0
        found.append(chord_of(pitch[here], overlap[here].astype(float)))
    return found


def _template(root: int, intervals: tuple[int, ...]) -> Float[np.ndarray, "12"]:
    notes = np.zeros(12)
    notes[[(root + interval) % 12 for interval in intervals]] = 1.0
    return notes / np.linalg.norm(notes)


_NAMES = [f"{root}_{quality}" for root in ROOTS for quality in QUALITIES]
_TEMPLATES = np.array([_template(root, intervals) for root in range(12) for intervals in QUALITIES.values()])

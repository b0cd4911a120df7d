"""Keys: their scales and chords, and which one a piece is in."""

import re
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError
from espressivo.media.notes import Notes

Mode = Literal["major", "minor", "dorian", "phrygian", "lydian", "mixolydian"]
SCALES: dict[Mode, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    # With the raised seventh of its dominant.
    "minor": (0, 2, 3, 5, 7, 8, 10, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
"""Semitones above the tonic."""
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_NAME = re.compile(r"([A-Ga-g])([#♯b♭]?)[ _-]?(?:(maj(?:or)?|min(?:or)?|m|dorian|phrygian|lydian|mixolydian))?")
_MODES: dict[str, Mode] = {"": "major", "maj": "major", "m": "minor", "min": "minor"}
# Weights of the scale's degrees: C. Krumhansl, "Cognitive Foundations of Musical Pitch", 1990, chapter 2.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass(frozen=True)
class Key:
    """A tonic and a mode."""

    tonic: int
    """Pitch class, C = 0."""
    mode: Mode = "major"

    @classmethod
    def of(cls, name: str) -> Self:
        """Read a name such as `C`, `F# minor`, `Bbm` or `D dorian`.

        Raises:
            InputError: it names no key.
        """
        found = _NAME.fullmatch(name.strip())
        if not found:
            raise InputError(f"{name[:40]!r} is no key; write it like C, F# minor or D dorian.")
        letter, accidental, mode = (part or "" for part in found.groups())
        tonic = (_LETTERS[letter.upper()] + _ACCIDENTALS[accidental]) % 12
        return cls(tonic, next(name for name in SCALES if name == _MODES.get(mode, mode)))

    @property
    def scale(self) -> frozenset[int]:
        """Pitch classes of the key."""
        return frozenset((self.tonic + step) % 12 for step in SCALES[self.mode])

    @property
    def tonic_chord(self) -> frozenset[int]:
        """Pitch classes of the triad on the tonic."""
        third = 4 if 4 in SCALES[self.mode] else 3
        return frozenset((self.tonic + step) % 12 for step in (0, third, 7))


def prominence(key: Key) -> Float[np.ndarray, "12"]:
    """Return how much more or less than the average each pitch class, C first, fits a major or minor key (log ratio).

    Raises:
        KeyError: the key has another mode.
    """
    degrees = np.array(dict(_PROFILES)[key.mode])
    return np.roll(np.log(degrees / degrees.mean()), key.tonic)


def key_of(notes: Notes) -> Key:
    """Return the major or minor key that fits best: correlation of degrees, weighted by how long they sound.

    C major if nothing sounds.
    """
    pitched = notes.pitched
    lengths = (pitched.end_tick - pitched.start_tick).clip(min=1)
    return key_of_weights(np.bincount(pitched.pitch % 12, weights=lengths, minlength=12))


def key_of_weights(weights: Float[np.ndarray, "12"]) -> Key:
    """Return the key of pitch classes that sound so long; C major if all sound alike."""
    if np.ptp(weights) < 1e-9:
        return Key(0)
    profiles = [(Key(tonic, mode), np.roll(degrees, tonic)) for mode, degrees in _PROFILES for tonic in range(12)]
    return max(profiles, key=lambda each: np.corrcoef(weights, each[1])[0, 1])[0]


def majorness_of_weights(weights: Float[np.ndarray, "12"]) -> float:
    """Return by how much the best major key fits better than the best minor one, -2..2; 0 if all sound alike."""
    if np.ptp(weights) < 1e-9:
        return 0.0
    turned = [[np.roll(degrees, tonic) for tonic in range(12)] for _, degrees in _PROFILES]
    major, minor = (np.corrcoef([weights, *profiles])[0, 1:].max() for profiles in turned)
    return float(major - minor)


_PROFILES: tuple[tuple[Mode, tuple[float, ...]], ...] = (("major", _MAJOR), ("minor", _MINOR))

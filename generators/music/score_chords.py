"""Chord symbols of a score: which there are, how they move, how musicians write them."""

import re
from dataclasses import dataclass, replace
from typing import Self

from espressivo.errors import InputError

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ROOT = r"([A-G])([#b]?)"
_CHORD = re.compile(
    rf"{_ROOT}((?:[_:]?(?:M7|m7b5|mM7|maj7|min7|maj|min|dim7|dim|aug|sus2|sus4|/o7|o7|m7|m6|m|M|\+|o|7|6|9|m9|M9))?)"
    rf"(?:/{_ROOT})?|N_N|N\.C\.|N"
)
_SIGNS = {"": "", "#": "♯", "b": "♭"}
_QUALITIES = {
    "M": "",
    "maj": "",
    "min": "m",
    "M7": "maj7",
    "M9": "maj9",
    "min7": "m7",
    "dim": "°",
    "o": "°",
    "dim7": "°7",
    "o7": "°7",
    "/o7": "ø7",
    "m7b5": "ø7",
    "aug": "+",
}
"""Where lead sheets write a quality otherwise."""


@dataclass(frozen=True)
class Chord:
    """A chord symbol, from `tick` on.

    Raises:
        InputError: the name is no chord.
    """

    tick: int
    name: str
    """Root and quality, such as `C_M7`, `F#m` or `Bb/D`; `N_N` where there is none."""

    def __post_init__(self) -> None:
        if not is_chord(self.name):
            raise InputError(f"{self.name[:40]!r} is no chord symbol; write it like C_M7, F#m, Bb/D or N_N.")

    @property
    def label(self) -> str:
        """As on a lead sheet: `Cmaj7`, `F♯m`, `B♭/D`, `N.C.`."""
        parts = _CHORD.fullmatch(self.name)
        if parts is None or parts.group(1) is None:
            return "N.C."
        letter, sign, quality, bass, bass_sign = (part or "" for part in parts.groups())
        quality = quality.lstrip("_:")
        under = f"/{bass}{_SIGNS[bass_sign]}" if bass else ""
        return letter + _SIGNS[sign] + _QUALITIES.get(quality, quality) + under

    def transposed(self, semitones: int) -> Self:
        """Return the chord with root and bass moved, spelled with sharps; no chord stays none."""
        if self.name.startswith("N"):
            return self
        return replace(self, name=re.sub(_ROOT, lambda root: _moved(root, semitones), self.name))


def is_chord(name: str) -> bool:
    """Return whether `name` is a chord symbol."""
    return _CHORD.fullmatch(name) is not None


def _moved(root: re.Match[str], semitones: int) -> str:
    accidental = {"": 0, "#": 1, "b": -1}[root.group(2)]
    return _NAMES[(_LETTERS[root.group(1)] + accidental + semitones) % 12]

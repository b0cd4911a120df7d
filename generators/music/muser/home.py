"""Pieces in C, where a model learns degrees of the scale instead of twelve keys, and hears the mode at once."""

from dataclasses import dataclass

from espressivo.generators.music.keys import Key, key_of
from espressivo.media.notes import Notes


@dataclass(frozen=True, eq=False)
class AtHome:
    """A piece in C."""

    notes: Notes
    key: Key
    """That it was in."""
    shift: int
    """Semitones that it was moved by, -6..5."""


def at_home(notes: Notes) -> AtHome:
    """Move a piece to the C that is nearest to its tonic. Notes that would leave the range of MIDI are lost."""
    key = key_of(notes)
    shift = (6 - key.tonic) % 12 - 6
    higher = notes.pitch + shift
    return AtHome(notes.where((higher >= 0) & (higher <= 127)).transposed(shift), key, shift)

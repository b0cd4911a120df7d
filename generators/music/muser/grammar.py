"""Which compound word may follow which, so that whatever is drawn can be played.

A bar is told before its positions, positions rise within it, and under each its notes stand from high to low.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from espressivo.generators.music.muser.dictionary import Dictionary, Word
from espressivo.generators.music.muser.elements import COLUMN, FIELDS

POSITIONS = 16
"""Of a bar."""
NO_NOTES_YET = 128
_GAP = 3
"""Semitones, of which one at least is of the key, whichever it is."""
FINGERS = 10
"""Notes that may begin together."""


class Place(NamedTuple):
    """Where a piece has come to."""

    position: int = POSITIONS
    """In the bar, -1 directly after the bar line; before the first bar there is no room left."""
    lowest: int = 0
    """Lowest pitch here; `NO_NOTES_YET` at a new position, 0 where there can be none."""
    notes: int = 0
    """Here."""
    told: bool = False
    """Whether tempo and chord have been told once."""


class Grammar:
    """Masks of types and elements."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._pitches, self._positions = dictionary.numbers("pitch"), dictionary.numbers("bar-beat")
        self.metrical, self.note = (dictionary.number("type", word) for word in ("Metrical", "Note"))
        self.bar = dictionary.number("bar-beat", "Bar")

    def types(self, place: Place) -> Bool[np.ndarray, "4"]:
        """Return which types may come next; there is always one."""
        allowed = np.zeros(4, bool)
        allowed[self.note] = place.lowest > self._lowest_pitch and place.notes < FINGERS
        allowed[self.metrical] = place.position == POSITIONS or place.notes > 0 or place.position < 0
        return allowed

    def element(self, name: str, place: Place, room: int = 0) -> Bool[np.ndarray, "classes"]:
        """Return which ids of an element may come next, if it belongs to the type that was drawn.

        Args:
            name: of the element.
            place: where the piece is.
            room: how many more positions have to follow in the bar, or notes below.
        """
        allowed = np.ones(len(self._dictionary.words[COLUMN[name]]), bool)
        allowed[0] = False
        if name == "bar-beat":
            allowed &= (self._positions > place.position) & (self._positions < POSITIONS - room)
            # A bar begins where the one before has something to hear.
            allowed[self.bar] = place.position >= 0
        elif name == "pitch":
            # Where there is space for it, so much that each of the notes below can be of a key.
            wide = self._lowest_pitch + _GAP * (room + 1) <= place.lowest
            floor = self._lowest_pitch + (_GAP if wide else 1) * room
            allowed &= (self._pitches < place.lowest) & (self._pitches >= floor)
        elif name in ("tempo", "chord") and not place.told:
            allowed[self._dictionary.number(name, "CONTI")] = False
        return allowed

    def after(self, place: Place, word: Int[np.ndarray, "8"]) -> Place:
        """Return where the piece is after one more word."""
        if word[COLUMN["type"]] == self.note:
            pitch = int(self._pitches[word[COLUMN["pitch"]]])
            return place._replace(lowest=pitch, notes=place.notes + 1)
        if word[COLUMN["type"]] != self.metrical:
            return place
        if self.begins_bar(word):
            return Place(-1, 0, 0, place.told)
        return Place(self.position(word), NO_NOTES_YET, 0, told=True)

    def begins_bar(self, word: Int[np.ndarray, "8"]) -> bool:
        """Return whether a word is a bar line."""
        return bool(word[COLUMN["type"]] == self.metrical and word[COLUMN["bar-beat"]] == self.bar)

    def position(self, word: Int[np.ndarray, "8"]) -> int:
        """Return the position that a word is at, -1 if it says none."""
        return int(self._positions[word[COLUMN["bar-beat"]]])

    def elements_of(self, kind: int) -> tuple[str, ...]:
        """Return the elements that a word says besides its type; whether it is a bar line is drawn first."""
        return ("pitch", "duration", "velocity") if kind == self.note else ("bar-beat", "tempo", "chord")

    def word(self, **fields: Word) -> Int[np.ndarray, "8"]:
        """Return a compound word; fields that are not named say nothing."""
        named = {name.replace("_", "-"): word for name, word in fields.items()}
        ids = [self._dictionary.number(field.name, named[field.name]) if field.name in named else 0 for field in FIELDS]
        return np.array(ids)

    @cached_property
    def _lowest_pitch(self) -> int:
        return int(self._pitches[self._pitches > 0].min())

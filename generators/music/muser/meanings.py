"""What codes mostly stood for in training, so that what a prior writes can be held to the grammar of words."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from espressivo.generators.music.muser.grammar import FINGERS, POSITIONS

END, BAR, POSITION, NOTE = range(4)
Kinds = Int[np.ndarray, "codes"]
"""Of each code of a prior: END, BAR, POSITION or NOTE."""


class CodePlace(NamedTuple):
    """Where a piece has come to, as far as codes tell."""

    last: int = END
    """Kind of the newest code."""
    positions: int = 0
    """In the bar."""
    notes: int = 0
    """At the position."""

    def after(self, kind: int) -> "CodePlace":
        """Return where the piece is after one more code."""
        if kind == NOTE:
            return CodePlace(NOTE, self.positions, self.notes + 1)
        return CodePlace(kind, self.positions + 1 if kind == POSITION else 0)

    def allowed(self, kinds: Kinds) -> Bool[np.ndarray, "codes"]:
        """Return which codes may come next: a bar line, then positions, each with notes; no end."""
        if self.last == END:
            return kinds == BAR
        if self.last == POSITION:
            return kinds == NOTE
        if self.last == BAR:
            return kinds == POSITION
        more_positions = (kinds == POSITION) & (self.positions < POSITIONS)
        return (kinds == BAR) | more_positions | ((kinds == NOTE) & (self.notes < FINGERS))


def rooms_of(kinds: Sequence[int] | Kinds) -> Int[np.ndarray, "length"]:
    """Return how many words of the same level follow each: positions in its bar, notes at its position.

    So many have to fit into the rest of the bar, or below a note, when it is drawn.
    """
    rooms = np.zeros(len(kinds), int)
    positions = notes = 0
    for number in range(len(kinds) - 1, -1, -1):
        if kinds[number] == NOTE:
            rooms[number] = notes
            notes += 1
        elif kinds[number] == POSITION:
            rooms[number] = positions
            positions, notes = positions + 1, 0
        else:
            positions = notes = 0
    return rooms

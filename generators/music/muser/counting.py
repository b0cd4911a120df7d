"""What is counted in training songs: what codes stand for, and what each quadrant's music has more of."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.music.muser.corpus import Pieces
from espressivo.generators.music.muser.dictionary import reconstructed
from espressivo.generators.music.muser.elements import COLUMN, ELEMENTS, FIELDS, TYPE
from espressivo.generators.music.muser.manners import CODES
from espressivo.generators.music.muser.meanings import BAR, END, NOTE, POSITION, Kinds
from espressivo.generators.music.muser.tokens import QUADRANTS

Codes = Int[np.ndarray, "length"]
_DOUBT = 100.0
"""Times that each quadrant is taken to have been seen with the shares of all music."""


def kinds_of(pieces: Pieces, codes: Sequence[Codes]) -> Kinds:
    """Return what codes of a prior mostly stand for; `codes` are those of every piece, without its emotion."""
    words = np.concatenate([pieces.piece(number)[1:] for number in range(len(pieces))])
    dictionary, place = reconstructed(), words[:, COLUMN["bar-beat"]]
    said = np.select(
        [
            words[:, TYPE] == dictionary.number("type", "Note"),
            place == dictionary.number("bar-beat", "Bar"),
            words[:, TYPE] == dictionary.number("type", "Metrical"),
        ],
        [NOTE, BAR, POSITION],
        END,
    )
    every = np.concatenate(codes)
    times = np.zeros((int(every.max()) + 1, 4), int)
    np.add.at(times, (every, said), 1)
    return times.argmax(axis=1)


def leans_of(pieces: Pieces, codes: Sequence[Codes]) -> dict[str, Float[np.ndarray, "4 classes"]]:
    """Return log p(value | quadrant) - log p(value) of codes and elements, over training songs.

    What says nothing (id 0) leans nowhere; nor do tempi: the octave of tracked beats is a guess.
    """
    training: list[int] = np.flatnonzero(~pieces.held_out()).tolist()
    quadrant = np.array([int(pieces.names[number][1]) for number in training])
    counted = {CODES: _counts([codes[number] for number in training], quadrant, 1 + max(map(np.max, codes)))}
    for name in set(ELEMENTS) - {"type", "tempo"}:
        ids = [pieces.piece(number)[1:, COLUMN[name]] for number in training]
        counted[name] = _counts(ids, quadrant, FIELDS[COLUMN[name]].classes)
        counted[name][:, 0] = 0
    return {name: _lean(counts) for name, counts in counted.items()}


def _counts(ids: Sequence[Codes], quadrant: Int[np.ndarray, "pieces"], classes: int) -> Float[np.ndarray, "4 classes"]:
    found = [
        np.bincount(
            np.concatenate([row for row, own in zip(ids, quadrant, strict=True) if own == each]), minlength=classes
        )
        for each in QUADRANTS
    ]
    return np.array(found, float)


def _lean(counts: Float[np.ndarray, "4 classes"]) -> Float[np.ndarray, "4 classes"]:
    usual = (counts / counts.sum(axis=1, keepdims=True)).mean(axis=0)
    likely = (counts + _DOUBT * usual) / (counts.sum(axis=1, keepdims=True) + _DOUBT)
    known = usual > 0
    lean = np.zeros_like(counts)
    lean[:, known] = np.log(likely[:, known] / usual[known])
    return np.clip(lean, -2.0, 2.0)

"""Training material of MusER: EMOPIA (CC BY-NC-SA 4.0) as compound words."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int

from espressivo.errors import InputError
from espressivo.generators.music.emogen.corpora import READERS
from espressivo.generators.music.muser.chords import ROOTS
from espressivo.generators.music.muser.dictionary import Word, reconstructed
from espressivo.generators.music.muser.elements import COLUMN
from espressivo.generators.music.muser.tokens import CompoundWords, tokenise

LONGEST = 1024
_HELD_OUT = 0.05


@dataclass(frozen=True, eq=False)
class Pieces:
    """Compound words of several clips, one after the other."""

    words: Int[np.ndarray, "n 8"]
    edges: Int[np.ndarray, "pieces+1"]
    """Where each begins in `words`."""
    names: tuple[str, ...]
    """Quadrant, song and clip, as EMOPIA names its files: Q1_song_0."""

    def __len__(self) -> int:
        return len(self.names)

    def piece(self, number: int, shift: int = 0) -> CompoundWords:
        """Return one piece, `shift` semitones higher where all its pitches stay in the dictionary."""
        words = self.words[self.edges[number] : self.edges[number + 1]].astype(np.int64)
        higher = words.copy()
        for field, moved in _moved(shift).items():
            higher[:, COLUMN[field]] = moved[words[:, COLUMN[field]]]
        return words if (higher < 0).any() else higher

    def held_out(self) -> Bool[np.ndarray, "pieces"]:
        """Return which pieces are for validation: all clips of a song go one way, by a hash."""
        songs = [name.split("_", 1)[1].rsplit("_", 1)[0] for name in self.names]
        return np.array([int(sha256(song.encode()).hexdigest(), 16) % 1000 < 1000 * _HELD_OUT for song in songs])

    def save(self, path: Path) -> None:
        """Write everything to an .npz file."""
        np.savez_compressed(path, words=self.words, edges=self.edges, names=np.array(self.names))

    @classmethod
    def load(cls, path: Path) -> "Pieces":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(stored["words"], stored["edges"], tuple(stored["names"].tolist()))


def read_pieces(folder: Path) -> Pieces:
    """Read EMOPIA from its archive in `folder`, on beats that are tracked; long clips lose their end.

    Raises:
        InputError: the archive is missing.
    """
    names, pieces = [], []
    for name, words in _written(folder):
        names.append(name)
        pieces.append(words[:LONGEST])
    edges = np.concatenate([[0], np.cumsum([len(words) for words in pieces])])
    return Pieces(np.concatenate(pieces).astype(np.int16), edges, tuple(names))


def _written(folder: Path) -> Iterator[tuple[str, CompoundWords]]:
    for name, notes in READERS["emopia"](folder):
        try:
            yield name, tokenise(notes, int(name[1]))
        except InputError:
            continue


@cache
def _moved(shift: int) -> dict[str, Int[np.ndarray, "classes"]]:
    """For pitch and chord, what each id becomes `shift` semitones higher; -1 for what the dictionary lacks."""
    dictionary = reconstructed()
    higher = {"pitch": _higher_pitch, "chord": _higher_chord}
    return {
        field: np.array(
            [dictionary.ids[COLUMN[field]].get(move(word, shift), -1) for word in dictionary.words[COLUMN[field]]]
        )
        for field, move in higher.items()
    }


def _higher_pitch(word: Word, shift: int) -> Word:
    return f"Note_Pitch_{int(word.rsplit('_', 1)[1]) + shift}" if isinstance(word, str) else word


def _higher_chord(word: Word, shift: int) -> Word:
    root, _, quality = str(word).partition("_")
    return f"{ROOTS[(ROOTS.index(root) + shift) % 12]}_{quality}" if root in ROOTS else word

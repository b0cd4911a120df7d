"""Training material of MusER: EMOPIA (CC BY-NC-SA 4.0) as compound words."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int

from espressivo.errors import InputError
from espressivo.generators.music.emogen.corpora import READERS
from espressivo.generators.music.muser.home import at_home
from espressivo.generators.music.muser.tokens import CompoundWords, tokenise

LONGEST = 1024


@dataclass(frozen=True, eq=False)
class Pieces:
    """Compound words of several clips, one after the other."""

    words: Int[np.ndarray, "n 8"]
    edges: Int[np.ndarray, "pieces+1"]
    """Where each begins in `words`."""
    names: tuple[str, ...]
    """Quadrant, song and clip, as EMOPIA names its files: Q1_song_0."""
    splits: tuple[str, ...]
    """"train" or "val", as EMOPIA splits its songs."""

    def __len__(self) -> int:
        return len(self.names)

    def piece(self, number: int) -> CompoundWords:
        """Return one piece."""
        return self.words[self.edges[number] : self.edges[number + 1]].astype(np.int64)

    def held_out(self) -> Bool[np.ndarray, "pieces"]:
        """Return which pieces are for validation; the others are for training."""
        return np.array([split == "val" for split in self.splits])

    def save(self, path: Path) -> None:
        """Write everything to an .npz file."""
        np.savez_compressed(
            path,
            words=self.words,
            edges=self.edges,
            names=np.array(self.names),
            splits=np.array(self.splits),
        )

    @classmethod
    def load(cls, path: Path) -> "Pieces":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(
                stored["words"], stored["edges"], *(tuple(stored[name].tolist()) for name in ("names", "splits"))
            )


def read_pieces(folder: Path) -> Pieces:
    """Read EMOPIA's songs for training and validation from its archive and labels in `folder`.

    Beats are tracked, keys moved to C; long clips lose their end. Songs of the test split are left out.

    Raises:
        InputError: archive or labels are missing.
    """
    splits = _splits(folder / "emopia_labels.csv")
    names, pieces = [], []
    for name, words in _written(folder, splits):
        names.append(name)
        pieces.append(words[:LONGEST])
    edges = np.concatenate([[0], np.cumsum([len(words) for words in pieces])])
    words = np.concatenate(pieces).astype(np.int16)
    return Pieces(words, edges, tuple(names), tuple(splits[name] for name in names))


def _written(folder: Path, splits: dict[str, str]) -> Iterator[tuple[str, CompoundWords]]:
    for name, notes in READERS["emopia"](folder):
        if name not in splits:
            continue
        try:
            yield name, tokenise(at_home(notes).notes, int(name[1]))
        except InputError:
            continue


def _splits(path: Path) -> dict[str, str]:
    """Return the split of each clip that is not for testing."""
    if not path.is_file():
        raise InputError(f"{path} is missing; training reads which songs are for training.")
    with path.open(encoding="utf-8", newline="") as file:
        return {row["clip_id"]: row["split"] for row in csv.DictReader(file) if row["split"] != "test"}

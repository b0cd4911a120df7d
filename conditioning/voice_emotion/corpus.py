"""Recordings to train and measure on, from folders in the form of EMO-DB, RAVDESS or read speech without labels.

A folder with `labels.csv` (columns clip, emotion, speaker or actor; where known intensity, recognised_pct and ratings
by listeners, V, A, D from -1 to 1) holds acted emotion; one with `transcripts.csv` (clip, speaker) holds read speech,
from which only is learned how voices and microphones differ. Sound lies in `flac/`.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.vocabulary import CATEGORIES, VAD
from espressivo.errors import InputError
from espressivo.media.decode import read_audio


@dataclass(frozen=True)
class Recording:
    """One clip of a corpus."""

    path: Path
    speaker: str
    category: str
    """A canonical category; empty for read speech."""
    strength: str
    """"normal", "strong", or empty where the corpus does not say."""
    recognised: float
    """Share of listeners who heard that emotion, 1 where unknown."""
    rated: VAD | None = None
    """Valence, arousal and dominance by listeners, where the corpus has them."""

    def samples(self) -> Float[np.ndarray, "samples"]:
        """Decode the sound."""
        return read_audio(self.path)


@dataclass(frozen=True)
class Corpus:
    """The recordings of one folder."""

    name: str
    recordings: tuple[Recording, ...]

    @property
    def acted(self) -> bool:
        """Whether the recordings have emotions."""
        return bool(self.recordings[0].category)

    @property
    def categories(self) -> tuple[str, ...]:
        """The emotions acted, in canonical order."""
        present = {recording.category for recording in self.recordings}
        return tuple(category for category in CATEGORIES if category in present)

    def folds(self, largest: int = 10) -> Iterator[tuple[str, ...]]:
        """Speakers to hold out together: each alone where there are at most `largest`, else pairs of neighbours."""
        speakers = sorted({recording.speaker for recording in self.recordings})
        size = 1 if len(speakers) <= largest else 2
        for start in range(0, len(speakers), size):
            yield tuple(speakers[start : start + size])


def read_corpus(folder: Path) -> Corpus:
    """Read the list of recordings of a folder.

    Raises:
        InputError: it holds neither list, or one that names no recording.
    """
    for name, reader in (("labels.csv", _acted), ("transcripts.csv", _read)):
        if (folder / name).is_file():
            with (folder / name).open(encoding="utf-8", newline="") as file:
                recordings = tuple(reader(folder, row) for row in csv.DictReader(file))
            if recordings:
                return Corpus(folder.resolve().name, recordings)
    raise InputError(f"{folder} holds no recordings; it needs labels.csv or transcripts.csv beside flac/.")


def _acted(folder: Path, row: dict[str, str]) -> Recording:
    return Recording(
        path=folder / "flac" / f"{row['clip']}.flac",
        speaker=row.get("speaker") or row.get("actor") or "",
        category=row["emotion"],
        strength=row.get("intensity") or "",
        recognised=float(row.get("recognised_pct") or 100.0) / 100.0,
        rated=(float(row["V"]), float(row["A"]), float(row["D"])) if row.get("V") else None,
    )


def _read(folder: Path, row: dict[str, str]) -> Recording:
    return Recording(folder / "flac" / f"{row['clip']}.flac", row["speaker"], "", "", 1.0)

"""Recordings whose sentence, emotion and speaker are known, from folders in the form of RAVDESS or EMO-DB.

`labels.csv` has the columns clip, emotion, speaker or actor, sentence or statement, and intensity where known; sound
lies in `flac/`. Sentences and speakers are told apart between corpora by the folder's name, whose case does not matter.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError
from espressivo.media.decode import read_audio


@dataclass(frozen=True)
class Clip:
    """One recording."""

    path: Path
    corpus: str
    sentence: str
    emotion: str
    speaker: str
    strength: str
    """"normal", "strong", or empty where the corpus does not say."""
    truncated: bool
    """Whether the sound ends before the sentence does."""

    def samples(self) -> Float[np.ndarray, "samples"]:
        """Decode the sound."""
        return read_audio(self.path)


def read_clips(folder: Path) -> tuple[Clip, ...]:
    """Read the list of a folder.

    Raises:
        InputError: there is none, or a column is missing.
    """
    corpus = folder.resolve().name.lower()
    try:
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
            clips = tuple(_clip(folder, corpus, row) for row in csv.DictReader(file))
    except (OSError, KeyError) as error:
        raise InputError(f"{folder} holds no labels.csv with clip, emotion, speaker and sentence ({error}).") from error
    if not clips:
        raise InputError(f"{folder} lists no clips; name a folder with recordings.")
    return clips


def _clip(folder: Path, corpus: str, row: dict[str, str]) -> Clip:
    return Clip(
        path=folder / "flac" / f"{row['clip']}.flac",
        corpus=corpus,
        sentence=f"{corpus}/{row['sentence'] if 'sentence' in row else row['statement']}",
        emotion=row["emotion"],
        speaker=f"{corpus}/{row['speaker'] if 'speaker' in row else row['actor']}",
        strength=row.get("intensity") or "",
        truncated=row.get("truncated") == "1",
    )

"""Speech corpora that measuring commands are run on: clips with words, phones and emotion, as far as they are known."""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from espressivo.errors import InputError

_RAVDESS_WORDS = {"01": "kids are talking by the door", "02": "dogs are sitting by the door"}


@dataclass(frozen=True)
class Clip:
    """One recording of a corpus."""

    name: str
    sound: Path
    speaker: str
    transcript: str | None
    emotion: str
    """In the command line's notation."""
    phones: tuple[tuple[str, float, float], ...]
    """(label, start_s, end_s) in the corpus's own alphabet."""


def read_realspeech(folder: Path) -> list[Clip]:
    """Read English sentences with transcripts; phones are aligned by machine (ARPABET)."""
    phones = json.loads((folder / "phones.json").read_text(encoding="utf-8"))
    return [
        Clip(
            name=row["clip"],
            sound=folder / "flac" / f"{row['clip']}.flac",
            speaker=row["speaker"],
            transcript=row["text"],
            emotion="neutral",
            phones=_phones(phones[row["clip"]]),
        )
        for row in _rows(folder / "transcripts.csv")
    ]


def read_ravdess(folder: Path) -> list[Clip]:
    """Read acted English sentences with transcripts; only clips whose phones could be aligned (ARPABET)."""
    phones = json.loads((folder / "phones_pocketsphinx.json").read_text(encoding="utf-8"))
    strength = {"normal": 0.6, "strong": 1.0}
    return [
        Clip(
            name=row["clip"],
            sound=folder / "flac" / f"{row['clip']}.flac",
            speaker=row["actor"],
            transcript=_RAVDESS_WORDS[row["clip"].split("-")[4]],
            emotion=f"{row['emotion']}:{strength[row['intensity']]}",
            phones=_phones(phones[row["clip"]]),
        )
        for row in _rows(folder / "labels.csv")
        if row["clip"] in phones
    ]


def read_emodb(folder: Path) -> list[Clip]:
    """Read acted German sentences without transcript; phones are hand-made labels."""
    phones = json.loads((folder / "phones.json").read_text(encoding="utf-8"))
    return [
        Clip(
            name=row["clip"],
            sound=folder / "flac" / f"{row['clip']}.flac",
            speaker=row["speaker"],
            transcript=None,
            emotion=f"{row['emotion']}:0.7",
            phones=_phones(phones[row["clip"]]["phones"]),
        )
        for row in _rows(folder / "labels.csv")
        if row["clip"] in phones
    ]


CORPORA: dict[str, Callable[[Path], list[Clip]]] = {
    "realspeech": read_realspeech,
    "ravdess": read_ravdess,
    "emodb": read_emodb,
}


def sample_clips(clips: list[Clip], count: int, seed: int = 0) -> list[Clip]:
    """Return `count` clips in random order, taken from all speakers in turn."""
    rng = np.random.default_rng(seed)
    by_speaker: dict[str, list[Clip]] = {}
    for index in rng.permutation(len(clips)):
        by_speaker.setdefault(clips[index].speaker, []).append(clips[index])
    turns = max(map(len, by_speaker.values()))
    ordered = [queue[turn] for turn in range(turns) for queue in by_speaker.values() if turn < len(queue)]
    return ordered[:count]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if not path.is_file():
        raise InputError(
            f"{path} is missing; give the folder of the corpus as it was published with the project's data."
        )
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _phones(rows: list[list]) -> tuple[tuple[str, float, float], ...]:
    return tuple((str(label), float(start), float(end)) for label, start, end in rows)

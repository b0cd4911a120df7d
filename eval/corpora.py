"""Corpora that measuring commands are run on: clips with what is known of them (words, sounds, emotion, jaw).

Every measuring command takes them as `--corpora realspeech DIR ravdess DIR`: names of `CORPORA`, each with its folder.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.phones_neural.corpus import DEV_SPEAKERS
from espressivo.conditioning.speech import Phone, Speech, fill_gaps
from espressivo.errors import InputError
from espressivo.eval.mouth_measures import Interval
from espressivo.generators.face.articulation.segments import visemes_of

Part = Literal["dev", "test"]

_DEV_ACTORS = frozenset(f"{actor:02d}" for actor in range(1, 9))
_RAVDESS_WORDS = {"01": "kids are talking by the door", "02": "dogs are sitting by the door"}
_RAVDESS_STRENGTH = {"normal": 0.6, "strong": 1.0}


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording of a corpus."""

    name: str
    sound: Path
    speaker: str
    part: Part
    """"dev" if constants were chosen on it, else "test"."""
    transcript: str | None = None
    emotion: str = "neutral"
    """In the command line's notation."""
    phones: tuple[Interval, ...] = ()
    """In the corpus's own alphabet; empty where it has none."""
    aligned: bool = False
    """Whether `phones` are ARPABET, put there by an aligner."""
    visemes: tuple[Interval, ...] = ()
    """Labels of the 15 Oculus visemes; empty where the corpus has none."""
    jaw: Float[np.ndarray, "frames"] | None = None
    """The real jaw opening, where it was recorded."""
    jaw_fps: float = 30.0

    def speech(self) -> Speech:
        """Read the sound, with words and phones as far as a user could bring them."""
        speech = Speech.read(self.sound, self.transcript)
        return speech.with_phones(fill_gaps(self.phones, speech.duration_s), "aligned") if self.aligned else speech


def read_realspeech(folder: Path) -> list[Clip]:
    """Read English sentences with transcripts and aligned phones (LibriSpeech, Kathleen)."""
    phones = _json(folder / "phones.json")
    return [
        Clip(
            name=row["clip"],
            sound=_flac(folder, row["clip"]),
            speaker=row["speaker"],
            part="dev" if row["speaker"] in DEV_SPEAKERS else "test",
            transcript=row["text"],
            **_aligned(phones[row["clip"]]),
        )
        for row in _rows(folder / "transcripts.csv")
    ]


def read_ravdess(folder: Path) -> list[Clip]:
    """Read acted English sentences that could be aligned with their words (RAVDESS, Livingstone & Russo 2018)."""
    phones = _json(folder / "phones_pocketsphinx.json")
    return [
        Clip(
            name=row["clip"],
            sound=_flac(folder, row["clip"]),
            speaker=row["actor"],
            part="dev" if row["actor"] in _DEV_ACTORS else "test",
            transcript=_RAVDESS_WORDS[row["clip"].split("-")[4]],
            emotion=f"{row['emotion']}:{_RAVDESS_STRENGTH[row['intensity']]}",
            **_aligned(phones[row["clip"]]),
        )
        for row in _rows(folder / "labels.csv")
        if row["clip"] in phones
    ]


def read_emodb(folder: Path) -> list[Clip]:
    """Read acted German sentences with hand-made labels, without words (EMO-DB, Burkhardt et al. 2005)."""
    labels = _json(folder / "phones.json")
    return [
        Clip(
            name=row["clip"],
            sound=_flac(folder, row["clip"]),
            speaker=row["speaker"],
            part="dev",
            emotion=f"{row['emotion']}:0.7",
            phones=_intervals(labels[row["clip"]]["phones"]),
            visemes=_intervals(labels[row["clip"]]["visemes"]),
        )
        for row in _rows(folder / "labels.csv")
        if row["clip"] in labels
    ]


def read_facegood(folder: Path) -> list[Clip]:
    """Read Mandarin with the curves of an artist-made mouth (FACEGOOD Audio2Face)."""
    jaw_column = _json(folder / "columns.json")["arkit_names"].index("jawOpen")
    clips = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as arrays:
            jaw, fps = arrays["arkit"][:, jaw_column].astype(np.float64), float(arrays["fps"])
        clips.append(Clip(path.stem, path.with_suffix(".flac"), "facegood", "dev", jaw=jaw, jaw_fps=fps))
    return clips


CORPORA: dict[str, Callable[[Path], list[Clip]]] = {
    "realspeech": read_realspeech,
    "ravdess": read_ravdess,
    "emodb": read_emodb,
    "facegood": read_facegood,
}


def read_corpora(folders: Mapping[str, Path]) -> Iterator[tuple[str, list[Clip]]]:
    """Yield the name and the clips of each corpus in `folders`.

    Raises:
        InputError: there is no such corpus, or its folder lacks a file.
    """
    for name in folders:
        if name not in CORPORA:
            raise InputError(f"'{name}' is no corpus; give some of {', '.join(CORPORA)}, each with its folder.")
    for name, folder in folders.items():
        yield name, CORPORA[name](folder)


def sample_clips(clips: list[Clip], count: int, seed: int = 0) -> list[Clip]:
    """Return `count` clips in random order, taken from all speakers in turn."""
    rng = np.random.default_rng(seed)
    by_speaker: dict[str, list[Clip]] = {}
    for index in rng.permutation(len(clips)):
        by_speaker.setdefault(clips[index].speaker, []).append(clips[index])
    turns = max(map(len, by_speaker.values()))
    ordered = [queue[turn] for turn in range(turns) for queue in by_speaker.values() if turn < len(queue)]
    return ordered[:count]


def _aligned(rows: list[list]) -> dict[str, Any]:
    """Return the fields that phones in ARPABET fill."""
    phones = _intervals(rows)
    return {"phones": phones, "aligned": True, "visemes": tuple(visemes_of([Phone(*phone) for phone in phones]))}


def _intervals(rows: list[list]) -> tuple[Interval, ...]:
    return tuple((str(label), float(start), float(end)) for label, start, end in rows)


def _flac(folder: Path, clip: str) -> Path:
    return folder / "flac" / f"{clip}.flac"


def _json(path: Path) -> Any:
    return json.loads(_present(path).read_text(encoding="utf-8"))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with _present(path).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _present(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"{path} is missing; give the folder that holds the whole corpus.")
    return path

"""The corpora that mouth curves are measured on, as lines with what is known about the mouth in them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.speech import Speech, fill_gaps
from espressivo.errors import InputError
from espressivo.eval.corpora import Clip, read_emodb, read_ravdess, read_realspeech
from espressivo.eval.mouth_measures import Interval
from espressivo.generators.face.articulation.segments import visemes_of

DEV_SPEAKERS = frozenset({"121", "3570", "61", "6930", *(f"{actor:02d}" for actor in range(1, 9))})
"""Readers of realspeech and actors of RAVDESS on whom constants were chosen; figures come from the others."""


@dataclass(frozen=True, eq=False)
class MouthClip:
    """One clip with what is known about the mouth in it."""

    name: str
    part: str
    """"dev" if constants were chosen on it, else "test"."""
    speech: Speech
    """With phones where the corpus has them in ARPABET."""
    visemes: tuple[Interval, ...] = ()
    """Labels of the 15 Oculus visemes; empty where the corpus has none."""
    jaw: Float[np.ndarray, "frames"] | None = None
    """The real jaw opening, where it was recorded."""
    jaw_fps: float = 30.0


def realspeech(folder: Path) -> Iterator[MouthClip]:
    """Read English sentences with aligned phones (LibriSpeech, Kathleen)."""
    return map(_with_phones, read_realspeech(folder))


def ravdess(folder: Path) -> Iterator[MouthClip]:
    """Read acted English with aligned phones (RAVDESS, Livingstone & Russo 2018)."""
    return map(_with_phones, read_ravdess(folder))


def emodb(folder: Path) -> Iterator[MouthClip]:
    """Read acted German with hand-made viseme labels (EMO-DB, Burkhardt et al. 2005)."""
    labels = json.loads((folder / "phones.json").read_text(encoding="utf-8"))
    for clip in read_emodb(folder):
        rows = labels[clip.name]["visemes"]
        yield MouthClip(clip.name, "dev", Speech.read(clip.sound), tuple((name, a, b) for name, a, b in rows))


def facegood(folder: Path) -> Iterator[MouthClip]:
    """Read Mandarin with the curves of an artist-made mouth (FACEGOOD Audio2Face)."""
    columns = folder / "columns.json"
    if not columns.is_file():
        raise InputError(f"{columns} is missing; give the folder with the FACEGOOD clips and their columns.json.")
    names = json.loads(columns.read_text(encoding="utf-8"))["arkit_names"]
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as arrays:
            jaw = arrays["arkit"][:, names.index("jawOpen")].astype(np.float64)
            fps = float(arrays["fps"])
        yield MouthClip(path.stem, "dev", Speech.read(path.with_suffix(".flac")), jaw=jaw, jaw_fps=fps)


MOUTH_CORPORA: dict[str, Callable[[Path], Iterator[MouthClip]]] = {
    "realspeech": realspeech,
    "ravdess": ravdess,
    "emodb": emodb,
    "facegood": facegood,
}


def _with_phones(clip: Clip) -> MouthClip:
    speech = Speech.read(clip.sound, clip.transcript)
    phones = fill_gaps(clip.phones, speech.duration_s)
    part = "dev" if clip.speaker in DEV_SPEAKERS else "test"
    return MouthClip(clip.name, part, speech.with_phones(phones, "aligned"), tuple(visemes_of(phones)))

"""Reading the training speech: recordings with timed phones, and recordings with a curve of the jaw."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from scipy.signal import resample_poly

from espressivo.conditioning.phones_neural.features import FRAME_RATE_HZ, frame_count, power_spectrum
from espressivo.conditioning.phones_neural.inventory import phone_frames
from espressivo.media.decode import read_audio

DEV_SPEAKERS = frozenset({"121", "3570", "61", "6930"})
DEV_JAW_CLIPS = frozenset({"1114_2_05"})
UNKNOWN = -1

# The aligner's labels run 10-15 ms ahead of the sound (README of the data).
_LABEL_DELAY_S = 0.01
# Pitch factors by resampling (up, down): formants move along and the random warp of the filters moves them back, which
# makes low, raised and shouted voices out of reading voices.
PITCHES = ((1, 1), (5, 6), (6, 5), (3, 2))


@dataclass(frozen=True, eq=False)
class Example:
    """One recording as power spectra with what is to be learned at every frame."""

    clip: str
    speaker: str
    power: Float[np.ndarray, "frames bins"]
    phone: Int[np.ndarray, " frames"]
    """Index of the phone, or UNKNOWN."""
    opening: Float[np.ndarray, " frames"]


def read_aligned(folder: Path, pitches: tuple[tuple[int, int], ...] = PITCHES) -> Iterator[Example]:
    """Yield every clip of a folder with `transcripts.csv`, `phones.json` and `flac/`, once for each pitch."""
    phones = json.loads((folder / "phones.json").read_text(encoding="utf-8"))
    with (folder / "transcripts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        samples = read_audio(folder / "flac" / f"{row['clip']}.flac")
        for up, down in pitches:
            # Played `up / down` times as fast: shorter and higher.
            played = resample_poly(samples, down, up).astype(np.float32) if up != down else samples
            timed = [
                (label, *((time_s + _LABEL_DELAY_S) * down / up for time_s in times_s))
                for label, *times_s in phones[row["clip"]]
            ]
            index, opening = phone_frames(timed, frame_count(len(played)), FRAME_RATE_HZ)
            yield Example(row["clip"], row["speaker"], _log_half(power_spectrum(played)), index, opening)


def read_jaws(folder: Path) -> Iterator[Example]:
    """Yield the clips of a folder of FLAC files with NPZ files of ARKit curves beside them (FACEGOOD's layout)."""
    names = json.loads((folder / "columns.json").read_text(encoding="utf-8"))["arkit_names"]
    for path in sorted(folder.glob("*.flac")):
        samples = read_audio(path)
        with np.load(path.with_suffix(".npz")) as curves:
            jaw = curves["arkit"][:, names.index("jawOpen")].astype(np.float32)
            fps = float(curves["fps"])
        frames = frame_count(len(samples))
        # The artists' wide-open vowels stand where the phone table puts AA.
        scale = 0.8 / np.percentile(jaw, 95)
        opening = np.interp(np.arange(frames) / FRAME_RATE_HZ, np.arange(len(jaw)) / fps, np.minimum(jaw * scale, 1.0))
        unknown = np.full(frames, UNKNOWN)
        yield Example(path.stem, "facegood", _log_half(power_spectrum(samples)), unknown, opening.astype(np.float32))


def _log_half(power: Float[np.ndarray, "frames bins"]) -> Float[np.ndarray, "frames bins"]:
    """Keep spectra as 16-bit logarithms: four pitches of half an hour fit in half a gigabyte."""
    return np.log(power + np.float32(1e-9)).astype(np.float16)

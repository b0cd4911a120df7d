"""How well phones are found: `python -m espressivo.eval.phone_accuracy DATA_DIR [--recogniser loop] [--every 10]`.

DATA_DIR holds `flac/CLIP.flac`, `phones.json` ({clip: [[label, start, end], ...]} or {clip: {"visemes": [[class, start,
end], ...]}}) and, for alignment, `transcripts.csv` (clip, text). Labels made by a forced aligner are not independent
of our aligner; say so beside the figures. Frames are 10 ms.
"""

import csv
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Int

from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.speech import Phone, Speech, fill_gaps
from espressivo.errors import EspressivoError, InputError
from espressivo.generators.face.visemes import DIPHTHONG_SPLIT, PHONE_TO_VISEME, VISEME

_FRAME_S = 0.01
_BILABIAL = VISEME["PP"]


@dataclass
class Score:
    """Counts of frames over clips."""

    frames: int = 0
    right: int = 0
    speech_frames: int = 0
    speech_right: int = 0
    bilabials: int = 0
    bilabials_claimed: int = 0
    bilabials_right: int = 0
    clips: int = 0
    failed: int = 0

    def add(self, found: Int[np.ndarray, "frames"], truth: Int[np.ndarray, "frames"]) -> None:
        """Count one clip."""
        equal, speech = found == truth, truth != VISEME["sil"]
        self.clips += 1
        self.frames += len(truth)
        self.right += int(equal.sum())
        self.speech_frames += int(speech.sum())
        self.speech_right += int(equal[speech].sum())
        self.bilabials += int((truth == _BILABIAL).sum())
        self.bilabials_claimed += int((found == _BILABIAL).sum())
        self.bilabials_right += int((equal & (truth == _BILABIAL)).sum())

    def figures(self) -> dict[str, float]:
        """Accuracy over all frames and over speech frames, recall and precision of closed-lip frames."""
        return {
            "clips": self.clips,
            "failed": self.failed,
            "accuracy": round(self.right / max(self.frames, 1), 3),
            "speech_accuracy": round(self.speech_right / max(self.speech_frames, 1), 3),
            "bilabial_recall": round(self.bilabials_right / max(self.bilabials, 1), 3),
            "bilabial_precision": round(self.bilabials_right / max(self.bilabials_claimed, 1), 3),
        }


def measure(
    data_dir: tyro.conf.Positional[Path],
    recogniser: str = "loop",
    every: int = 1,
    speakers: tuple[str, ...] = (),
    labels_early_s: float = 0.0,
) -> dict[str, float]:
    """15-viseme frame accuracy of a recogniser ("align", "loop", ...) on every n-th clip of a labelled folder.

    Args:
        data_dir: Folder with sound and labels.
        recogniser: Name of the recogniser.
        every: Take every n-th clip.
        speakers: Only clips whose names start with one of these and a hyphen.
        labels_early_s: Added to the times of the labels.
    """
    try:
        labels = json.loads((data_dir / "phones.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{data_dir} holds no readable phones.json; name a folder of labelled speech.") from error
    texts = {}
    if (data_dir / "transcripts.csv").is_file():
        with (data_dir / "transcripts.csv").open(encoding="utf-8", newline="") as file:
            texts = {row["clip"]: row["text"] for row in csv.DictReader(file)}
    clips = [clip for clip in sorted(labels) if not speakers or clip.partition("-")[0] in speakers]
    score = Score()
    for clip in clips[::every]:
        speech = Speech.read(data_dir / "flac" / f"{clip}.flac", texts.get(clip))
        try:
            found = recognise_phones(speech, recogniser)
        except InputError:
            score.failed += 1
            continue
        frames = round(speech.duration_s / _FRAME_S)
        truth = _truth(labels[clip], speech.duration_s, labels_early_s)
        score.add(_frames(_visemes(found.phones or ()), frames), _frames(truth, frames))
    return score.figures()


def _truth(label: list | dict, duration_s: float, early_s: float) -> list[tuple[int, float, float]]:
    if isinstance(label, dict):
        return [(VISEME[name], start_s + early_s, end_s + early_s) for name, start_s, end_s in label["visemes"]]
    return _visemes(fill_gaps([(name, a + early_s, b + early_s) for name, a, b in label], duration_s))


def _visemes(phones: tuple[Phone, ...]) -> list[tuple[int, float, float]]:
    """Viseme spans of phones: diphthongs are split, a breath (HH) takes the viseme of the next phone."""
    spans = []
    for index, phone in enumerate(phones):
        source = phones[min(index + 1, len(phones) - 1)] if phone.label == "HH" else phone
        first, *second = PHONE_TO_VISEME.get(source.label) or ("sil",)
        if phone.label == "HH":
            second = []
        middle_s = phone.start_s + (DIPHTHONG_SPLIT if second else 1.0) * (phone.end_s - phone.start_s)
        spans.append((VISEME[first], phone.start_s, middle_s))
        spans += [(VISEME[name], middle_s, phone.end_s) for name in second]
    return spans


def _frames(spans: list[tuple[int, float, float]], frames: int) -> Int[np.ndarray, "frames"]:
    classes = np.full(frames, VISEME["sil"])
    for viseme, start_s, end_s in spans:
        classes[max(0, round(start_s / _FRAME_S)) : max(0, round(end_s / _FRAME_S))] = viseme
    return classes


if __name__ == "__main__":
    warnings.simplefilter("ignore", UserWarning)
    try:
        print(json.dumps(tyro.cli(measure, prog="espressivo.eval.phone_accuracy"), indent=2))
    except EspressivoError as error:
        raise SystemExit(str(error)) from error

"""How well the judges do on real, labelled faces, and the temperatures that make them honest.

    python -m espressivo.eval.emotion.ceiling --fer2013 FILE --fold 0 --out eval/emotion/ceilings.json
    python -m espressivo.eval.emotion.ceiling --fer2013 FILE --fold 0 --out FILE --fit

FILE holds the de-duplicated train split of FER2013 (faces of 48 x 48 grey pixels in JPEG mosaics, labels, ten
stratified folds). `--fit` fits the temperatures on the other folds and keeps them in the weights' `config.json`.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from jaxtyping import Bool, Float, Int, UInt8
from PIL import Image

from espressivo.conditioning.face_emotion.judges import FACEAPI, MINI_XCEPTION, calibrated, load_judges, read_config
from espressivo.errors import InputError
from espressivo.eval.emotion.accuracy import JUDGE, JUDGED
from espressivo.eval.emotion.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
)
from espressivo.eval.results import Ceiling
from espressivo.eval.statistics.agreement import cohen_kappa, macro_f1
from espressivo.weights.manifest import FOLDER

_MEASURED = Path(__file__).with_name("ceilings.json")
_REPORTED = Path(__file__).with_name("reported_accuracies.json")
_CANONICAL = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprise": "surprise",
    "neutral": "neutral",
}
_TILE = 48
_RESAMPLES = 10_000
_SEEN = (
    "mini-Xception was trained on the FER2013 train split, which these faces are from: its figure, and with it the "
    "ensemble's, is higher than on faces it has not seen"
)
_NOTES = {
    FACEAPI: "its authors do not say what face-api's network was trained on",
    MINI_XCEPTION: _SEEN,
    JUDGE: _SEEN,
}
_DATA = "FER2013 train split without duplicates"


@dataclass(frozen=True, eq=False)
class LabelledFaces:
    """Faces and what they show."""

    images: UInt8[np.ndarray, "n 48 48"]
    truth: Int[np.ndarray, "n"]
    """Places in `JUDGED`."""
    folds: Int[np.ndarray, "n"]

    def part(self, inside: Bool[np.ndarray, "n"]) -> "LabelledFaces":
        """Return the faces that are `inside`."""
        return LabelledFaces(self.images[inside], self.truth[inside], self.folds[inside])

    def crops(self) -> list[UInt8[np.ndarray, "48 48 3"]]:
        """Return the faces as judges want them: three equal channels."""
        return [np.repeat(image[:, :, None], 3, axis=2) for image in self.images]


@dataclass(frozen=True)
class ReportedAccuracy:
    """A judge's figure on faces that are no part of this project, measured for it before it began."""

    judge: str
    data: str
    images: int
    accuracy: float
    interval: tuple[float, float] | None
    """95 %, bootstrap over images."""
    macro_f1: float | None
    recall: dict[str, float]
    """By canonical category; empty where it was not reported."""
    note: str


def main(fer2013: Path, out: Path, fold: int | None = 0, fit: bool = False) -> None:
    """Measure both judges and their mean.

    Args:
        fer2013: the .npz file of labelled faces.
        out: JSON file to write.
        fold: the part to measure on; "None" for all faces.
        fit: fit the temperatures on the other folds first, and keep them.
    """
    faces = read_fer2013(fer2013)
    inside = np.ones(len(faces.truth), bool) if fold is None else faces.folds == fold
    if not inside.any() or (fit and inside.all()):
        raise InputError(f"Fold {fold} leaves no faces to {'fit' if inside.any() else 'measure'} on; give 0 to 9.")
    judges = load_judges()
    temperatures = {judge.id: judge.temperature for judge in judges}
    if fit:
        others = faces.part(~inside)
        for judge in judges:
            temperatures[judge.id] = round(fit_temperature(judge.raw_logits(others.crops()), others.truth), 2)
            keep_temperature(judge.id, temperatures[judge.id])
    part = faces.part(inside)
    crops = part.crops()
    logits = {judge.id: judge.raw_logits(crops) for judge in judges}
    data = f"{_DATA}, {'all folds' if fold is None else f'fold {fold}'}"
    report = measure(logits, temperatures, part.truth, data)
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


@cache
def load_ceilings() -> tuple[Ceiling, ...]:
    """Return what this project measured: confusion counts of both judges and of their mean on real faces."""
    found = json.loads(_MEASURED.read_text(encoding="utf-8"))
    return tuple(
        Ceiling(row["judge"], f"{found['data']} ({row['note']})", JUDGED, np.array(row["confusion"]))
        for row in found["judges"]
    )


@cache
def load_reported_accuracies() -> tuple[ReportedAccuracy, ...]:
    """Return figures on faces that mini-Xception was not trained on, measured before this project began."""
    rows = json.loads(_REPORTED.read_text(encoding="utf-8"))
    return tuple(
        ReportedAccuracy(**row | {"interval": tuple(row["interval"]) if row["interval"] else None}) for row in rows
    )


def read_fer2013(file: Path) -> LabelledFaces:
    """Read the .npz file of labelled faces: `tiles`, `offsets`, `blob` (JPEG mosaics), `y`, `fold`, `classes`.

    Raises:
        InputError: the file cannot be read as that.
    """
    try:
        with np.load(file) as arrays:
            classes = [_CANONICAL[str(name)] for name in arrays["classes"]]
            tiles, truth, folds = int(arrays["tiles"]), arrays["y"], arrays["fold"]
            blob, ends = arrays["blob"].tobytes(), arrays["offsets"]
        mosaics = [np.asarray(Image.open(io.BytesIO(blob[start:end]))) for start, end in pairwise(ends)]
        images = np.concatenate([_tiles(mosaic, tiles) for mosaic in mosaics])[: len(truth)]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{file} cannot be read as labelled faces of FER2013 ({error}).") from error
    places = np.array([JUDGED.index(name) for name in classes])
    return LabelledFaces(images, places[truth], folds)


def measure(
    logits: Mapping[str, Float[np.ndarray, "n labels"]],
    temperatures: Mapping[str, float],
    truth: Int[np.ndarray, "n"],
    data: str,
) -> dict[str, Any]:
    """Return the figures of each judge, of the mean of all, and of how far they agree.

    Args:
        logits: uncalibrated, by id of the judge, with columns as `JUDGED`.
        temperatures: by id of the judge.
        truth: places in `JUDGED`.
        data: what the faces are.
    """
    opinions = {name: calibrated(values, temperatures[name]) for name, values in logits.items()}
    raw = {name: calibrated(values, 1.0) for name, values in logits.items()}
    rows = [_row(name, opinions[name], truth) for name in logits]
    for row, (name, values) in zip(rows, logits.items(), strict=True):
        temperature = temperatures[name]
        row |= {
            "temperature": temperature,
            "ece_uncalibrated": _rounded(expected_calibration_error(raw[name], truth)),
            "nll": _rounded(negative_log_likelihood(values, truth, temperature)),
            "nll_uncalibrated": _rounded(negative_log_likelihood(values, truth)),
        }
    rows.append(_row(JUDGE, np.mean(list(opinions.values()), axis=0), truth))
    rows[-1]["accuracy_uncalibrated"] = _rounded(
        float((np.mean(list(raw.values()), axis=0).argmax(axis=1) == truth).mean())
    )
    verdicts = [values.argmax(axis=1) for values in opinions.values()]
    same = np.all([verdict == verdicts[0] for verdict in verdicts], axis=0)
    agreement = {
        "share": _rounded(float(same.mean())),
        "kappa": _rounded(cohen_kappa(*([JUDGED[place] for place in verdict] for verdict in verdicts))),
        "accuracy_where_agreed": _rounded((verdicts[0] == truth)[same].mean()) if same.any() else None,
    }
    return {"data": data, "faces": len(truth), "labels": list(JUDGED), "judges": rows, "agreement": agreement}


def keep_temperature(judge: str, temperature: float) -> None:
    """Write the temperature of a judge that ships into its `config.json`."""
    config = read_config(judge) | {"temperature": temperature}
    (FOLDER / judge / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _row(judge: str, opinions: Float[np.ndarray, "n labels"], truth: Int[np.ndarray, "n"]) -> dict[str, Any]:
    counts = np.zeros((len(JUDGED), len(JUDGED)), int)
    np.add.at(counts, (truth, opinions.argmax(axis=1)), 1)
    accuracy = np.trace(counts) / len(truth)
    # Drawing n faces with replacement and counting hits is drawing from a binomial distribution.
    resampled = np.random.default_rng(0).binomial(len(truth), accuracy, _RESAMPLES) / len(truth)
    recall = np.diag(counts) / np.maximum(counts.sum(axis=1), 1)
    return {
        "judge": judge,
        "note": _NOTES[judge],
        "accuracy": _rounded(accuracy),
        "accuracy_interval_95": [_rounded(bound) for bound in np.percentile(resampled, (2.5, 97.5))],
        "macro_f1": _rounded(macro_f1(counts)),
        "recall": {label: _rounded(share) for label, share in zip(JUDGED, recall, strict=True)},
        "ece": _rounded(expected_calibration_error(opinions, truth)),
        "confusion": counts.tolist(),
    }


def _tiles(mosaic: UInt8[np.ndarray, "high wide"], tiles: int) -> UInt8[np.ndarray, "n 48 48"]:
    return mosaic.reshape(tiles, _TILE, tiles, _TILE).transpose(0, 2, 1, 3).reshape(-1, _TILE, _TILE)


def _rounded(number: float) -> float | None:
    """Return four decimals, or None for what is not defined on these faces."""
    return round(float(number), 4) if isfinite(number) else None


if __name__ == "__main__":
    tyro.cli(main)

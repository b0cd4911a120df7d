"""What the recogniser is worth: `python -m espressivo.conditioning.expression_swin.measure FER2013.npz DIR --out FILE`.

DIR is what `train` wrote. Fits the temperature on fold 1, keeps it in DIR/config.json, and measures on fold 0 (neither
is learned from). `--others` measures the package's networks on the same faces, each with the temperature that ships.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from espressivo.conditioning.expression_swin.data import (
    CALIBRATION_FOLD,
    HELD_OUT_FOLD,
    Faces,
    read_faces,
    standardised,
)
from espressivo.conditioning.expression_swin.network import LABELS, ExpressionSwin
from espressivo.conditioning.expression_swin.recogniser import COLUMNS, ID, load_judge, logits_of
from espressivo.conditioning.face_emotion.judges import ensemble, load_judges

_RESAMPLES = 10_000
_BINS = 15


def fitted_temperature(logits: Float[np.ndarray, "n labels"], truth: Int[np.ndarray, "n"]) -> float:
    """Return the temperature under which the truth is likeliest (Guo et al. 2017, section 4.2)."""
    rows = np.arange(len(truth))
    best = minimize_scalar(
        lambda log: -float(log_softmax(logits / np.exp(log), axis=1)[rows, truth].mean()),
        bounds=(np.log(0.1), np.log(10.0)),
        method="bounded",
    )
    return float(np.exp(best.x))


def figures_of(probabilities: Float[np.ndarray, "n 7"], truth: Int[np.ndarray, "n"]) -> dict[str, Any]:
    """Return accuracy (95 % bootstrap over faces), macro-F1, recall of each class and expected calibration error.

    Args:
        probabilities: columns as `LABELS`.
        truth: places in `LABELS`.
    """
    named = probabilities.argmax(axis=1)
    right = named == truth
    counts = np.zeros((len(LABELS), len(LABELS)), int)
    np.add.at(counts, (truth, named), 1)
    hits, asked, given = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    present = asked > 0
    return {
        "faces": len(truth),
        "accuracy": _rounded(right.mean()),
        "interval": interval(right.astype(float)),
        "macro_f1": _rounded(np.mean(2 * hits[present] / (asked + given)[present])),
        "recall": {label: _rounded(hits[row] / asked[row]) for row, label in enumerate(LABELS) if asked[row]},
        "calibration_error": _rounded(calibration_error(probabilities, truth)),
        "confusion": counts.tolist(),
    }


def calibration_error(probabilities: Float[np.ndarray, "n labels"], truth: Int[np.ndarray, "n"]) -> float:
    """Return how far confidence and accuracy lie apart: 15 equal bins of confidence, weighed by their share."""
    sureness = probabilities.max(axis=1)
    bins = np.minimum((sureness * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=(probabilities.argmax(axis=1) == truth) - sureness, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(truth))


def interval(values: Float[np.ndarray, "n"]) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the mean; the same at each call."""
    dice = np.random.default_rng(0)
    means = [values[dice.integers(0, len(values), len(values))].mean() for _ in range(_RESAMPLES)]
    low, high = np.percentile(means, (2.5, 97.5))
    return _rounded(low), _rounded(high)


def figures_against_others(
    own: Float[np.ndarray, "n 7"], others: Mapping[str, Float[np.ndarray, "n 7"]], truth: Int[np.ndarray, "n"]
) -> dict[str, Any]:
    """Return the figures of other judges, and how much more often the own one is right (paired, 95 % bootstrap)."""
    right = own.argmax(axis=1) == truth
    found = {}
    for name, opinion in others.items():
        gain = right.astype(float) - (opinion.argmax(axis=1) == truth)
        found[name] = figures_of(opinion, truth) | {"gain": _rounded(gain.mean()), "gain_interval": interval(gain)}
    return found


def opinions_of_others(faces: Faces) -> dict[str, Float[np.ndarray, "n 7"]]:
    """Return what the package's own networks and their mean say of `faces`, columns as `LABELS`.

    Raises:
        MissingDependencyError: torch is not installed.
        InputError: the weights are missing or damaged.
    """
    judge = ensemble(load_judges())
    crops = [np.repeat(face[:, :, None], 3, axis=2) for face in faces.pixels]
    return {name: values[:, np.argsort(COLUMNS)] for name, values in judge.opinions(crops).items()}


def main() -> None:
    """Read the command line, calibrate, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=Path, help="FER2013's training split as .npz")
    parser.add_argument("weights", type=Path, help="folder that `train` wrote")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--others", action="store_true", help="measure the package's networks too")
    asked = parser.parse_args()
    faces, judge = read_faces(asked.faces), load_judge(asked.weights)
    known, unseen = faces.of(CALIBRATION_FOLD), faces.of(HELD_OUT_FOLD)
    temperature = fitted_temperature(_logits(judge.network, known), known.labels)
    _keep_temperature(asked.weights / "config.json", temperature)
    logits = _logits(judge.network, unseen)
    own = np.exp(log_softmax(logits / temperature, axis=1))
    uncalibrated = calibration_error(np.exp(log_softmax(logits, axis=1)), unseen.labels)
    report = {ID: figures_of(own, unseen.labels) | {"calibration_error_before": _rounded(uncalibrated)}}
    report[ID] |= {"temperature": _rounded(temperature), "labels": LABELS}
    if asked.others:
        report |= figures_against_others(own, opinions_of_others(unseen), unseen.labels)
    asked.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _logits(network: ExpressionSwin, faces: Faces) -> Float[np.ndarray, "n 7"]:
    return logits_of(network, standardised(faces.pixels)).double().numpy()


def _keep_temperature(file: Path, temperature: float) -> None:
    config = json.loads(file.read_text(encoding="utf-8")) | {"temperature": _rounded(temperature)}
    file.write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def _rounded(value: Any) -> float:
    return round(float(value), 4)


if __name__ == "__main__":
    main()

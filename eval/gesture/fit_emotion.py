"""Fit the judge of emotion from motion: `python -m espressivo.eval.gesture.fit_emotion DATA_DIR --out DIR`.

DATA_DIR holds `bandai_dev.npz`, which is CC BY-NC 4.0: so is the judge. Each kind of act is judged by a judge that was
fitted on the others; that gives the figures, the ceilings and the temperature. Takes carry no names of performers, so
the same people surely stand on both sides: the figures are optimistic for a performer who is not known.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from espressivo.eval.gesture.corpus import LabelledTake, read_takes
from espressivo.eval.gesture.emotion import CANONICAL
from espressivo.eval.gesture.kinematics import KINEMATICS, kinematics

LABEL_OF_STYLE = {
    "normal": "neutral",
    "happy": "happiness",
    "sad": "sadness",
    "angry": "anger",
    "active": "active",
    "tired": "tired",
    "exhausted": "tired",
    "proud": "proud",
    "not-confident": "insecure",
}
"""Styles that are an emotion or near one; age, sex and roles are none."""

VAD_OF_STYLE = {
    "normal": (0.0, 0.0, 0.0),
    "happy": (0.8, 0.5, 0.4),
    "sad": (-0.7, -0.5, -0.5),
    "angry": (-0.6, 0.7, 0.6),
    "active": (0.4, 0.8, 0.4),
    "tired": (-0.3, -0.7, -0.4),
    "exhausted": (-0.3, -0.7, -0.4),
    "proud": (0.6, 0.2, 0.8),
    "not-confident": (-0.4, -0.1, -0.8),
    "youthful": (0.5, 0.5, 0.3),
    "childish": (0.5, 0.6, -0.1),
    "elderly": (-0.1, -0.6, -0.3),
    "old": (-0.1, -0.6, -0.3),
}
"""Where the styles are assumed to lie; the data say nothing of valence, arousal or dominance."""

_LABELS = (*CANONICAL, "active", "tired", "proud", "insecure")
_SHRINKAGE = 0.1
_RIDGE = 0.1
_DECIMALS = 6


def main() -> None:
    """Read the arguments, fit, and write `judge.json`."""
    parser = argparse.ArgumentParser(description="Fit the judge of emotion from motion.")
    parser.add_argument("data", type=Path, help="folder with bandai_dev.npz")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    judge = fit(read_takes(arguments.data))
    (arguments.out / "judge.json").write_text(json.dumps(judge, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(judge["figures"], indent=1))


def fit(takes: Sequence[LabelledTake]) -> dict[str, Any]:
    """Fit on `takes` and return the tables, figures and ceilings as JSON holds them."""
    numbers = np.array([kinematics(take.motion) for take in takes])
    styles = np.array([take.style for take in takes])
    datasets = np.array([take.dataset for take in takes])
    acts = np.array([f"{take.dataset} {take.content}" for take in takes])

    labelled = np.isin(styles, list(LABEL_OF_STYLE))
    classes = np.array([_LABELS.index(LABEL_OF_STYLE[style]) for style in styles[labelled]])
    weights, bias = _discriminant(numbers[labelled], classes)
    scores = _unseen_scores(numbers[labelled], classes, acts[labelled])
    temperature = _temperature(scores, classes)
    canonical = classes < len(CANONICAL)

    placed = np.isin(styles, list(VAD_OF_STYLE))
    vad = np.array([VAD_OF_STYLE[style] for style in styles[placed]])
    shares = _equal_shares(styles[placed], acts[placed])
    vad_weights, vad_bias = _ridge(numbers[placed], vad, shares)
    estimates = _unseen_vad(numbers[placed], vad, shares, acts[placed])

    return {
        "kinematics": KINEMATICS,
        "labels": _LABELS,
        "weights": _rounded(weights / temperature),
        "bias": _rounded(bias / temperature),
        "vad_weights": _rounded(vad_weights),
        "vad_bias": _rounded(vad_bias),
        "figures": {
            "takes": len(classes),
            "accuracy": _figures(scores, classes),
            "accuracy_dataset_1": _figures(scores, classes, datasets[labelled] == 1),
            "accuracy_dataset_2": _figures(scores, classes, datasets[labelled] == 2),
            "accuracy_canonical": _figures(scores[canonical][:, : len(CANONICAL)], classes[canonical]),
            "accuracy_canonical_dataset_1": _figures(
                scores[canonical][:, : len(CANONICAL)], classes[canonical], datasets[labelled][canonical] == 1
            ),
            "accuracy_seven_styles_of_dataset_2": _seven_styles(numbers, styles, acts, datasets == 2),
            "vad_r_dataset_1": _correlations(estimates, vad, datasets[placed] == 1),
            "vad_r_dataset_2": _correlations(estimates, vad, datasets[placed] == 2),
            "temperature": round(temperature, 3),
        },
        "ceilings": {
            "all": _ceiling(scores, classes, _LABELS),
            "canonical": _ceiling(scores[canonical][:, : len(CANONICAL)], classes[canonical], CANONICAL),
        },
    }


def _discriminant(
    numbers: Float[np.ndarray, "takes 12"], classes: Int[np.ndarray, "takes"]
) -> tuple[Float[np.ndarray, "labels 12"], Float[np.ndarray, "labels"]]:
    """Linear discriminant analysis: equal priors, one covariance that all classes share alike, correlations shrunk."""
    present = range(int(classes.max()) + 1)
    means = np.array([numbers[classes == label].mean(axis=0) for label in present])
    within = np.mean([np.cov(numbers[classes == label].T, bias=True) for label in present], axis=0)
    deviation = np.sqrt(np.diag(within))
    correlation = within / np.outer(deviation, deviation)
    shrunk = (1 - _SHRINKAGE) * correlation + _SHRINKAGE * np.eye(len(deviation))
    weights = np.linalg.solve(shrunk * np.outer(deviation, deviation), means.T).T
    return weights, -0.5 * (weights * means).sum(axis=1)


def _unseen_scores(
    numbers: Float[np.ndarray, "takes 12"], classes: Int[np.ndarray, "takes"], acts: np.ndarray
) -> Float[np.ndarray, "takes labels"]:
    """Return the scores of each act by a judge that was fitted on the other acts."""
    scores = np.zeros((len(numbers), int(classes.max()) + 1))
    for act in np.unique(acts):
        here = acts == act
        weights, bias = _discriminant(numbers[~here], classes[~here])
        scores[here] = numbers[here] @ weights.T + bias
    return scores


def _temperature(scores: Float[np.ndarray, "takes labels"], classes: Int[np.ndarray, "takes"]) -> float:
    """Return what to divide the scores by so that the probabilities are honest, each label counting alike."""
    shares = (1 / np.bincount(classes))[classes]
    rows = np.arange(len(classes))

    def surprise(log_temperature: float) -> float:
        return -float((shares * log_softmax(scores / np.exp(log_temperature), axis=1)[rows, classes]).sum())

    found: Any = minimize_scalar(surprise, bounds=(-2, 4), method="bounded")
    return float(np.exp(found.x))


def _equal_shares(styles: np.ndarray, acts: np.ndarray) -> Float[np.ndarray, "takes"]:
    """Return weights by which each style in each act counts alike, however many takes it has."""
    cells = list(zip(styles, acts, strict=True))
    counts = Counter(cells)
    return np.array([1 / counts[cell] for cell in cells])


def _ridge(
    numbers: Float[np.ndarray, "takes 12"], vad: Float[np.ndarray, "takes 3"], shares: Float[np.ndarray, "takes"]
) -> tuple[Float[np.ndarray, "3 12"], Float[np.ndarray, "3"]]:
    """Weighted ridge regression on standardised numbers, the standardisation folded into what is returned."""
    shares = shares / shares.sum()
    mean, vad_mean = shares @ numbers, shares @ vad
    deviation = np.sqrt(shares @ np.square(numbers - mean))
    standard = (numbers - mean) / deviation
    gram = standard.T @ (shares[:, None] * standard) + _RIDGE * np.eye(len(mean))
    weights = np.linalg.solve(gram, standard.T @ (shares[:, None] * (vad - vad_mean))).T / deviation
    return weights, vad_mean - weights @ mean


def _unseen_vad(
    numbers: Float[np.ndarray, "takes 12"],
    vad: Float[np.ndarray, "takes 3"],
    shares: Float[np.ndarray, "takes"],
    acts: np.ndarray,
) -> Float[np.ndarray, "takes 3"]:
    estimates = np.zeros_like(vad)
    for act in np.unique(acts):
        here = acts == act
        weights, bias = _ridge(numbers[~here], vad[~here], shares[~here])
        estimates[here] = numbers[here] @ weights.T + bias
    return estimates


def _figures(
    scores: Float[np.ndarray, "takes labels"],
    classes: Int[np.ndarray, "takes"],
    part: Bool[np.ndarray, "takes"] | None = None,
) -> dict[str, float]:
    """Accuracy, its mean over the labels that occur, and what guessing would give."""
    kept = slice(None) if part is None else part
    right = scores[kept].argmax(axis=1) == classes[kept]
    recalls = [float(right[classes[kept] == label].mean()) for label in np.unique(classes[kept])]
    return {
        "takes": len(right),
        "accuracy": round(float(right.mean()), 3),
        "macro_recall": round(float(np.mean(recalls)), 3),
        "chance": round(1 / scores.shape[1], 3),
    }


def _seven_styles(
    numbers: Float[np.ndarray, "takes 12"], styles: np.ndarray, acts: np.ndarray, part: Bool[np.ndarray, "takes"]
) -> dict[str, float]:
    """What the same method gives on the seven styles of dataset 2, to compare with published analyses of it."""
    _, classes = np.unique(styles[part], return_inverse=True)
    return _figures(_unseen_scores(numbers[part], classes, acts[part]), classes)


def _correlations(
    estimates: Float[np.ndarray, "takes 3"], vad: Float[np.ndarray, "takes 3"], part: Bool[np.ndarray, "takes"]
) -> dict[str, float]:
    return {
        name: round(float(np.corrcoef(estimates[part, axis], vad[part, axis])[0, 1]), 3)
        for axis, name in enumerate(("valence", "arousal", "dominance"))
    }


def _ceiling(
    scores: Float[np.ndarray, "takes labels"], classes: Int[np.ndarray, "takes"], labels: Sequence[str]
) -> dict[str, Any]:
    confusion = np.zeros((len(labels), len(labels)), int)
    np.add.at(confusion, (classes, scores.argmax(axis=1)), 1)
    data = "Bandai-Namco Research Motiondataset 1 and 2, acts that the judge was not fitted on; performers shared"
    return {"data": data, "labels": labels, "confusion": confusion.tolist()}


def _rounded(table: np.ndarray) -> list[Any]:
    return np.round(table, _DECIMALS).tolist()


if __name__ == "__main__":
    main()

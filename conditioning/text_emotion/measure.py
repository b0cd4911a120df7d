"""Measure the text recogniser.

`python -m espressivo.conditioning.text_emotion.measure EMOBANK_CSV --out JSON [--goemotions DIR]`

EmoBank: Pearson r and concordance (CCC) of valence, arousal and dominance. GoEmotions (test.tsv): accuracy and mean F1
of the canonical category against Ekman's grouping of the labels, and the calibration error of the confidence in it (ten
bins). For each source: sentence embedding and words alone.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.text_emotion.corpora import TextCorpus, read_emobank, read_goemotions
from espressivo.conditioning.text_emotion.labels import LABELS, label_weights
from espressivo.conditioning.text_emotion.model import WEIGHTS, Source, TextModel

_SEED, _RESAMPLES, _BINS = 0, 1000, 10
_EKMAN = {
    "anger": "anger annoyance disapproval",
    "disgust": "disgust",
    "fear": "fear nervousness",
    "happiness": "joy amusement approval excitement gratitude love optimism relief pride admiration desire caring",
    "sadness": "sadness disappointment embarrassment grief remorse",
    "surprise": "surprise realization confusion curiosity",
    "neutral": "neutral",
}


def main() -> None:
    """Write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("emobank", type=Path, help="CSV with columns split, V, A, D and text")
    parser.add_argument("--split", default="dev", help="dev, or test where the table has it")
    parser.add_argument("--goemotions", type=Path, help="folder with test.tsv")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rated = read_emobank(arguments.emobank, arguments.split)
    labelled = read_goemotions(arguments.goemotions / "test.tsv") if arguments.goemotions else None
    sources: tuple[Source, ...] = ("embedding", "lexicon")
    figures = {source: _measured(TextModel.load(arguments.weights, source), rated, labelled) for source in sources}
    report = json.dumps({"emobank_split": arguments.split, "sentences": len(rated), **figures}, indent=1)
    arguments.out.write_text(report + "\n", encoding="utf-8")


def rating_figures(
    ratings: Float[np.ndarray, "texts 3"], truth: Float[np.ndarray, "texts 3"]
) -> dict[str, dict[str, Any]]:
    """Pearson r with a 95 % interval (sentences drawn anew) and CCC per axis."""
    rng = np.random.default_rng(_SEED)
    draws = rng.integers(len(truth), size=(_RESAMPLES, len(truth)))
    figures: dict[str, dict[str, Any]] = {}
    for axis, heard, true in zip("VAD", ratings.T, truth.T, strict=True):
        resampled = [np.corrcoef(heard[draw], true[draw])[0, 1] for draw in draws]
        low, high = np.percentile(resampled, [2.5, 97.5])
        covariance = ((heard - heard.mean()) * (true - true.mean())).mean()
        ccc = 2 * covariance / (heard.var() + true.var() + (heard.mean() - true.mean()) ** 2)
        r = np.corrcoef(heard, true)[0, 1]
        figures[axis] = {"r": _rounded(r), "interval": [_rounded(low), _rounded(high)], "ccc": _rounded(ccc)}
    return figures


def category_figures(
    labels: Float[np.ndarray, "texts labels"], truth: Float[np.ndarray, "texts labels"]
) -> dict[str, Any]:
    """Accuracy, mean F1 and calibration error of the likeliest of Ekman's emotions and neutral.

    A comment with several labels is right with any of them; its F1 counts the one that was hit, else the first.
    """
    grouping = np.array([[label in _EKMAN[name].split() for name in _EKMAN] for label in LABELS], float)
    probabilities, shares = labels @ grouping, truth @ grouping
    chosen = probabilities.argmax(1)
    right = shares[np.arange(len(chosen)), chosen] > 0
    true = np.where(right, chosen, shares.argmax(1))
    scores = {
        name: 2 * ((chosen == k) & (true == k)).sum() / max(1, (chosen == k).sum() + (true == k).sum())
        for k, name in enumerate(_EKMAN)
    }
    confidence = probabilities.max(1)
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [abs(right[bins == k].sum() - confidence[bins == k].sum()) for k in range(_BINS)]
    return {
        "comments": len(truth),
        "accuracy": _rounded(right.mean()),
        "mean_f1": _rounded(np.mean(list(scores.values()))),
        "f1": {name: _rounded(score) for name, score in scores.items()},
        "calibration_error": _rounded(sum(gaps) / len(right)),
    }


def _measured(model: TextModel, rated: TextCorpus, labelled: TextCorpus | None) -> dict[str, Any]:
    figures: dict[str, Any] = {"emobank": rating_figures(model.read(rated.texts).ratings, rated.targets)}
    if labelled is not None:
        readings = model.read(labelled.texts)
        figures["goemotions"] = category_figures(readings.labels, labelled.targets)
        shares = labelled.targets @ label_weights()
        hit = shares[np.arange(len(shares)), readings.posterior.argmax(1)] > 0.2
        figures["goemotions"]["canonical_accuracy"] = _rounded(hit.mean())
    return figures


def _rounded(value: float | np.floating) -> float:
    return round(float(value), 3)


if __name__ == "__main__":
    main()

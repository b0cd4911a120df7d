"""Measure recognisers: `python -m espressivo.conditioning.voice_emotion.measure DATA... --out FILE [--weights NAME]`.

Without --weights, recognisers are trained without the speakers they are measured on: leave-speakers-out within each
acted corpus, and each trained corpus on every other one. With --weights, recognisers that ship are measured on the
folders given, which must hold other speakers than those they were trained on. All recalls are unweighted (UAR), `raw`
without any knowledge of the speaker, `normalised` with the speaker's own mean and spread over all of their clips
(transductive). Ratings are compared with what `priors.expected_rating` expects, not with listeners, unless labels.csv
has listeners' ratings.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from espressivo.conditioning.voice_emotion.corpus import read_corpus
from espressivo.conditioning.voice_emotion.fit import Described
from espressivo.conditioning.voice_emotion.head import Head
from espressivo.conditioning.voice_emotion.recogniser import VoiceRecogniser, load_recogniser
from espressivo.conditioning.voice_emotion.train import Material, named_folds, train, unseen
from espressivo.conditioning.voice_emotion.training_data import VARIANTS, describe_acted, mean_voices
from espressivo.errors import InputError

_BINS = 10
_BOOTSTRAPS = 1000


def main() -> None:
    """Read the arguments, measure, and write JSON."""
    parser = argparse.ArgumentParser(description="Measure recognisers of emotion in voices.")
    parser.add_argument("data", type=Path, nargs="+", help="folders with acted emotion or read speech")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", help="name of a recogniser that ships, or a folder with one")
    arguments = parser.parse_args()
    corpora = [read_corpus(folder) for folder in arguments.data]
    acted = [corpus for corpus in corpora if corpus.acted]
    variants = 0 if arguments.weights else VARIANTS
    described = {corpus.name: describe_acted(corpus, variants) for corpus in acted}
    if arguments.weights:
        folder = Path(arguments.weights)
        recogniser = VoiceRecogniser.load(folder) if folder.is_dir() else load_recogniser(arguments.weights)
        figures: dict[str, Any] = {name: figures_on(recogniser, clips) for name, clips in described.items()}
    else:
        read = [mean_voices(corpus) for corpus in corpora if not corpus.acted]
        if not read:
            raise InputError("Training needs a folder with read speech besides.")
        materials = {
            corpus.name: Material(described[corpus.name], corpus.categories, named_folds(corpus), np.concatenate(read))
            for corpus in acted
        }
        figures = {"unseen speakers": {name: unseen_figures(material) for name, material in materials.items()}}
        figures["unseen corpus"] = cross_figures(materials)
    arguments.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def unseen_figures(material: Material) -> dict[str, Any]:
    """Figures on every clip of a corpus by heads that were fitted without its speaker."""
    views = {"raw": (material, material.voices), "normalised": (material.relative(), None)}
    figures: dict[str, Any] = {}
    trained = train(material)
    heads = {"raw": trained.stranger, "normalised": trained.familiar}
    for view, (seen, voices) in views.items():
        whole = heads[view]
        log_odds = np.zeros((len(seen.acted.clean), len(seen.categories)))
        opinions = np.zeros((len(log_odds), 3))
        for held, head in unseen(seen, voices):
            log_odds[held] = head.log_odds(seen.acted.clean[held])
            opinions[held] = replace(head, temperature=whole.temperature).opinions(seen.acted.clean[held])
        posterior = softmax(log_odds / whole.temperature, axis=1)
        ratings = np.clip(opinions * whole.rating_gain + whole.rating_offset, -1.0, 1.0)
        figures[view] = _figures(posterior, ratings, seen.categories, seen.acted)
        figures[view]["temperature"] = round(float(whole.temperature), 3)
    return figures


def cross_figures(materials: dict[str, Material]) -> dict[str, Any]:
    """Figures of a recogniser trained on one corpus, on the emotions that another one has too."""
    return {
        f"{one} to {other}": figures_on(train(material), materials[other].acted)
        for one, material in materials.items()
        for other in materials
        if other != one
    }


def figures_on(recogniser: VoiceRecogniser, clips: Described) -> dict[str, Any]:
    """Figures of a recogniser on clips of speakers that it was not trained on."""
    views = {"raw": (recogniser.stranger, clips), "normalised": (recogniser.familiar, clips.relative())}
    return {view: _head_figures(head, recogniser.categories, seen) for view, (head, seen) in views.items()}


def calibration(
    posterior: Float[np.ndarray, "n categories"], right: Float[np.ndarray, "n"]
) -> tuple[float, list[tuple[int, float, float]]]:
    """Expected calibration error, and per bin of confidence: clips, mean confidence, share that is right."""
    confidence = posterior.max(axis=1)
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    rows = []
    for number in np.unique(bins):
        inside = bins == number
        rows.append((int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean())))
    error = sum(count * abs(said - was) for count, said, was in rows) / len(right)
    return float(error), [(count, round(said, 3), round(was, 3)) for count, said, was in rows]


def concordance(one: Float[np.ndarray, "n"], other: Float[np.ndarray, "n"]) -> float:
    """Concordance correlation coefficient (L. Lin, Biometrics 45(1), 1989)."""
    shared = np.mean((one - one.mean()) * (other - other.mean()))
    apart = one.var() + other.var() + (one.mean() - other.mean()) ** 2
    return float(2.0 * shared / apart) if apart > 0 else 0.0


def recall(guessed: np.ndarray, labels: np.ndarray) -> float:
    """Unweighted mean of the categories' recalls."""
    return float(np.mean([np.mean(guessed[labels == name] == name) for name in np.unique(labels)]))


def _head_figures(head: Head, categories: tuple[str, ...], clips: Described) -> dict[str, Any]:
    known = tuple(name for name in categories if (clips.category == name).any())
    clips = clips.of(np.isin(clips.category, known))
    posterior = head.posterior(clips.clean)[:, [categories.index(name) for name in known]]
    return _figures(posterior / posterior.sum(axis=1, keepdims=True), head.ratings(clips.clean), known, clips)


def _figures(
    posterior: Float[np.ndarray, "n categories"],
    ratings: Float[np.ndarray, "n 3"],
    categories: tuple[str, ...],
    clips: Described,
) -> dict[str, Any]:
    guessed = np.array(categories)[posterior.argmax(axis=1)]
    right = (guessed == clips.category).astype(float)
    generator = np.random.default_rng(0)
    draws = generator.integers(0, len(right), (_BOOTSTRAPS, len(right)))
    spread = np.percentile([recall(guessed[draw], clips.category[draw]) for draw in draws], (2.5, 97.5))
    error, rows = calibration(posterior, right)
    axes = zip("VAD", ratings.T, clips.rating.T, strict=True)
    return {
        "clips": len(right),
        "categories": categories,
        "uar": round(recall(guessed, clips.category), 3),
        "uar_95": [round(float(edge), 3) for edge in spread],
        "accuracy": round(float(right.mean()), 3),
        "recall": {name: round(float(right[clips.category == name].mean()), 3) for name in categories},
        "calibration_error": round(error, 3),
        "reliability": rows,
        "expected_ratings_ccc": {axis: round(concordance(heard, meant), 3) for axis, heard, meant in axes},
    }


if __name__ == "__main__":
    main()

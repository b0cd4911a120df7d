"""How different the same emotion is from take to take: `python -m espressivo.generators.portrait.dicetalk.measure`.

Every emotion is performed with many seeds. A take is the mean over time of what the emotion adds to the face (ARKit
weights, with it less without it). `within` is the root mean square distance of takes from their emotion's mean,
`apart` the distance to the nearest other emotion's mean, `own` the share of takes that lie nearest to their own
emotion's mean (leaving themselves out). "variants" varies the bank's sample alone, "takes" also the performer of the
face generator, as another seed of a take does.
"""

import json
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Float

from espressivo.conditioning.bank.embedding import default_embedding
from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.track import EmotionTrack
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.generators.base import Generator
from espressivo.generators.portrait.dicetalk.conditioning import Variant
from espressivo.generators.registry import load_generator

Places = dict[str, Float[np.ndarray, "seeds 52"]]

_FPS = 12.5


def main(speech: Path, motion: str = "parametric", seeds: int = 24, out: Path | None = None) -> None:
    """Measure and print.

    Args:
        speech: sound file with a line.
        motion: name of the face generator.
        seeds: how many takes of each emotion.
        out: JSON file to write.
    """
    face, line = load_generator(motion), recognise_phones(Speech.read(speech))
    report = {
        "speech": speech.name,
        "motion": motion,
        "seeds": seeds,
        "variants": _figures(_performed(face, line, seeds, vary_performer=False)),
        "takes": _figures(_performed(face, line, seeds, vary_performer=True)),
    }
    print(json.dumps(report, indent=1))
    if out is not None:
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def figures_of(places: Places) -> dict[str, dict[str, float]]:
    """Return `within`, `apart` and `own` of every emotion."""
    means = {name: rows.mean(axis=0) for name, rows in places.items()}
    figures = {}
    for name, rows in places.items():
        within = float(np.sqrt(np.square(rows - means[name]).sum(axis=1).mean()))
        others = [mean for other, mean in means.items() if other != name]
        apart = min(float(np.linalg.norm(mean - means[name])) for mean in others)
        left_out = (rows.sum(axis=0) - rows) / max(1, len(rows) - 1)
        own = np.linalg.norm(rows - left_out, axis=1)
        nearest = np.min([np.linalg.norm(rows - mean, axis=1) for mean in others], axis=0)
        figures[name] = {
            "within": round(within, 3),
            "apart": round(apart, 3),
            "own": round(float((own < nearest).mean()), 3),
        }
    return figures


def _figures(places: Places) -> dict[str, object]:
    emotions = figures_of(places)
    return {
        "largest_within": max(row["within"] for row in emotions.values()),
        "median_apart": float(np.median([row["apart"] for row in emotions.values()])),
        "within_below_apart": sum(row["within"] < row["apart"] for row in emotions.values()),
        "own": round(float(np.mean([row["own"] for row in emotions.values()])), 3),
        "emotions": emotions,
    }


def _performed(face: Generator, line: Speech, seeds: int, vary_performer: bool) -> Places:
    bank, places = default_embedding(), {}

    def weights(track: EmotionTrack, seed: int) -> Float[np.ndarray, "frames 52"]:
        return face.generate(face.Request(speech=line, emotion=track, fps=_FPS, seed=seed)).weights

    for name in CATEGORIES[1:]:
        rows = []
        for seed in range(seeds):
            performer = seed if vary_performer else 0
            track = Variant(bank, seed).track(parse_emotion(f"{name}:1"))
            rows.append((weights(track, performer) - weights(parse_emotion("neutral"), performer)).mean(axis=0))
        places[name] = np.stack(rows)
    return places


if __name__ == "__main__":
    tyro.cli(main)

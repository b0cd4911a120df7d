"""Measure a bank: `python -m espressivo.conditioning.bank.measure --speech DIR --face DIR --text CSV DIR --out FILE`.

With --music DIR the encoder of music is measured too. Whatever is said of recordings is said of speakers, faces, texts
and songs that were held out: for each of four folds a bank and its encoders are trained on the others. What is said of
the bank itself is said of the one that ships (or --bank).
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports] - the `train` extra
from jaxtyping import Float

from espressivo.conditioning.bank import measures
from espressivo.conditioning.bank.embedding import DEFAULT, EmotionEmbedding
from espressivo.conditioning.bank.encoder import BankEncoder
from espressivo.conditioning.bank.fit import STEPS, fit_bank, fit_encoder
from espressivo.conditioning.bank.tables import FOLDS, UNKNOWN, Table
from espressivo.conditioning.bank.train import add_data_arguments, read_tables
from espressivo.conditioning.bank.writing import network_of, write_bank, write_encoders
from espressivo.conditioning.music_emotion.corpora import SIGNS
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS

_MOST_ROWS = 1500
_FEWEST = 20
_OFF_AXIS = 0.1
Figures = dict[str, Any]


def main() -> None:
    """Read the arguments, measure, and write JSON."""
    parser = argparse.ArgumentParser(description="Measure a bank of emotions.")
    add_data_arguments(parser)
    parser.add_argument("--bank", default=DEFAULT, help="a bank that ships, or a folder with one")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    bank = EmotionEmbedding.load(Path(arguments.bank) if Path(arguments.bank).is_dir() else arguments.bank)
    tables = read_tables(arguments)
    folds = [held_out(tables, fold, arguments.steps) for fold in range(FOLDS)]
    figures = {
        "bank": of_bank(bank),
        "held_out": mean_figures(folds),
        "held_out_deviation": mean_figures(folds, np.std),
    }
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8", newline="\n")


def of_bank(bank: EmotionEmbedding) -> Figures:
    """What can be said without recordings."""
    return {
        "id": bank.id,
        "sha256": bank.digest,
        "round_trip": measures.round_trip(bank),
        "kinship": measures.kinship(bank),
        "shared_attention": measures.shared_rows(bank),
        "smoothness": measures.smoothness(bank),
        "natural_variation": measures.natural_variation(bank),
        "correlations": np.round(bank.correlations(), 3).tolist(),
        "categories": CATEGORIES,
    }


def held_out(tables: Mapping[str, Table], fold: int, steps: int) -> Figures:
    """Train without one fold and measure on it."""
    split = {name: table.split(fold) for name, table in tables.items()}
    own = [outside for name, (outside, _) in split.items() if name != "music"]
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        bank = write_bank(fit_bank(own, fold, steps), own, folder, "bank-fold", fold)
        encoders = {table.modality: BankEncoder.load(table.modality, bank, folder) for table in own}
        if "music" in split:
            music = fit_encoder(network_of(bank), split["music"][0], fold)
            write_encoders({"music": music}, bank, folder)
            encoders["music"] = BankEncoder.load("music", bank, folder)
    inside = {name: _thinned(part) for name, (_, part) in split.items()}
    embedded = {name: encoders[name].encode(part.features) for name, part in inside.items()}
    attention = np.vstack([bank.attend(encoders[name].query(part.features)) for name, part in inside.items()])
    figures: Figures = {
        "natural_variation": measures.natural_variation(bank),
        "kinship": measures.kinship(bank),
        "usage": measures.usage(attention),
    }
    figures |= {name: _of_modality(encoders[name], split[name][0], inside[name]) for name in inside}
    figures["retrieval"] = {
        f"{asked} -> {found}": _between(inside[asked], embedded[asked], inside[found], embedded[found])
        for asked, found in permutations(inside, 2)
    }
    return figures


def mean_figures(folds: Sequence[Figures], reduce: Callable[[Sequence[float]], Any] = np.mean) -> Figures:
    """Reduce figures of the same form over folds, number by number."""
    return {
        key: mean_figures([fold[key] for fold in folds], reduce)
        if isinstance(value, dict)
        else round(float(reduce([fold[key] for fold in folds])), 4)
        for key, value in folds[0].items()
    }


def _of_modality(encoder: BankEncoder, seen: Table, held: Table) -> Figures:
    """Decoders on held-out rows; probes on features and embedding, trained on seen rows; whose voice it is."""
    bank = encoder.bank
    embedding = encoder.encode(held.features)
    figures: Figures = {"rows": len(held)}
    named, known = held.category >= 0, seen.category >= 0
    if named.any():
        figures["category"] = measures.recall(bank.posterior_of(embedding)[named], held.category[named])
        few = _thinned(seen.where(known))
        label = few.category
        figures["probe_of_features"] = _probe(few.features, label, held.features[named], held.category[named])
        figures["probe_of_embedding"] = _probe(
            encoder.encode(few.features), label, embedding[named], held.category[named]
        )
    for axis, name in enumerate(("valence", "arousal", "dominance")):
        rated = ~np.isnan(held.vad[:, axis])
        if rated.sum() > _FEWEST:
            figures[f"r_{name}"] = float(np.corrcoef(bank.vad_of(embedding)[rated, axis], held.vad[rated, axis])[0, 1])
    judged = held.quadrant >= 0
    if judged.any():
        place = bank.vad_of(embedding)[judged, :2]
        # A quadrant is where both signs are: unweighted mean recall, as of the categories.
        found = (place[:, :1] * SIGNS[:, 0] > 0) & (place[:, 1:] * SIGNS[:, 1] > 0)
        figures["quadrant"] = measures.recall(found.astype(float), held.quadrant[judged])
    if held.modality == "speech":
        figures["speaker"] = {
            "of_features": _identity(held.features, held.group),
            "of_embedding": _identity(embedding, held.group),
            "chance": 1.0 / len(np.unique(held.group)),
        }
    return figures


def _between(
    asked: Table, query: Float[np.ndarray, "n 128"], found: Table, gallery: Float[np.ndarray, "m 128"]
) -> Figures:
    """Retrieval by category, or by quadrant of VAD where music, which has no categories, is a part."""
    by_quadrant = "music" in (asked.modality, found.modality)
    labels = [_quadrants(table) if by_quadrant else table.category for table in (asked, found)]
    (one, other), (first, second) = labels, (labels[0] >= 0, labels[1] >= 0)
    return measures.retrieval(query[first], one[first], gallery[second], other[second])


def _quadrants(table: Table) -> np.ndarray:
    """Quadrants as judged, or as the category or the ratings lie; none where these lie on an axis (neutral)."""
    place = np.where(table.category[:, None] >= 0, MEANS[table.category], table.vad)[:, :2]
    signs = np.sign(np.nan_to_num(place))
    matches = (signs[:, None] == SIGNS).all(axis=2)
    clear = matches.any(axis=1) & (np.abs(np.nan_to_num(place)).min(axis=1) > _OFF_AXIS)
    return np.where(table.quadrant >= 0, table.quadrant, np.where(clear, matches.argmax(axis=1), UNKNOWN))


def _probe(
    features: Float[np.ndarray, "n f"], label: np.ndarray, held: Float[np.ndarray, "m f"], truth: np.ndarray
) -> float:
    """Unweighted recall of a linear classifier."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, class_weight="balanced", max_iter=300))
    found = probe.fit(features, label).predict(held)
    return float(np.mean([(found[truth == one] == one).mean() for one in np.unique(truth)]))


def _identity(values: Float[np.ndarray, "n f"], who: np.ndarray) -> float:
    """How well a linear classifier tells held-out speakers apart, over five parts of their clips."""
    part = np.arange(len(who)) % 5
    return float(
        np.mean([_probe(values[part != k], who[part != k], values[part == k], who[part == k]) for k in range(5)])
    )


def _thinned(table: Table) -> Table:
    """At most `_MOST_ROWS`, drawn at random."""
    chosen = np.random.default_rng(0).permutation(len(table))[:_MOST_ROWS]
    return table.where(np.isin(np.arange(len(table)), chosen))


if __name__ == "__main__":
    main()

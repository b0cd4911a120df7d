"""How well a bank does what it is for: figures from embeddings alone, so that a test can check them on known ones."""

import numpy as np
from jaxtyping import Float, Int

from espressivo.conditioning.bank import states
from espressivo.conditioning.bank.embedding import EmotionEmbedding
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionCurves
from espressivo.conditioning.vocabulary import CATEGORIES

RELATED = (
    ("anger", "disgust"),
    ("sadness", "boredom"),
    ("calm", "boredom"),
    ("fear", "surprise"),
    ("contempt", "disgust"),
    ("neutral", "calm"),
)
"""Neighbours in VAD or in Parrott's tree."""
OPPOSITE = (
    ("happiness", "sadness"),
    ("anger", "calm"),
    ("fear", "calm"),
    ("surprise", "boredom"),
    ("happiness", "boredom"),
    ("anger", "boredom"),
)
_CLOSE = 10
_DRAWS = 200


def retrieval(
    query: Float[np.ndarray, "n 128"],
    query_label: Int[np.ndarray, "n"],
    gallery: Float[np.ndarray, "m 128"],
    gallery_label: Int[np.ndarray, "m"],
    seed: int = 0,
) -> dict[str, float]:
    """Look each query up in the gallery of another modality: how many of the nearest have its label.

    Both are reduced to the labels they share, the gallery to as many of each. Means over labels, so that `chance` is
    one over their number; `precision_10` looks at fewer where the gallery has fewer of a label. Nearness is the cosine,
    less each modality's own mean (which needs no labels).
    """
    common = np.intersect1d(query_label, gallery_label)
    rng = np.random.default_rng(seed)
    each = min(int((gallery_label == label).sum()) for label in common)
    chosen = np.concatenate([rng.permutation(np.flatnonzero(gallery_label == label))[:each] for label in common])
    asked = np.isin(query_label, common)
    nearness = _unit(query[asked]) @ _unit(gallery[chosen]).T
    order = np.argsort(-nearness, axis=1)[:, : min(_CLOSE, each)]
    hit = gallery_label[chosen][order] == query_label[asked, None]
    per_label = [hit[query_label[asked] == label] for label in common]
    return {
        "precision_1": float(np.mean([part[:, 0].mean() for part in per_label])),
        f"precision_{_CLOSE}": float(np.mean([part.mean() for part in per_label])),
        "chance": 1.0 / len(common),
        "queries": int(asked.sum()),
        "gallery": len(chosen),
    }


def recall(posterior: Float[np.ndarray, "n categories"], label: Int[np.ndarray, "n"]) -> dict[str, float]:
    """Unweighted mean recall among the categories that occur."""
    present = np.unique(label)
    found = present[posterior[:, present].argmax(axis=1)]
    return {
        "recall": float(np.mean([(found[label == one] == one).mean() for one in present])),
        "chance": 1 / len(present),
    }


def round_trip(bank: EmotionEmbedding, seed: int = 0) -> dict[str, float]:
    """Embed states and read them back."""
    figures: dict[str, float] = {}
    drawn = states.random_states(2000, np.random.default_rng(seed))
    for name, (strengths, vad) in {"categories": states.anchors(), "words": states.words(), "mixes": drawn}.items():
        embedding = bank.embed(_curves(strengths, vad))
        posterior, place = states.targets(strengths, vad)
        figures[f"{name}_vad_error"] = float(np.abs(bank.vad_of(embedding) - place).mean())
        figures[f"{name}_posterior_error"] = float(
            np.abs(bank.posterior_of(embedding) - posterior).sum(axis=1).mean() / 2
        )
        figures[f"{name}_same_largest"] = float(
            (bank.posterior_of(embedding).argmax(axis=1) == posterior.argmax(axis=1)).mean()
        )
    return figures


def kinship(bank: EmotionEmbedding) -> dict[str, float]:
    """Mean correlation of related and of opposite emotions."""
    together = bank.correlations()

    def between(pairs: tuple[tuple[str, str], ...]) -> list[float]:
        return [float(together[CATEGORIES.index(one), CATEGORIES.index(other)]) for one, other in pairs]

    return {
        "related": float(np.mean(between(RELATED))),
        "opposite": float(np.mean(between(OPPOSITE))),
        "all": float(together[~np.eye(len(together), dtype=bool)].mean()),
        "least_related": min(between(RELATED)),
        "most_opposite": max(between(OPPOSITE)),
    }


def shared_rows(bank: EmotionEmbedding) -> dict[str, float]:
    """How much of their attention related and opposite emotions have in common (1: all of it)."""
    strengths, vad = states.anchors()
    attention = bank.attention(_curves(strengths, vad))
    common = np.minimum(attention[:, None], attention).sum(axis=2)
    return {
        name: float(np.mean([common[CATEGORIES.index(one), CATEGORIES.index(other)] for one, other in pairs]))
        for name, pairs in (("related", RELATED), ("opposite", OPPOSITE))
    }


def usage(attention: Float[np.ndarray, "n rows"]) -> dict[str, float]:
    """How many rows are in use: perplexity of the mean attention, of the nearest rows, and of a single query."""
    nearest = np.bincount(attention.argmax(axis=1), minlength=attention.shape[1]) / len(attention)
    single = -(attention * np.log(attention + 1e-12)).sum(axis=1).mean()
    return {
        "rows": attention.shape[1],
        "perplexity": _perplexity(attention.mean(axis=0)),
        "perplexity_nearest": _perplexity(nearest),
        "rows_of_one_query": float(np.exp(single)),
    }


def smoothness(bank: EmotionEmbedding, seed: int = 0) -> dict[str, float]:
    """How far the embedding moves for a small step of the state, against the distance from neutral to an emotion."""
    rng = np.random.default_rng(seed)
    strengths, vad = states.random_states(4000, rng)
    other, place = states.random_states(4000, rng)
    step = 1e-3
    moved = (strengths + step * (other - strengths), vad + step * (place - vad))
    way = np.sqrt(((moved[0] - strengths) ** 2).sum(1) + ((moved[1] - vad) ** 2).sum(1))
    far = np.linalg.norm(_exact(bank, *moved) - _exact(bank, strengths, vad), axis=1)
    reach = np.linalg.norm(bank.embed(_curves(*states.anchors())) - bank.neutral, axis=1)[1:]
    return {
        "steepest": float((far / way).max()),
        "usual": float(np.median(far / way)),
        "emotion_to_neutral": float(reach.mean()),
    }


def natural_variation(bank: EmotionEmbedding) -> dict[str, float]:
    """Share of variants of full emotions that still read as them, and how far they lie from the mean."""
    kept, far = [], []
    for index, name in enumerate(CATEGORIES[1:], start=1):
        state = EmotionState({name: 1.0})
        drawn = np.vstack([bank.sample(state, seed) for seed in range(_DRAWS)])
        kept.append(float((bank.posterior_of(drawn).argmax(axis=1) == index).mean()))
        reach = np.linalg.norm(bank.embed(state) - bank.neutral)
        far.append(float(np.linalg.norm(drawn - bank.embed(state), axis=1).mean() / reach))
    return {"recognised": float(np.mean(kept)), "least_recognised": min(kept), "distance_of_reach": float(np.mean(far))}


def _exact(bank: EmotionEmbedding, strengths: np.ndarray, vad: np.ndarray) -> np.ndarray:
    """Embeddings of float64 strengths: small steps are lost in float32."""
    return bank.embed(EmotionCurves(np.arange(float(len(strengths))), strengths, vad)).astype(float)


def _curves(strengths: np.ndarray, vad: np.ndarray) -> EmotionCurves:
    return EmotionCurves(np.arange(float(len(strengths))), strengths.astype(np.float32), vad.astype(np.float32))


def _unit(values: Float[np.ndarray, "n 128"]) -> Float[np.ndarray, "n 128"]:
    away = values - values.mean(axis=0)
    return away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)


def _perplexity(shares: Float[np.ndarray, "rows"]) -> float:
    return float(np.exp(-(shares * np.log(shares + 1e-12)).sum()))

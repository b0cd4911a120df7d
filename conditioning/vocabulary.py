"""What emotion words mean: canonical categories, their places in VAD space, and every other vocabulary as a table.

`resolve` is the one way from a word to the canonical categories. All knowledge is in `vocabulary_tables` and
`vocabulary_words`.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.vocabulary_tables import (
    ALMA_ROWS,
    CATEGORIES,
    DEFAULT_SPREAD,
    PROTOTYPE_ROWS,
    SPREAD_ROWS,
    SYSTEM_ROWS,
    Status,
)
from espressivo.conditioning.vocabulary_words import (
    BLEND_ROWS,
    FORM_ROWS,
    INTENSITY_ROWS,
    PARROTT_TREE,
    PLUTCHIK_PETALS,
    PLUTCHIK_RINGS,
)
from espressivo.errors import EmotionError

__all__ = [
    "CATEGORIES",
    "MEANS",
    "PROTOTYPES",
    "SPREADS",
    "VAD",
    "VOCABULARIES",
    "Meaning",
    "Prototype",
    "known_words",
    "labels",
    "resolve",
]

VAD = tuple[float, float, float]
"""Valence, arousal and dominance, each in [-1, 1], neutral at 0."""


@dataclass(frozen=True)
class Prototype:
    """Where an emotion word lies in VAD space, and how far the figure can be trusted."""

    vad: VAD
    status: Status
    source: str


@dataclass(frozen=True)
class Meaning:
    """What a word stands for."""

    weights: Mapping[str, float]
    """Canonical category -> weight; the weights sum to 1."""
    intensity: float
    """How strong the word is when no strength is written beside it, in [0, 1]."""
    vad: VAD | None
    """The word's own place at full strength; None where it is that of its categories."""


PROTOTYPES: Mapping[str, Prototype] = MappingProxyType(
    {name: Prototype((v, a, d), status, source) for name, (v, a, d, status, source) in PROTOTYPE_ROWS.items()}
)
"""Published and estimated VAD prototypes: the canonical categories and further words."""

MEANS: Float[np.ndarray, "categories 3"] = np.array([PROTOTYPES[category].vad for category in CATEGORIES])
"""Rows as `CATEGORIES`."""
MEANS.setflags(write=False)

SPREADS: Float[np.ndarray, "categories 3"] = np.array(
    [SPREAD_ROWS.get(category, DEFAULT_SPREAD) for category in CATEGORIES]
)
"""Standard deviations, rows as `CATEGORIES`: measured where known (EmoTale), else an estimate of .28."""
SPREADS.setflags(write=False)


def resolve(word: str, vocabulary: str = "words") -> Meaning:
    """Say what an emotion word or a system's label means in canonical categories.

    Args:
        word: "angry", "joy", "terrified", "being hurt"; or a label such as "W" with `vocabulary="emo-db"`.
            Case, spaces, underscores and hyphens do not matter.
        vocabulary: one of `VOCABULARIES`; "words" holds English words, canonical names included.

    Raises:
        EmotionError: the word or the vocabulary is unknown; the message suggests the nearest that is known.
    """
    table = _table(vocabulary)
    key = _key(word)
    if key not in table:
        raise EmotionError(f"{_short(word)} is no known emotion; {_suggestion(key, vocabulary)}")
    return table[key]


def labels(vocabulary: str) -> tuple[str, ...]:
    """Return the labels of a vocabulary in its own order (for a network: the order of its classes)."""
    return tuple(_table(vocabulary))


@cache
def known_words() -> tuple[str, ...]:
    """Return every word that `resolve` knows, sorted."""
    return tuple(sorted(_table("words")))


def _table(vocabulary: str) -> Mapping[str, Meaning]:
    if vocabulary not in _BUILDERS:
        raise EmotionError(f"{_short(vocabulary)} is no emotion vocabulary; choose one of {', '.join(_BUILDERS)}.")
    return _built(vocabulary)


@cache
def _built(vocabulary: str) -> Mapping[str, Meaning]:
    return MappingProxyType(_BUILDERS[vocabulary]())


def _build_words() -> dict[str, Meaning]:
    tree = {
        leaf: (leaf, secondary, primary)
        for primary, branches in PARROTT_TREE.items()
        for secondary, leaves in branches.items()
        for leaf in (primary, secondary, *leaves.split())
    }
    # A primary also is a leaf of another branch (love, joy); its own name comes first either way.
    nouns = {noun: tree.get(noun, (noun,)) for noun in (*CATEGORIES, *PROTOTYPES, *BLEND_ROWS, *tree)}
    meanings = {noun: _noun_meaning(path) for noun, path in nouns.items()}
    meanings |= {noun: _with_vad(meanings[noun], None) for noun in CATEGORIES}
    return meanings | {form: meanings[noun] for form, noun in FORM_ROWS.items()}


def _noun_meaning(path: tuple[str, ...]) -> Meaning:
    """Read a noun's weights, strength and VAD from the nearest of (itself, its secondary, its primary) with a row."""
    categories = {name: {name: 1.0} for name in CATEGORIES}
    weights = next(rows[name] for name in path for rows in (categories, BLEND_ROWS) if name in rows)
    # An ancestor's VAD only helps where its weights are taken too.
    own = path[:1] if path[0] in BLEND_ROWS else path
    vad = next((PROTOTYPES[name].vad for name in own if name in PROTOTYPES and name not in CATEGORIES), None)
    return Meaning(MappingProxyType(weights), INTENSITY_ROWS.get(path[0], 1.0), vad)


def _build_plutchik() -> dict[str, Meaning]:
    words = _built("words")
    # Boredom is mild disgust on the wheel, but a category of its own here.
    return {
        noun: Meaning(words[noun].weights, ring, words[noun].vad)
        for petal in PLUTCHIK_PETALS
        for noun, ring in zip(petal, PLUTCHIK_RINGS, strict=True)
    }


def _build_alma() -> dict[str, Meaning]:
    return {noun: _with_vad(_built("words")[noun], vad) for noun, vad in ALMA_ROWS.items()}


def _build_system(name: str) -> dict[str, Meaning]:
    return {label: _built("words")[noun] for label, noun in SYSTEM_ROWS[name].items()}


_BUILDERS = {
    "words": _build_words,
    "plutchik": _build_plutchik,
    "alma": _build_alma,
    **{name: (lambda name=name: _build_system(name)) for name in SYSTEM_ROWS},
}
VOCABULARIES = tuple(_BUILDERS)
"""Names that `resolve` and `labels` take: "words", "plutchik", "alma" and the systems of `SYSTEM_ROWS`."""


def _with_vad(meaning: Meaning, vad: VAD | None) -> Meaning:
    return Meaning(meaning.weights, meaning.intensity, vad)


def _key(word: str) -> str:
    return "-".join(word.lower().replace("_", " ").replace("-", " ").split())


def _short(word: str, limit: int = 40) -> str:
    return repr(word if len(word) <= limit else f"{word[:limit]}...")


def _suggestion(key: str, vocabulary: str) -> str:
    known = labels(vocabulary)
    near = difflib.get_close_matches(key[:60], known, n=1, cutoff=0.7)
    return f"did you mean {near[0]}?" if near else f"try one of {', '.join(known if len(known) < 30 else CATEGORIES)}."

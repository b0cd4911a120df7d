"""Where an emotion word stands in Parrott's tree: leaf, secondary and primary emotion, and what it resolves to here.

After W. Parrott's three tiers as used by TONE (Gupta, Garg, Dandapat 2024, arXiv 2401.06810).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from espressivo.conditioning.vocabulary import CATEGORIES, MEANS, VAD, resolve
from espressivo.conditioning.vocabulary_words import FORM_ROWS, PARROTT_TREE


@dataclass(frozen=True)
class WordPlace:
    """An emotion word, its tiers and its meaning."""

    word: str
    leaf: str
    """The noun behind the word: "irritation" for "irritated"."""
    secondary: str | None
    """None, like `primary`, for a word that Parrott's tree lacks."""
    primary: str | None
    category: str
    """The canonical category with the largest weight."""
    weights: Mapping[str, float]
    vad: VAD
    """At full strength: the word's own rating, else that of its secondary or primary, else of its categories."""
    intensity: float
    """How strong the bare word is, in [0, 1]: our estimate throughout, no source gives it."""


def place_of(word: str) -> WordPlace:
    """Look a word up in the hierarchy.

    Raises:
        EmotionError: the word is unknown; the message suggests the nearest that is known.
    """
    meaning = resolve(word)
    key = "-".join(word.lower().replace("_", " ").replace("-", " ").split())
    leaf = FORM_ROWS.get(key, key)
    secondary, primary = _tiers().get(leaf, (None, None))
    shares = np.array([meaning.weights.get(category, 0.0) for category in CATEGORIES])
    v, a, d = meaning.vad or (shares @ MEANS).tolist()
    category = CATEGORIES[int(shares.argmax())]
    return WordPlace(key, leaf, secondary, primary, category, meaning.weights, (v, a, d), meaning.intensity)


@cache
def _tiers() -> Mapping[str, tuple[str | None, str | None]]:
    """Each noun's secondary and primary emotion. A primary is its own: love is above affection, not below it."""
    tiers: dict[str, tuple[str | None, str | None]] = {}
    for primary, branches in PARROTT_TREE.items():
        for secondary, leaves in branches.items():
            tiers |= dict.fromkeys((*leaves.split(), secondary), (secondary, primary))
    # "sadness" and "surprise" name a secondary of themselves as well; the others stand above all of theirs.
    return tiers | {
        primary: (primary if primary in branches else None, primary) for primary, branches in PARROTT_TREE.items()
    }

"""States to train and measure on: every legal mix, intensity and place in VAD, and what the words stand for."""

from functools import cache

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.bank.query import query_inputs
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS, PROTOTYPES, known_words

EMOTIONAL = len(CATEGORIES) - 1
LEVELS = (1 / 3, 2 / 3, 1.0)

_JITTER = 0.2
_PURE, _PAIR = 0.4, 0.4


def anchors(
    intensity: float = 1.0,
) -> tuple[Float[np.ndarray, "categories categories"], Float[np.ndarray, "categories 3"]]:
    """Strengths and VAD of every category alone; neutral's strengths are all 0."""
    strengths = np.eye(len(CATEGORIES)) * intensity
    strengths[0] = 0.0
    return strengths, intensity * MEANS


@cache
def words() -> tuple[Float[np.ndarray, "words categories"], Float[np.ndarray, "words 3"]]:
    """Strengths and VAD of the words that have a place of their own in VAD."""
    known = set(known_words())
    states = [EmotionState.of(word) for word in PROTOTYPES if word in known]
    return np.array([state.strengths() for state in states]), np.array([state.vad for state in states])


def random_states(
    count: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "n categories"], Float[np.ndarray, "n 3"]]:
    """Draw strengths and VAD: single categories, pairs and mixes of all, some with a VAD of their own near by."""
    weights = rng.dirichlet(np.full(EMOTIONAL, 0.5), count)
    first, second = rng.integers(EMOTIONAL, size=(2, count))
    share = rng.uniform(size=(count, 1))
    pair = share * np.eye(EMOTIONAL)[first] + (1 - share) * np.eye(EMOTIONAL)[second]
    kind = rng.uniform(size=(count, 1))
    weights = np.where(kind < _PURE, np.eye(EMOTIONAL)[first], np.where(kind < _PURE + _PAIR, pair, weights))
    intensity = rng.uniform(size=(count, 1))
    strengths = np.hstack([np.zeros((count, 1)), weights * intensity])
    moved = rng.normal(0.0, _JITTER, (count, 3)) * (rng.uniform(size=(count, 1)) < 0.5) * intensity
    return strengths, np.clip(strengths @ MEANS + moved, -1, 1)


def targets(
    strengths: Float[np.ndarray, "n categories"], vad: Float[np.ndarray, "n 3"]
) -> tuple[Float[np.ndarray, "n categories"], Float[np.ndarray, "n 3"]]:
    """What the decoders should find: a posterior (what strength leaves is neutral) and VAD as far as it counts."""
    posterior = strengths.copy()
    posterior[:, 0] = 1 - strengths[:, 1:].sum(1)
    return posterior, query_inputs(strengths, vad)[:, EMOTIONAL : EMOTIONAL + 3]

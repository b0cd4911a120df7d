"""From how surely valence and arousal are high to quadrants, a place in VAD space, and categories.

Music's quadrants are what listeners agree on and data hold; the step to categories is ours. Of the categories, music is
taken to express those that listeners tell apart in it (Juslin & Laukka 2003: happiness, sadness, anger, fear, and
tenderness, which `calm` stands for), and boredom a little; never surprise, disgust or contempt.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import expit

from espressivo.conditioning.music_emotion.features import FEATURES
from espressivo.conditioning.vad import posterior
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS, SPREADS

QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
"""Of valence and arousal: (+,+), (-,+), (-,-), (+,-)."""
_EXPRESSED = (
    ("happiness", 0, 1.0),
    ("anger", 1, 1.0),
    ("fear", 1, 1.0),
    ("sadness", 2, 1.0),
    ("boredom", 2, 0.1),
    ("calm", 3, 1.0),
)
"""Category, its place in `QUADRANTS`, and how usual it is there beside others (estimates)."""
_COLUMNS = [CATEGORIES.index(category) for category, _, _ in _EXPRESSED]
_KNOWN = [0, *_COLUMNS]
_MEMBERSHIP = np.array([[place == quadrant for quadrant in range(4)] for _, place, _ in _EXPRESSED], float)
_USUAL = np.array([usual for _, _, usual in _EXPRESSED])
_FULL = (0.8, 0.65)
"""Valence and arousal of what surely is high: about those of acted happiness and anger."""
_POWER, _PITCH = FEATURES.index("power"), FEATURES.index("pitch")
_MOST_DOMINANCE = 0.4


def quadrants_of(log_odds: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 4"]:
    """Probability of each quadrant, valence and arousal taken as independent given what was read."""
    valence, arousal = expit(log_odds).T
    high, low = arousal, 1.0 - arousal
    return np.stack([valence * high, (1.0 - valence) * high, (1.0 - valence) * low, valence * low], axis=1)


def vad_of(log_odds: Float[np.ndarray, "n 2"], features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n 3"]:
    """Place in VAD space: the surer, the farther out, since data of music know signs better than sizes.

    Nobody has rated the dominance of music. It is taken from what makes voices sound dominant, with little weight: loud
    and low is dominant, soft and high is not (estimate).
    """
    # Middle of the scale: six notes a second at mezzo-forte, and the middle of the keyboard.
    dominance = _MOST_DOMINANCE * np.tanh(0.8 * (features[:, _POWER] - 2.75) - 0.5 * (features[:, _PITCH] - 0.25))
    return np.concatenate([(2.0 * expit(log_odds) - 1.0) * _FULL, dominance[:, None]], axis=1)


def categories_of(
    quadrants: Float[np.ndarray, "n 4"], vad: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "n categories"]:
    """Posterior, columns as `CATEGORIES`.

    The place in VAD space says how likely neutral is, and which category of a quadrant; among emotions every quadrant
    has the probability that it was given.
    """
    near = posterior(vad, MEANS[_KNOWN], SPREADS[_KNOWN])
    inside = near[:, 1:] * _USUAL + 1e-12
    shares = inside / (inside @ _MEMBERSHIP @ _MEMBERSHIP.T)
    found = np.zeros((len(vad), len(CATEGORIES)))
    found[:, 0] = near[:, 0]
    found[:, _COLUMNS] = (1.0 - near[:, :1]) * shares * (quadrants @ _MEMBERSHIP.T)
    return found


def intensity_of(
    categories: Float[np.ndarray, "n categories"], vad: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "n"]:
    """How far from neutral, in lengths of the likely emotions."""
    emotional = categories[:, 1:]
    lengths = emotional @ np.linalg.norm(MEANS[1:], axis=1) / np.maximum(emotional.sum(axis=1), 1e-9)
    return np.clip(np.linalg.norm(vad, axis=1) / np.maximum(lengths, 1e-6), 0.0, 1.0) * (emotional.sum(axis=1) > 1e-6)

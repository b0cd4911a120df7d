"""How busy, full, high and loud music of each quadrant is: plain measures of EMOPIA's training clips."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from espressivo.generators.music.moods import SIGNS, Mood


class Habits(NamedTuple):
    """What a passage is like, or should be."""

    onsets_per_s: float
    notes_per_onset: float
    sounding: float
    """Notes that sound at once, each as long as it is written."""
    pitch: float
    """Mean, of pieces in C (`home.at_home`)."""
    velocity: float
    """Mean."""


OF_QUADRANTS = np.array(
    [
        (1.219, 0.867, 1.789, 62.0, 76.5),
        (1.339, 0.930, 1.877, 60.0, 79.6),
        (0.936, 0.558, 1.674, 64.1, 55.9),
        (0.930, 0.563, 1.662, 60.3, 54.0),
    ]
)
"""Means of Q1 to Q4, the first three of logarithms, by `python -m espressivo.generators.music.muser.count_habits`."""
SPREAD = np.array((0.335, 0.282, 0.281, 6.67, 9.60))
"""Standard deviations of clips of one quadrant (same command)."""
_OWN = 0.5
"""Of them, by which pieces differ: most are as the middle half of real ones are."""


def wanted(mood: Mood, own: Float[np.ndarray, "5"]) -> Habits:
    """Return the habits of a mood; those of all music where its intensity is 0.

    Args:
        mood: between quadrants, habits are mixed by how near each is (bilinear).
        own: how the piece differs from others, in standard deviations, from `drawn`.
    """
    shares = np.prod(0.5 * (1.0 + SIGNS * [mood.valence, mood.arousal]), axis=1)
    usual = OF_QUADRANTS.mean(axis=0)
    return _habits(usual + mood.intensity * (shares @ OF_QUADRANTS - usual) + SPREAD * own)


def drawn(random: np.random.Generator) -> Float[np.ndarray, "5"]:
    """Return how a piece differs from others."""
    return _OWN * random.standard_normal(len(SPREAD))


def _habits(place: Float[np.ndarray, "5"]) -> Habits:
    return Habits(*np.exp(place[:3]).tolist(), *place[3:].tolist())


USUAL = _habits(OF_QUADRANTS.mean(axis=0))
"""Of all music."""

"""Tempi that an emotion asks for.

Players play faster for happiness and anger, slower for sadness and tenderness (P. Juslin and P. Laukka, "Communication
of emotions in vocal expression and music performance", Psychological Bulletin 129(5), 2003). How much, counted from the
corpus' usual tempo, is an estimate; nothing is forbidden, and without an emotion the model chooses alone. A tempo that
was chosen stays, as it does in the corpus: where an emotion changes, it goes along by rule.
"""

import numpy as np
from jaxtyping import Float

from espressivo.generators.music.emogen.tokens import Vocabulary, bpm_of
from espressivo.generators.music.moods import SIGNS, Mood

_USUAL_BPM = 76.0
"""Median of POP909's songs."""
_LENGTHS = np.array([0.8, 0.85, 1.3, 1.3])
"""Of notes in each quadrant, in those of neutral music."""
_OCTAVES = 0.35
"""How far a tempo may lie from what is asked for before it becomes rare (estimate): POP909's lie so far apart."""


class Paces:
    """What is added to the logits of tempi."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        octaves = np.full(len(vocabulary), np.nan)
        for token, number in vocabulary.ids.items():
            if token[0] == "t":
                octaves[number] = np.log2(bpm_of(int(token[2:])) / _USUAL_BPM)
        self._octaves = octaves

    def of(self, mood: Mood) -> Float[np.ndarray, "vocabulary"]:
        """Return what a mood adds: the more the nearer a tempo is to its own, nothing without arousal."""
        off = (self._octaves - _asked(mood)) / _OCTAVES
        return np.nan_to_num(-0.5 * mood.intensity * off**2)

    def octaves(self, tempo: int) -> float:
        """Return how far the tempo of a token lies above the usual one."""
        return float(self._octaves[tempo])

    def nearest(self, octaves: float) -> int:
        """Return the token of the tempo that lies so far above the usual one."""
        return int(np.nanargmin(np.abs(self._octaves - octaves)))


def moved_octaves(before: Mood, mood: Mood) -> float:
    """Return how far the tempo goes from one mood to the next."""
    return mood.intensity * _asked(mood) - before.intensity * _asked(before)


def _asked(mood: Mood) -> float:
    """Octaves above the usual tempo at full strength."""
    shares = np.prod(0.5 * (1.0 + SIGNS * [mood.valence, mood.arousal]), axis=1)
    return -float(shares @ np.log2(_LENGTHS))

"""Modes that valence asks for: major where it is positive, minor on the same tonic where it is negative.

Listeners hear mode as valence before anything else (P. Gomez and B. Danuser, 2007; K. Hevner, 1935), while of the
hundred attributes few know it. So pitches that belong to the mode become likelier, as far as the valence is strong;
nothing is forbidden. The amounts are estimates. Where a user has chosen a key, that is the key.
"""

import numpy as np
from jaxtyping import Float

from espressivo.generators.music.emogen.tokens import DRUMS, Vocabulary
from espressivo.generators.music.keys import Key, prominence
from espressivo.generators.music.moods import Mood

_FITTING, _STRANGE = 0.75, 1.0
"""How much prominence in the key counts, and what pitches out of its scale lose."""


class Colours:
    """What is added to the logits of pitches."""

    def __init__(self, vocabulary: Vocabulary, tonic: int) -> None:
        pitch = np.full(len(vocabulary), -1)
        for token, number in vocabulary.ids.items():
            if token[0] == "p" and int(token[2:]) < DRUMS:
                pitch[number] = int(token[2:]) % 12
        self._major, self._minor = (
            np.where(pitch >= 0, _of_key(key)[pitch], 0.0) for key in (Key(tonic, "major"), Key(tonic, "minor"))
        )

    def of(self, mood: Mood) -> Float[np.ndarray, "vocabulary"]:
        """Return the colour of a mood: none without valence."""
        valence, _ = mood.place
        return abs(valence) * (self._major if valence > 0 else self._minor)


def _of_key(key: Key) -> Float[np.ndarray, "12"]:
    strange = np.array([pitch not in key.scale for pitch in range(12)])
    return _FITTING * prominence(key) - _STRANGE * strange

"""Modes that valence asks for: major where it is positive, minor on the same tonic where it is negative.

Listeners hear mode as valence before anything else (P. Gomez and B. Danuser, 2007; K. Hevner, 1935), while of the
hundred attributes few know it. So pitches that belong to the mode become likelier, as far as the valence is strong,
and as far as it is needed: where what was written is in the mode already, other pitches pass as they do in real music;
where it is not, as after a turn of the emotion, the mode is insisted on. Nothing is forbidden. The amounts are
estimates. Where a user has chosen a key, that is the key.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from espressivo.generators.music.emogen.tokens import DRUMS, Vocabulary
from espressivo.generators.music.keys import Key, key_of_weights, majorness_of_weights, prominence
from espressivo.generators.music.moods import Mood

_FITTING, _STRANGE = 0.75, 0.6
"""How much prominence in the key counts, and what pitches out of its scale lose where the key has to be insisted on."""
_REACH = 0.25
"""`majorness_of_weights` that a valence of 1 asks for; a piece reaches less of it. The medians of EMOPIA's clips are
.2 and .18 where valence is high, -.12 and -.07 where it is low (`benchmarks/music_likeness.py`)."""
_MOST, _FOR_LACK = 3.0, 6.0
"""Of the lean; what a majorness that is off by 1 adds to it."""
_KEPT = 0.7
"""Of what was heard, from bar to bar."""


class Tonality(NamedTuple):
    """Where the music is."""

    tonic: int
    """Pitch class."""
    heard: Float[np.ndarray, "12"]
    """How often each pitch class was struck lately, C first."""

    @classmethod
    def before_all(cls, tonic: int) -> "Tonality":
        """Return that of a piece which has not begun."""
        return cls(tonic, np.zeros(12))


class Colours:
    """What is added to the logits of pitches."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        pitch = np.full(len(vocabulary), -1)
        for token, number in vocabulary.ids.items():
            if token[0] == "p" and int(token[2:]) < DRUMS:
                pitch[number] = int(token[2:]) % 12
        self._class_of = pitch

    def of(self, mood: Mood, tonality: Tonality) -> Float[np.ndarray, "vocabulary"]:
        """Return the colour of a mood: none without valence."""
        valence, _ = mood.place
        key = Key(tonality.tonic, "major" if valence > 0 else "minor")
        need = _need(valence, tonality.heard)
        strange = np.array([pitch not in key.scale for pitch in range(12)])
        added = need * _FITTING * prominence(key) - max(0.0, need - 1.0) * _STRANGE * strange
        return abs(valence) * np.where(self._class_of >= 0, added[self._class_of], 0.0)

    def after(self, tonality: Tonality, mood: Mood, bar: Sequence[int]) -> Tonality:
        """Return where the music is after one more bar; music that is in the mode on a tonic of its own stays there."""
        classes = self._class_of[list(bar)]
        heard = _KEPT * tonality.heard + np.bincount(classes[classes >= 0], minlength=12)
        key = key_of_weights(heard)
        went = (key.mode == "major") == (mood.valence > 0)
        return Tonality(key.tonic if went else tonality.tonic, heard)


def _need(valence: float, heard: Float[np.ndarray, "12"]) -> float:
    """How much of the lean is needed: all of it at the beginning."""
    if not heard.any():
        return 1.0
    lack = np.sign(valence) * (valence * _REACH - majorness_of_weights(heard))
    return float(np.clip(1.0 + _FOR_LACK * lack, 0.0, _MOST))

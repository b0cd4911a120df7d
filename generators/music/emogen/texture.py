"""How dense an emotion's music is: strokes per second, and notes per stroke, led bar by bar.

What the model is told of density it takes for a hint, and a texture that has begun goes on by itself: a curve arrives
late, and sad music is busier than sad music is. So later positions, and further notes of a chord, become likelier or
rarer, by as much as the mood asks and by what the bars so far have missed (a proportional and an integral part, as
controllers have). Nothing is forbidden, and without an emotion the model is left alone.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from espressivo.generators.music.emogen.grammar import State
from espressivo.generators.music.emogen.tokens import FIRST_ID, GRID, Vocabulary
from espressivo.generators.music.moods import SIGNS, Mood

Pair = Float[np.ndarray, "2"]
"""Of strokes per second, and of notes per stroke: logarithms."""
NOTHING: Pair = np.zeros(2)
_OF_QUADRANTS = np.log([(3.7, 2.1), (4.5, 2.15), (3.0, 1.5), (2.7, 1.6)])
"""At full strength: medians of EMOPIA's training clips (`benchmarks/music_likeness.py`)."""
USUAL: Pair = _OF_QUADRANTS.mean(axis=0)
"""Of music without an emotion: between the quadrants."""
REPEATED = 0.8
"""What the pitch on top of the last stroke loses on top of the next. POP909's melodies are sung, a note for each
syllable, and stay on one pitch twice as often as those of pianists."""
_AHEAD, _LEARNED = np.array([2.5, 3.5]), np.array([0.7, 1.0])
"""What is added for a log unit that the mood asks for, and for a bar that has missed all of it (estimates)."""
_LONGEST_QUARTERS = 1.0
"""Gaps beyond it are all alike: sparse music is made of long notes, not of a bar that is full and one that is empty."""
_SOON = 2.0
"""What a faint emotion asks for is little, but that it gets: from half of its strength on, density is led at full."""
_MOST = 2.5
"""Of what bars have missed in all."""


class Textures:
    """What is added to the logits of positions, ends of bars and further notes."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        letters = np.array(["?"] * FIRST_ID + [token[0] for token in vocabulary.tokens])
        numbers = np.array([0] * FIRST_ID + [int(token[2:]) for token in vocabulary.tokens])
        self._letter_of = letters.tolist()
        self._is_place, self._is_end, self._is_pitch = letters == "o", letters == "b", letters == "p"
        self._decides = self._is_place | self._is_end
        self._quarters = np.where(self._is_place, numbers / GRID, 0.0)
        self._octaves: dict[tuple[int, int], np.ndarray] = {}

    def of(self, lean: Pair, state: State) -> Float[np.ndarray, "vocabulary"] | None:
        """Return what is added at a state of the grammar; None where density is not decided."""
        if state.letter not in ("t", "v") or not lean.any():
            return None
        sooner, fuller = lean
        return fuller * self._is_pitch - sooner * self._octaves_from(state.place, state.length)

    def _octaves_from(self, place: int, length: int) -> Float[np.ndarray, "vocabulary"]:
        """How far the next stroke would be, if a token came next; in octaves."""
        if (place, length) not in self._octaves:
            gaps = self._quarters + (length * self._is_end - max(place, 0)) / GRID
            self._octaves[place, length] = np.log2(np.clip(gaps, 1 / GRID, _LONGEST_QUARTERS)) * self._decides
        return self._octaves[place, length]

    def count(self, bar: Sequence[int], seconds: float) -> Pair:
        """Return how dense a bar is."""
        letters = [self._letter_of[token] for token in bar]
        strokes, notes = letters.count("o"), letters.count("p")
        return np.log([max(strokes, 0.5) / seconds, max(notes, 1) / max(strokes, 1)])


def lean_of(mood: Mood, missed: Pair, own: Pair = USUAL) -> Pair:
    """Return how much sooner strokes come, and how much fuller they are, than the model alone would have them.

    Args:
        mood: what is expressed.
        missed: see `missed_after`.
        own: how dense the model writes without an emotion.
    """
    return min(1.0, _SOON * mood.intensity) * (_AHEAD * (_asked(mood, own) - own) + missed)


def missed_after(missed: Pair, mood: Mood, counted: Pair, own: Pair = USUAL) -> Pair:
    """Return what bars have missed after one more, of which so much was asked and counted."""
    # Shares, not logarithms: so the mean of all bars becomes what was asked.
    return np.clip(missed + _LEARNED * (1.0 - np.exp(counted - _asked(mood, own))), -_MOST, _MOST)


def _asked(mood: Mood, own: Pair) -> Pair:
    """Of a mood; halfway to neutral, halfway to the model's own density, wherever in between the quadrants that is."""
    shares = np.prod(0.5 * (1.0 + SIGNS * mood.place), axis=1)
    return shares @ _OF_QUADRANTS + (1.0 - mood.intensity) * (own - USUAL)

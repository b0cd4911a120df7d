"""Which token may follow which, so that everything that is written is music: a small state machine.

A bar is `s t`, then positions `o` that rise, at each of them instruments `i` that rise, each with notes `p d v` from
high to low, then `b`. A key cannot be struck twice at once: pitches fall strictly.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from espressivo.errors import InputError
from espressivo.generators.music.emogen.locks import Locks
from espressivo.generators.music.emogen.tokens import DRUMS, FIRST_ID, GRID, SIGNATURES, Vocabulary

_LETTERS = "stoipdvb"
_ABOVE_ALL = 1000
_PITCHES = 2 * DRUMS


class State(NamedTuple):
    """Where in a bar writing has come to."""

    letter: str = "b"
    """Kind of the newest token; a piece begins as after a bar."""
    length: int = 0
    """Positions of the bar."""
    place: int = -1
    """Newest position of the bar; -1 before the first."""
    program: int = -1
    """Newest instrument at the position."""
    pitch: int = _ABOVE_ALL
    """Newest pitch of the instrument."""
    at_once: int = 0
    """Notes of the instrument at the position."""
    in_quarter: int = 0
    """Notes since the newest quarter began."""
    chord: frozenset[int] = frozenset()
    """Pitch classes that the second half of this bar is limited to, and has to have; empty for all."""


class Grammar:
    """What may follow, given locks."""

    def __init__(self, vocabulary: Vocabulary, locks: Locks) -> None:
        """Lay out the tables.

        Raises:
            InputError: the model has no tokens for what the locks ask for.
        """
        self._vocabulary = vocabulary
        self._locks = locks
        self.log_weights = locks.log_weights(vocabulary)
        """What is added to the logits."""
        static = locks.allowed(vocabulary)
        number = np.array([0] * FIRST_ID + [int(token[2:]) for token in vocabulary.tokens])
        self._letter_of = ["?"] * FIRST_ID + [token[0] for token in vocabulary.tokens]
        self._number_of = number.tolist()
        letters = np.array(self._letter_of)
        kinds = {letter: static & (letters == letter) for letter in _LETTERS}
        self._kinds = kinds
        self._above = [kinds["o"] & (number > place) for place in range(-1, int(number.max()) + 1)]
        """Positions after -1, 0, 1, ..."""
        self._before = [kinds["o"] & (number < end) for end in range(int(number.max()) + 2)]
        self._below = [kinds["p"] & (number < pitch) for pitch in range(_PITCHES + 1)]
        self._drums, self._pitched = kinds["p"] & (number >= DRUMS), kinds["p"] & (number < DRUMS)
        if not self._pitched.any() and set(locks.programs) != {DRUMS}:
            raise InputError("No pitch lies both in the register and in the key; widen one of them.")
        self._pitch_class = np.where(letters == "p", number % 12, -1)
        self._higher_programs = {
            program: kinds["i"] & (number > program) for program in {-1, *number[kinds["i"]].tolist()}
        }

    def allowed(self, state: State) -> Bool[np.ndarray, "vocabulary"]:
        """Return which tokens may come next; always at least one."""
        if state.letter in _ONLY:
            return self._kinds[_ONLY[state.letter]]
        if state.letter == "o":
            return self._kinds["i"]
        if state.letter == "i":
            return self._pitches(state)
        onwards = self._onwards(state)
        if state.letter == "v" and not self._is_full(state):
            onwards = onwards | self._higher_programs.get(state.program, self._kinds["i"])
            if state.at_once < self._locks.most_at_once:
                onwards = onwards | self._pitches(state)
        return onwards

    def after(self, state: State, token: int) -> State:
        """Return the state after one more token, be it allowed or not."""
        letter, number = self._letter_of[token], self._number_of[token]
        if letter == "s":
            top, bottom = SIGNATURES[number]
            return State(letter, 4 * GRID * top // bottom, chord=state.chord)
        if letter == "o":
            same = number // GRID == state.place // GRID
            count = state.in_quarter if same else 0
            return State(letter, state.length, number, in_quarter=count, chord=state.chord)
        if letter == "i":
            return state._replace(letter=letter, program=number, pitch=_ABOVE_ALL, at_once=0)
        if letter == "p":
            return state._replace(
                letter=letter, pitch=number, at_once=state.at_once + 1, in_quarter=state.in_quarter + 1
            )
        return State() if letter == "b" else state._replace(letter=letter)

    def _onwards(self, state: State) -> Bool[np.ndarray, "vocabulary"]:
        """Later positions and, if nothing is missing, the end of the bar."""
        place = state.place
        if place >= 0 and self._is_full(state):
            place = (place // GRID + 1) * GRID - 1
        later = self._above[min(place + 1, len(self._above) - 1)]
        later = later & self._before[min(state.length, len(self._before) - 1)]
        lacks_chord = state.chord and 2 * state.place < state.length and later.any()
        return later if lacks_chord else later | self._kinds["b"]

    def _pitches(self, state: State) -> Bool[np.ndarray, "vocabulary"]:
        pitches = self._drums if state.program == DRUMS else self._pitched
        if state.chord and state.program != DRUMS and 2 * state.place >= state.length:
            inside = pitches & np.isin(self._pitch_class, list(state.chord))
            # A register of a few keys may have none of the chord.
            pitches = inside if inside.any() else pitches
        return pitches & self._below[min(state.pitch, _PITCHES)]

    def _is_full(self, state: State) -> bool:
        most = self._locks.most_per_quarter
        return most is not None and state.in_quarter >= most


_ONLY = {"b": "s", "s": "t", "p": "d", "d": "v"}

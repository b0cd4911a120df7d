"""What a user fixes of a piece before it is written: register, key, tempo, metre, loudness, density."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from espressivo.errors import InputError
from espressivo.generators.music.emogen.tokens import DRUMS, SIGNATURES, Vocabulary, pace_of
from espressivo.generators.music.keys import Key

_LOWEST_PIANO, _HIGHEST_PIANO = 21, 108
_HANDS = 10
_MIDDLE_C = 60
_LEAST_BPM, _MOST_BPM = 16.0, 256.0


@dataclass(frozen=True)
class Locks:
    """Limits that no note passes; by default those of a piano and of two hands.

    Raises:
        InputError: nothing could be played within them.
    """

    register: tuple[int, int] = (_LOWEST_PIANO, _HIGHEST_PIANO)
    """Lowest and highest pitch."""
    key: Key | None = None
    strictness: float = 1.0
    """Of the key: 1 lets no other pitch pass, 0 all; between them they are that much less likely."""
    tempo_bpm: float | None = None
    """Quarters per minute from the first to the last bar; None leaves the tempo of each bar to the model."""
    metre: tuple[int, int] | None = None
    """Numerator and denominator of all bars."""
    lean: float = 0.0
    """What an octave above middle C adds to a pitch's logit: below 0 the music leans downwards. Forbids nothing."""
    velocity: tuple[int, int] = (1, 127)
    most_per_quarter: int | None = None
    """Notes that begin within a quarter, at most."""
    most_at_once: int = _HANDS
    """Notes that an instrument begins at the same time, at most."""
    programs: tuple[int, ...] = (0,)
    """MIDI programs that may play; 128 are drums."""

    def __post_init__(self) -> None:
        low, high = self.register
        if not 0 <= low <= high <= 127:
            raise InputError(f"A register from {low} to {high} has no pitch; give two of 0..127, the lower one first.")
        quiet, loud = self.velocity
        if not 1 <= quiet <= loud <= 127 or not any(quiet <= 4 * step + 2 <= loud for step in range(32)):
            raise InputError(
                f"Velocities from {quiet} to {loud} leave no loudness to play; give two of 1..127 that are 4 apart."
            )
        if not 0 <= self.strictness <= 1:
            raise InputError(f"The strictness of the key, {self.strictness:g}, must lie between 0 and 1.")
        if self.tempo_bpm is not None and not _LEAST_BPM <= self.tempo_bpm <= _MOST_BPM:
            raise InputError(f"A tempo of {self.tempo_bpm:g} is out of reach; give {_LEAST_BPM:g} to {_MOST_BPM:g}.")
        if min(self.most_at_once, 1 if self.most_per_quarter is None else self.most_per_quarter) < 1:
            raise InputError("A piece needs at least one note per quarter and at once; raise the limit.")
        if not self.programs:
            raise InputError("A piece needs at least one instrument; name its MIDI program.")

    def allowed(self, vocabulary: Vocabulary) -> Bool[np.ndarray, "vocabulary"]:
        """Return which tokens may occur at all.

        Raises:
            InputError: the model has no token for a metre, an instrument or any pitch that is asked for.
        """
        allowed = np.zeros(len(vocabulary), bool)
        for token, number in vocabulary.ids.items():
            letter, _, value = token.partition("-")
            allowed[number] = self._admits(letter, int(value))
        for letter, name in _NEEDED.items():
            if not any(allowed[number] for token, number in vocabulary.ids.items() if token[0] == letter):
                raise InputError(f"The model was not taught the {name} that is asked for; choose another.")
        return allowed

    def log_weights(self, vocabulary: Vocabulary) -> Float[np.ndarray, "vocabulary"]:
        """Return what is added to the logits: for pitches out of a key that is not strict, and for lower ones."""
        weights = np.zeros(len(vocabulary))
        stranger = math.log(1 - self.strictness) if self.key and self.strictness < 1 else 0.0
        for token, number in vocabulary.ids.items():
            pitch = int(token[2:]) if token[0] == "p" else DRUMS
            if pitch < DRUMS:
                weights[number] = self.lean * (pitch - _MIDDLE_C) / 12 + (0.0 if self._in_key(pitch) else stranger)
        return weights

    def _admits(self, letter: str, value: int) -> bool:
        if letter == "s":
            return _is_whole(SIGNATURES[value]) if self.metre is None else SIGNATURES[value] == self.metre
        if letter == "t":
            return self.tempo_bpm is None or value == pace_of(self.tempo_bpm)
        if letter == "v":
            return self.velocity[0] <= 4 * value + 2 <= self.velocity[1]
        if letter == "p":
            return value >= DRUMS or (
                self.register[0] <= value <= self.register[1] and (self.strictness < 1 or self._in_key(value))
            )
        return letter != "i" or value in self.programs

    def _in_key(self, pitch: int) -> bool:
        return self.key is None or pitch >= DRUMS or pitch % 12 in self.key.scale


_NEEDED = {"s": "metre", "i": "instrument", "p": "pitches"}


def _is_whole(signature: tuple[int, int]) -> bool:
    """Bars that are no whole number of positions have lines between them."""
    top, bottom = signature
    return 48 * top % bottom == 0

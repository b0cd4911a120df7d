"""How long a piece becomes: a number of bars, or whole bars that last as long as asked to within half a bar."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from espressivo.errors import InputError
from espressivo.generators.music.emogen.locks import Locks
from espressivo.generators.music.emogen.tokens import SIGNATURES, Vocabulary, bpm_of

_MOST_BARS, _MOST_S = 2000, 3600.0


@dataclass(frozen=True)
class Length:
    """Of what is to be written: bars or seconds, not both.

    Raises:
        InputError: none or both are given, or more than an hour.
    """

    bars: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.bars is None) == (self.seconds is None):
            raise InputError("The length of music is given in bars or in seconds; give one of them.")
        if self.bars is not None and not 1 <= self.bars <= _MOST_BARS:
            raise InputError(f"{self.bars} bars cannot be written; ask for 1 to {_MOST_BARS}.")
        if self.seconds is not None and not 0 < self.seconds <= _MOST_S:
            raise InputError(f"{self.seconds:g} s of music cannot be written; ask for up to {_MOST_S:.0f} s.")


class BarClock:
    """Tells which bars still fit, and which one is the last."""

    def __init__(self, vocabulary: Vocabulary, locks: Locks, length: Length) -> None:
        self._length = length
        allowed = locks.allowed(vocabulary)
        self._quarters = np.zeros(len(vocabulary))
        self._quarter_s = np.full(len(vocabulary), np.inf)
        for token, number in vocabulary.ids.items():
            value = int(token[2:])
            if token[0] == "s":
                top, bottom = SIGNATURES[value]
                self._quarters[number] = 4 * top / bottom
            elif token[0] == "t":
                self._quarter_s[number] = 60.0 / (locks.tempo_bpm or bpm_of(value))
        self._fastest_s = self._quarter_s[allowed].min()

    def seconds(self, signature: int, tempo: int) -> float:
        """Return how long a bar lasts."""
        return float(self._quarters[signature] * self._quarter_s[tempo])

    def fitting_signatures(self, elapsed_s: float) -> Bool[np.ndarray, "vocabulary"]:
        """Return the signatures of bars that end at most half a bar too late, at the fastest tempo at least."""
        return self._quarters * self._fastest_s <= self._room_s(elapsed_s)

    def fitting_tempi(self, elapsed_s: float, signature: int) -> Bool[np.ndarray, "vocabulary"]:
        """Return the tempi at which a bar ends at most half of its length too late."""
        return self._quarters[signature] * self._quarter_s <= self._room_s(elapsed_s)

    def is_over(self, bars: int, elapsed_s: float, last_bar_s: float) -> bool:
        """Return whether enough is written after so many bars, the last of which was so long."""
        if self._length.seconds is None:
            return bars >= (self._length.bars or 0)
        return self._length.seconds - elapsed_s <= last_bar_s / 2

    def share(self, bars: int, elapsed_s: float) -> float:
        """Return how much of the piece is written, 0..1."""
        done = bars / (self._length.bars or 1) if self._length.seconds is None else elapsed_s / self._length.seconds
        return min(1.0, done)

    def _room_s(self, elapsed_s: float) -> float:
        return np.inf if self._length.seconds is None else 2.0 * (self._length.seconds - elapsed_s)

"""Emotions as music can carry them: a direction in the plane of valence and arousal, and how strongly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.music_emotion.recogniser import Feeling
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import InputError

SIGNS = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
"""Of valence and arousal, in the quadrants Q1 to Q4."""
_QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
_USUAL_REACH = 0.6
"""Valence or arousal, whichever is larger, of an emotion at full strength (prototypes have .55 to .81)."""


@dataclass(frozen=True)
class Mood:
    """An emotion as music can carry it. No data of music has labels of dominance: it is not among them.

    Raises:
        InputError: a value is out of range.
    """

    valence: float = 0.0
    arousal: float = 0.0
    """Direction, -1..1 each: the larger of them is usually -1 or 1."""
    intensity: float = 1.0
    """0..1; at 0 the model goes its own way, whatever the direction."""

    def __post_init__(self) -> None:
        if not (abs(self.valence) <= 1 and abs(self.arousal) <= 1 and 0 <= self.intensity <= 1):
            raise InputError(
                f"A mood of valence {self.valence:g}, arousal {self.arousal:g} and intensity {self.intensity:g} cannot "
                "be played; the first two go from -1 to 1, the last from 0 to 1."
            )

    @classmethod
    def quadrant(cls, name: str, intensity: float = 1.0) -> Self:
        """Return the mood of `Q1` to `Q4`.

        Raises:
            InputError: there is no such quadrant.
        """
        if name not in _QUADRANTS:
            raise InputError(f"{name!r} is no quadrant; there are {', '.join(_QUADRANTS)}.")
        valence, arousal = SIGNS[_QUADRANTS.index(name)]
        return cls(float(valence), float(arousal), intensity)

    @classmethod
    def at(cls, valence: float, arousal: float) -> Self:
        """Return the mood at a point of the plane; how far it is from neutral is how intense.

        Raises:
            InputError: a value is out of range.
        """
        reach = max(abs(valence), abs(arousal))
        if reach == 0:
            return cls(0.0, 0.0, 0.0)
        if reach > 1:
            raise InputError(f"Valence {valence:g} and arousal {arousal:g} must lie between -1 and 1.")
        return cls(valence / reach, arousal / reach, min(1.0, reach / _USUAL_REACH))

    @classmethod
    def of(cls, state: EmotionState) -> Self:
        """Return the mood of an emotional state."""
        valence, arousal, _ = state.vad
        return cls.at(valence, arousal)

    @property
    def place(self) -> tuple[float, float]:
        """Valence and arousal that listeners should read, -1..1."""
        return self.valence * self.intensity, self.arousal * self.intensity

    def distance(self, feeling: Feeling) -> float:
        """How far what was read lies from what was asked for."""
        valence, arousal = self.place
        return float(np.hypot(feeling.valence - valence, feeling.arousal - arousal))


MoodCurve = Callable[[int, float], Mood]
"""Mood of the bar with this number (from 0), which begins at this time in seconds."""


def by_bars(moods: dict[int, Mood]) -> MoodCurve:
    """Return a curve on which each mood holds from its bar on; the first one from the beginning.

    Raises:
        InputError: there are no moods.
    """
    if not moods:
        raise InputError("A curve of moods needs at least one.")
    begins = sorted(moods)
    return lambda bar, _: moods[begins[max(0, int(np.searchsorted(begins, bar, side="right")) - 1)]]


def along(track: EmotionTrack) -> MoodCurve:
    """Return the curve that follows an emotion track in seconds."""
    return lambda _, time_s: Mood.of(track.state_at(max(0.0, time_s)))


def places_along(track: EmotionTrack, times_s: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n 2"]:
    """Return `Mood.place` of a track at some times."""
    vad = track.sample(np.maximum(times_s, 0.0)).vad[:, :2].astype(float)
    return vad / np.maximum(np.abs(vad).max(axis=1, keepdims=True), _USUAL_REACH)

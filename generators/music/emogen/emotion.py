"""From an emotion to what the language model is told: which attributes, and how strongly it is led by them.

A command is a list of 100 bits, one per attribute. Each quadrant of the plane of valence and arousal has one; between
them, attributes on which the near quadrants disagree are left open. How strong the emotion is becomes the strength of
classifier-free guidance (J. Ho and T. Salimans, 2022), not other bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float, Int

from espressivo.conditioning.music_emotion.recogniser import Feeling
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import InputError
from espressivo.generators.music.attributes.attributes import table
from espressivo.generators.music.emogen.network import UNSET

Commands = Int[np.ndarray, "4 attributes"] | Float[np.ndarray, "4 attributes"]
"""Of the quadrants Q1 to Q4 (valence and arousal + +, - +, - -, + -): bits, or how probable it is that a bit is 1."""
_SIGNS = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
_USUAL_REACH = 0.6
"""Valence or arousal, whichever is larger, of an emotion at full strength (prototypes have .55 to .81)."""
_SURE = 0.3
"""Bits on which the quadrants agree less than this are left to the model (estimate)."""
_TELLING = 0.2
"""Bits whose probabilities differ less than this between quadrants say nothing of emotion (estimate)."""


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
        valence, arousal = _SIGNS[_QUADRANTS.index(name)]
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


def command_of(mood: Mood, commands: Commands | None = None) -> Int[np.ndarray, "attributes"]:
    """Return the bits of a mood, `UNSET` where the quadrants around it do not agree.

    Each quadrant counts by how near the mood is (bilinear). What all four have in common says nothing of emotion, and
    is left open too.

    Args:
        mood: its direction; its intensity does not matter here.
        commands: of the quadrants; by default those that the authors published (EmoGen, MIT).
    """
    commands = table().commands if commands is None else commands
    shares = np.prod(0.5 * (1.0 + _SIGNS * [mood.valence, mood.arousal]), axis=1)
    leaning = 2.0 * (shares @ commands) - 1.0
    told = (np.abs(leaning) >= _SURE) & (np.ptp(commands, axis=0) >= _TELLING)
    return np.where(told, (leaning > 0).astype(int), UNSET)


_QUADRANTS = ("Q1", "Q2", "Q3", "Q4")

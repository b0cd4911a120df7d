"""Feelings at rest: emotion fades into the mood within a minute, the mood into the temperament within half an hour.

With deviations from the rest b, the emotion e and the mood m follow e' = (m - e) / tau_e and
m' = (b + pull (e - b) - m) / tau_m. This is the rule b + exp(-dt/tau) (v - b) twice over, coupled: a lasting emotion
colours the mood, and the mood is what emotions fade into (Gebhard, "ALMA", AAMAS 2005). The solution is exact: it does
not matter into how many steps a pause is cut.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.personality.big_five import BigFive, temperament
from espressivo.conditioning.vad import decode_vad
from espressivo.conditioning.vocabulary import CATEGORIES, VAD

EMOTION_TAU_S = 20.0
"""After this long without a cause, 1/e of an emotion is left (estimate of the reference)."""
MOOD_TAU_S = 600.0
"""The same for a mood (estimate of the reference)."""
MOOD_PULL = 0.5
"""How far a lasting emotion takes the mood along (estimate)."""
REST_GAIN = 0.3
"""How far out from neutral a person of extreme temperament rests (estimate of the reference)."""

CHANNELS = len(CATEGORIES) + 3
"""Of a feeling: strength per category, then valence, arousal and dominance."""
PLACE = slice(len(CATEGORIES), CHANNELS)
"""The VAD channels."""

_OCTANTS = {
    (1, 1, 1): "exuberant",
    (-1, -1, -1): "bored",
    (1, 1, -1): "dependent",
    (-1, -1, 1): "disdainful",
    (1, -1, 1): "relaxed",
    (-1, 1, -1): "anxious",
    (1, -1, -1): "docile",
    (-1, 1, 1): "hostile",
}
_AT_REST = 0.02  # a mood nearer to the origin has no name (estimate)
_FULL_REACH = 0.8  # how far out full emotions lie: the mean length of the prototypes
_TRACE = 0.01  # a smaller strength is no part of a feeling (estimate)


@dataclass(frozen=True, eq=False)
class Feelings:
    """What a person feels at a moment. Arrays are read-only."""

    emotion: Float[np.ndarray, "channels"]
    """Strength per `CATEGORIES` and VAD: both are carried, because categories do not follow from VAD."""
    mood: Float[np.ndarray, "3"]
    """VAD of the mood."""

    def __post_init__(self) -> None:
        for array in (self.emotion, self.mood):
            array.setflags(write=False)


@lru_cache(maxsize=256)
def rest_of(personality: BigFive) -> Float[np.ndarray, "3"]:
    """Return the VAD point that moods come back to."""
    rest = REST_GAIN * np.array(temperament(personality))
    rest.setflags(write=False)
    return rest


def at_rest(personality: BigFive) -> Feelings:
    """Return the feelings of a person to whom nothing has happened for long."""
    rest = rest_of(personality)
    return Feelings(felt(rest), rest)


def settle(feelings: Feelings, elapsed_s: float, personality: BigFive) -> Feelings:
    """Return what is left of feelings after a while in which nothing happens.

    Args:
        feelings: at its beginning.
        elapsed_s: its length, 0 or more.
        personality: whose.
    """
    place, mood = settle_vad(feelings, elapsed_s, personality)
    # Categories fade to those of the mood, at the emotion's own pace.
    kept = np.exp(-elapsed_s / EMOTION_TAU_S)
    strengths = kept * feelings.emotion + (1 - kept) * felt(mood)
    return Feelings(np.concatenate([strengths[: PLACE.start], place]), mood)


def settle_vad(
    feelings: Feelings, elapsed_s: float, personality: BigFive
) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    """Return the VAD of the emotion and that of the mood after a while, as `settle` does."""
    rest = rest_of(personality)
    place, mood = rest + _fading(float(elapsed_s)) @ (np.stack([feelings.emotion[PLACE], feelings.mood]) - rest)
    return np.clip(place, -1, 1), np.clip(mood, -1, 1)


def felt(place: Float[np.ndarray, "3"]) -> Float[np.ndarray, "channels"]:
    """Return the feeling at a VAD point of which no category is known.

    Near the origin every category is about as likely; a faint feeling is taken to be a full one in the same direction,
    faintly felt.
    """
    reach = float(np.linalg.norm(place))
    if reach == 0:
        return np.zeros(CHANNELS)
    strengths = decode_vad(np.clip(place * max(1.0, _FULL_REACH / reach), -1, 1)) * min(1.0, reach / _FULL_REACH)
    return np.concatenate([np.where(strengths < _TRACE, 0.0, strengths), place])


def beyond_rest(feelings: Feelings, personality: BigFive) -> Float[np.ndarray, "channels"]:
    """Return what is felt over and above a person's temperament: what others take for an emotion."""
    emotion = feelings.emotion - at_rest(personality).emotion
    return np.concatenate([np.maximum(emotion[: PLACE.start], 0.0), np.clip(emotion[PLACE], -1, 1)])


def mood_name(mood: Float[np.ndarray, "3"] | VAD) -> str:
    """Return the name of a mood's octant (ALMA); "neutral" where it is hardly any."""
    point = np.asarray(mood, float)
    if np.linalg.norm(point) < _AT_REST:
        return "neutral"
    valence, arousal, dominance = (1 if axis >= 0 else -1 for axis in point)
    return _OCTANTS[valence, arousal, dominance]


@cache
def _system() -> tuple[Float[np.ndarray, "2"], Float[np.ndarray, "2 2"], Float[np.ndarray, "2 2"]]:
    rates = np.array([[-1 / EMOTION_TAU_S, 1 / EMOTION_TAU_S], [MOOD_PULL / MOOD_TAU_S, -1 / MOOD_TAU_S]])
    values, vectors = np.linalg.eig(rates)
    return values, vectors, np.linalg.inv(vectors)


def _fading(elapsed_s: float) -> Float[np.ndarray, "2 2"]:
    """The matrix exponential over `elapsed_s`: what is left of emotion and mood in either."""
    values, vectors, inverse = _system()
    return vectors @ np.diag(np.exp(values * elapsed_s)) @ inverse

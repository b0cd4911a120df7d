"""Emotion transition: what speaking and listening do to a person's feelings.

The next emotion is the one before, faded by `mood.settle`, plus a personality-weighted variation: clamp(v + g delta)
(Wen et al., "Automatically select emotion for response via personality-affected emotion transition", Findings of
ACL 2021, with rules in the place of its network).
"""

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.personality.big_five import BigFive, temperament
from espressivo.conditioning.personality.mood import PLACE, Feelings, felt
from espressivo.conditioning.state import EmotionState

GAIN_SPAN = 0.5
"""Gains reach from 1 - this to 1 + this (estimate of the reference)."""
CONTAGION = 0.3
"""How far an average person is taken along by a full emotion of the other (fitted: `measure`)."""

_VALENCE = PLACE.start
_UNLIKE = 0.6  # with a lower cosine to what was heard, a reaction is another emotion (estimate)


def speak(feelings: Feelings, said: EmotionState, certainty: float, personality: BigFive) -> Feelings:
    """Return a speaker's feelings on saying something.

    Args:
        feelings: just before.
        said: what the words or a stage direction express.
        certainty: in [0, 1], how much that tells about the speaker; 0 leaves the feelings as they are.
        personality: of the speaker.
    """
    delta = np.concatenate([said.strengths(), said.vad]) - feelings.emotion
    return Feelings(_clamped(feelings.emotion + certainty * _gains(delta, personality) * delta), feelings.mood)


def hear(
    feelings: Feelings, other: Float[np.ndarray, "channels"], personality: BigFive, contagion: float = CONTAGION
) -> Feelings:
    """Return a listener's feelings after someone else has shown an emotion. A neutral one leaves them as they are.

    Args:
        feelings: just before.
        other: what the other shows (`mood.beyond_rest`).
        personality: of the listener.
        contagion: how far a full emotion of the other takes an average person along, in [0, 1].
    """
    loudness = min(1.0, float(other[: PLACE.start].sum()))
    delta = reaction(other, personality) - feelings.emotion
    moved = feelings.emotion + contagion * loudness * _gains(delta, personality) * delta
    return Feelings(_clamped(moved), feelings.mood)


def reaction(other: Float[np.ndarray, "channels"], personality: BigFive) -> Float[np.ndarray, "channels"]:
    """Return the emotion that another's emotion draws a listener towards.

    An average person shares it. Interpersonal complementarity (Kiesler, Psychological Review 90(3), 1983: like answers
    like in affiliation, unlike in control) bends this with agreeableness: the agreeable yield to dominance, the
    disagreeable share no valence, take dominance amiss and hold their own. Amounts are estimates.
    """
    valence, arousal, dominance = other[PLACE]
    warmth = 2 * personality.agreeableness - 1
    yielding, opposing = max(0.0, warmth), max(0.0, -warmth)
    place = np.array(
        [
            (1 - opposing) * valence - opposing * max(0.0, dominance),
            arousal,
            (1 - opposing) * (1 - 2 * yielding) * dominance + opposing * abs(dominance),
        ]
    )
    lengths = np.linalg.norm(place) * np.linalg.norm(other[PLACE])
    likeness = (place @ other[PLACE] / lengths - _UNLIKE) / (1 - _UNLIKE) if lengths > 0 else 1.0
    shared = float(np.clip(likeness, 0, 1))
    strengths = shared * other[: PLACE.start]
    if shared < 1:
        strengths = strengths + (1 - shared) * felt(place)[: PLACE.start]
    return np.concatenate([strengths, place])


def _gains(delta: Float[np.ndarray, "channels"], personality: BigFive) -> Float[np.ndarray, "channels"]:
    """How strongly a person varies, per channel.

    Extraverts respond more to what is pleasant and neurotics to what is not (Larsen & Ketelaar, J. Personality and
    Social Psychology 61(1), 1991); everything else follows the temperament's arousability.
    """
    gains = np.full(len(delta), 1 + GAIN_SPAN * temperament(personality)[1])
    trait = personality.extraversion if delta[_VALENCE] > 0 else personality.neuroticism
    gains[_VALENCE] = 1 + GAIN_SPAN * (2 * trait - 1)
    return gains


def _clamped(emotion: Float[np.ndarray, "channels"]) -> Float[np.ndarray, "channels"]:
    strengths = np.maximum(emotion[: PLACE.start], 0.0)
    strengths /= max(1.0, strengths.sum())
    return np.concatenate([strengths, np.clip(emotion[PLACE], -1, 1)])

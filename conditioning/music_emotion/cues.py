"""What is known of music's cues without any training data: the reader that may be used for everything.

Which cue says what, and in which direction: P. Juslin and P. Laukka, "Communication of emotions in vocal expression and
music performance", Psychological Bulletin 129(5), 2003; A. Gabrielsson and E. Lindström, "The role of
structure in the musical expression of emotions", in "Handbook of Music and Emotion", 2010. How much each one counts is
an estimate in round numbers; how much all of them count together was looked up on half of EMOPIA's training songs (one
factor for valence, one for arousal), so that they are about as often right as they say.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.music_emotion.features import FEATURES

_REACH = 2.5
"""No cue counts for more than so many spreads."""


@dataclass(frozen=True)
class _Cue:
    feature: str
    usual: float
    spread: float
    """Both as in ordinary solo piano, in round numbers (looked up on EMOPIA's clips, regardless of their labels)."""
    valence: float
    arousal: float
    """Log-odds of high valence and high arousal for each spread above what is usual."""


_CUES = (
    _Cue("power", 2.75, 0.8, 0.0, 1.3),
    _Cue("notes_per_s", 1.8, 0.55, 0.0, 0.8),
    _Cue("velocity", 0.5, 0.13, 0.0, 0.3),
    _Cue("length", -0.45, 0.55, 0.0, -0.8),
    _Cue("majorness", 0.1, 0.2, 1.3, 0.0),
    _Cue("semitones", 0.07, 0.04, -0.65, 0.0),
    _Cue("major_triads", 0.5, 0.2, 0.3, 0.0),
    _Cue("minor_triads", 0.4, 0.2, -0.3, 0.0),
)
_COLUMNS = [FEATURES.index(cue.feature) for cue in _CUES]
_USUAL = np.array([cue.usual for cue in _CUES])
_SPREAD = np.array([cue.spread for cue in _CUES])
_WEIGHTS = np.array([(cue.valence, cue.arousal) for cue in _CUES])


class CueReader:
    """Reads loudness, speed, length of notes, mode and consonance."""

    id = "music-cues"

    def log_odds(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n 2"]:
        """Log-odds that valence, and that arousal, is high rather than low."""
        return np.clip((features[:, _COLUMNS] - _USUAL) / _SPREAD, -_REACH, _REACH) @ _WEIGHTS

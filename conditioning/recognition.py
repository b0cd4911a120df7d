"""What a recogniser found: one form for voices, texts, faces and music, from which a track is made (`auto`)."""

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from jaxtyping import Float

Source = Literal["voice", "text", "face", "music"]


@dataclass(frozen=True, eq=False, kw_only=True)
class RecognisedEmotion:
    """Emotion recognised at moments of a recording, text, clip or piece; arrays are read-only."""

    source: Source
    times_s: Float[np.ndarray, "times"]
    """Rising, at least one."""
    posterior: Float[np.ndarray, "times categories"]
    """Calibrated probabilities, columns as `vocabulary.CATEGORIES` (0 for those the recogniser does not know). All are
    taken to be as likely beforehand, but for text as common as in written comments. Where there is nothing to recognise
    all of it is neutral."""
    vad: Float[np.ndarray, "times 3"]
    """Valence, arousal, dominance in [-1, 1], neutral at the origin, on the scale of `vocabulary.MEANS`."""
    confidence: Float[np.ndarray, "times"]
    """In [0, 1]: how likely the likeliest category is right; 0 where there is nothing to recognise."""
    intensity: Float[np.ndarray, "times"]
    """In [0, 1]: how far from neutral, of the way to the likely categories at their full strength."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if isinstance(array := getattr(self, field.name), np.ndarray):
                array.setflags(write=False)

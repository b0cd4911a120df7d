"""Speaking without emotion, in the way that is asked: style, edits, and the size of lip movement."""

from typing import Final

import numpy as np

from espressivo.conditioning.prosody import Prosody
from espressivo.conditioning.speech import Speech
from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.portrait.pctalk.accents import RAISED, brow_accents
from espressivo.generators.portrait.pctalk.articulation import DIRECTIONS, edited
from espressivo.generators.portrait.pctalk.direction import Direction
from espressivo.generators.portrait.pctalk.edits import curves_of
from espressivo.generators.portrait.pctalk.loudness import lip_scale
from espressivo.generators.portrait.pctalk.regions import REGIONS

_JAW, _CLOSE = CHANNEL["jawOpen"], CHANNEL["mouthClose"]
_LIPS: Final = REGIONS["lips"].channels


def spoken(neutral: FaceMotion, direction: Direction, speech: Speech, prosody: Prosody) -> FaceMotion:
    """Return a neutral motion as the style, the edits and the voice's loudness want it spoken.

    Lips do not have to touch in it yet. Weights keep to [0, 1].

    Raises:
        InputError: an edit is for a word that is not said, or the words are not known.
    """
    style, times_s = direction.style, neutral.times_s
    scales, additions = curves_of(direction.edits, times_s, speech.words)
    weights = neutral.weights.astype(np.float64)
    weights[:, _LIPS] *= lip_scale(prosody, times_s, direction.lip_scale, direction.follow_loudness + style.loudness)[
        :, None
    ]
    for name in DIRECTIONS:
        weights = edited(weights, name, scales[name] * getattr(style, name), additions[name])
    weights[:, _CLOSE] = np.minimum(weights[:, _CLOSE], weights[:, _JAW])  # more would push the lips through each other
    weights += style.brows * brow_accents(prosody, times_s)[:, None] * RAISED
    return FaceMotion(np.clip(weights, 0.0, 1.0), style.head * neutral.head_rad, neutral.gaze_rad, neutral.fps)

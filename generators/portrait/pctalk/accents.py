"""Brows that rise where a speaker stresses a word, as far as the speaking style has it."""

from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.prosody import Prosody
from espressivo.generators.face.arkit import weights_from
from espressivo.generators.face.articulation.contacts import smoothstep

RAISED: Final[Float[np.ndarray, "52"]] = weights_from(browInnerUp=0.8, browOuterUp=0.7).astype(np.float64)
RISE_S: Final = 0.18
FALL_S: Final = 0.35
LEAD_S: Final = 0.06
"""Brows are highest a little before the stressed vowel's peak (estimate)."""


def brow_accents(prosody: Prosody, times_s: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    """Return in [0, 1] how far the brows are raised: up before each accent of the voice, and slowly down after it."""
    raised = np.zeros(len(times_s))
    for accent_s in prosody.accents_s - LEAD_S:
        since_s = times_s - accent_s
        level = smoothstep(1.0 - np.abs(since_s) / np.where(since_s < 0, RISE_S, FALL_S))
        raised = np.maximum(raised, level * prosody.at("loudness", np.array([accent_s]))[0])
    return raised

"""Lips that have to touch, after everything else has been done to them."""

from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from espressivo.conditioning.prosody import Prosody
from espressivo.conditioning.speech import Speech
from espressivo.generators.face.arkit import MOUTH_CHANNELS
from espressivo.generators.face.articulation.closure import LipGap, enforce_closures
from espressivo.generators.face.articulation.composition import articulate

_MOUTH: Final = np.array(MOUTH_CHANNELS)


def touch_again(
    weights: Float[np.ndarray, "frames 52"],
    changed: Bool[np.ndarray, "frames"],
    speech: Speech,
    prosody: Prosody,
    times_s: Float[np.ndarray, "frames"],
    lip_gap: LipGap,
) -> Float[np.ndarray, "frames 52"]:
    """Make the contacts of the line's phones in the frames that were changed; others stay as they are, to the bit.

    Weights beyond 1, for a renderer that takes them, give way by the same share as those of 1.
    """
    if not changed.any() or not speech.phones:
        return weights
    asked = articulate(speech, prosody, times_s)
    touching = changed & ((asked.closure > 0) | (asked.labiodental > 0) | (asked.sibilant > 0))
    made = enforce_closures(weights, asked, lip_gap)[:, _MOUTH]
    before = weights[:, _MOUTH]
    result = np.array(weights)
    result[:, _MOUTH] = np.where(touching[:, None], np.where(before > 1.0, before * made, made), before)
    return result

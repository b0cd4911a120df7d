"""Speech and emotion on one face: the upper face is the emotion's, the mouth gives way to articulation."""

from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.prosody import Prosody
from espressivo.generators.face.arkit import CHANNEL, MOUTH_CHANNELS, SIDED

SPEAKING_SHARE: Final = 0.45
"""Share of the emotion's mouth that stays in speech (estimate, looked at)."""
GIVE_WAY_S: Final = 0.15
"""Time constant of giving way and coming back."""
HELD_S: Final = 0.4
"""The mouth stays with the speech so long before and after each sound: an expression that came back between two words
would open the mouth where the voice pauses, against the sound."""
SMILE_SPREADS: Final = 0.5
"""A full smile takes this share off rounded lips."""
OPPOSITES: Final = (
    *((f"mouthSmile{side}", f"mouthFrown{side}") for side in SIDED),
    ("jawLeft", "jawRight"),
    ("mouthLeft", "mouthRight"),
    *((f"mouthPress{side}", f"mouthLowerDown{side}") for side in SIDED),
)
"""Channels that pull one tissue in two directions: together at most 1."""

_MOUTH: Final = np.array(MOUTH_CHANNELS)
_ROUNDED: Final = np.array([CHANNEL["mouthFunnel"], CHANNEL["mouthPucker"]])


def compose(
    speech: Float[np.ndarray, "frames 52"],
    expression: Float[np.ndarray, "frames 52"],
    prosody: Prosody,
    times_s: Float[np.ndarray, "frames"],
) -> Float[np.ndarray, "frames 52"]:
    """Put an expression on a speaking face.

    Lips that must close are closed afterwards, on the sum (`articulation.enforce_closures`). An expression of zeros
    returns the speech to the bit, as far as that keeps to [0, 1] and to `OPPOSITES`.

    Returns:
        ARKit weights in [0, 1].
    """
    speech, expression = np.asarray(speech, np.float32), np.asarray(expression, np.float32)
    share = np.ones_like(expression)
    share[:, _MOUTH] = mouth_share(prosody, times_s)[:, None]
    emotion = expression * share

    smile = (emotion[:, CHANNEL["mouthSmileLeft"]] + emotion[:, CHANNEL["mouthSmileRight"]]) / 2
    weights = speech.copy()
    weights[:, _ROUNDED] *= (1 - np.float32(SMILE_SPREADS) * smile)[:, None]
    return hold_opposites(np.clip(weights + emotion, 0, 1))


def mouth_share(prosody: Prosody, times_s: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    """Share of the emotion's mouth over time: 1 in pauses, `SPEAKING_SHARE` in speech.

    The voice's presence is held and smoothed to both sides, so the mouth gives way just before the first sound.
    """
    from scipy.ndimage import maximum_filter1d

    presence = maximum_filter1d(np.asarray(prosody.speaking, float), 2 * round(HELD_S * prosody.rate_hz) + 1)
    reach = int(4 * GIVE_WAY_S * prosody.rate_hz)
    kernel = np.exp(-np.abs(np.arange(-reach, reach + 1)) / (GIVE_WAY_S * prosody.rate_hz))
    padded = np.pad(presence, reach, mode="edge")
    smooth = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    moments = np.arange(len(smooth)) / prosody.rate_hz
    return (1 - (1 - SPEAKING_SHARE) * np.interp(times_s, moments, smooth)).astype(np.float32)


def hold_opposites(weights: Float[np.ndarray, "frames 52"]) -> Float[np.ndarray, "frames 52"]:
    """Scale pairs of opposites down to a sum of 1 where they exceed it."""
    held = weights.copy()
    for pair in OPPOSITES:
        columns = [CHANNEL[name] for name in pair]
        held[:, columns] /= np.maximum(held[:, columns].sum(1, keepdims=True), 1)
    return held

"""The room around the own synthesiser's instruments."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float32
from scipy.signal import butter, oaconvolve, sosfilt

_BEFORE_S = 0.011
_REVERBERATION_S = 1.1
_WET = 0.22
_PIECE = 1 << 20


def in_room(dry: Float32[np.ndarray, "samples 2"], rate_hz: int) -> Float32[np.ndarray, "samples 2"]:
    """Return the sound with the room's answer; linear, so that tracks in the room add up to the piece in the room.

    The walls answer to what both sides play together, each ear differently.
    """
    sound, answer = dry.copy(), _answer(rate_hz)
    # Piece by piece: the transforms of half an hour at once take gigabytes.
    for begin in range(0, len(dry), _PIECE):
        sent = dry[begin : begin + _PIECE].mean(axis=1, keepdims=True)
        wet = oaconvolve(sent, answer, axes=0)[: len(dry) - begin]
        sound[begin : begin + len(wet)] += wet
    return sound


@lru_cache(maxsize=4)
def _answer(rate_hz: int) -> Float32[np.ndarray, "samples 2"]:
    """Return a room's impulse response: noise that fades, its treble sooner; different for the two ears."""
    times_s = np.arange(round(_REVERBERATION_S * rate_hz)) / rate_hz
    noise = np.random.default_rng(1).standard_normal((len(times_s), 2))
    low = np.asarray(sosfilt(butter(1, [150, 1800], "band", fs=rate_hz, output="sos"), noise, axis=0))
    high = np.asarray(sosfilt(butter(1, [1800, 7000], "band", fs=rate_hz, output="sos"), noise, axis=0))
    rate = 6.91 / _REVERBERATION_S
    tail = low * np.exp(-rate * times_s)[:, None] + high * np.exp(-2.2 * rate * times_s)[:, None]
    tail *= np.minimum(1, times_s / 0.02)[:, None] * _WET / np.sqrt((tail**2).sum(axis=0))
    return np.concatenate([np.zeros((round(_BEFORE_S * rate_hz), 2)), tail]).astype(np.float32)

"""Music that makes room for speech."""

import numpy as np
from jaxtyping import Bool, Float
from numba import njit

from espressivo.errors import InputError

_HOP_S = 0.01
_HOLD_S = 0.25
"""Gaps between words that do not bring the music back."""
_HEARD_BELOW_LOUDEST_DB = 30.0
_SILENCE = 1e-4


def duck(
    music: Float[np.ndarray, "samples 2"],
    speech: Float[np.ndarray, "speech_samples"],
    rate_hz: int,
    depth_db: float = -12.0,
    attack_s: float = 0.15,
    release_s: float = 0.6,
) -> Float[np.ndarray, "samples 2"]:
    """Turn the music down while somebody speaks; both at `rate_hz` and beginning together.

    The music is on its way down `attack_s` before a word begins, stays
    there over gaps of a quarter of a second, and is back `release_s` after that.

    Raises:
        InputError: a depth above 0 or below -60 dB, or a time that is not between 0 and 10 s.
    """
    return (music * gain_under(speech, len(music), rate_hz, depth_db, attack_s, release_s)[:, None]).astype(music.dtype)


def gain_under(
    speech: Float[np.ndarray, "speech_samples"],
    samples: int,
    rate_hz: int,
    depth_db: float = -12.0,
    attack_s: float = 0.15,
    release_s: float = 0.6,
) -> Float[np.ndarray, "samples"]:
    """Return the gain of the music at each of its samples. Arguments and errors as for `duck`."""
    if not -60 <= depth_db <= 0:
        raise InputError(f"A ducking depth of {depth_db:g} dB cannot be used; choose -60 to 0, such as -12.")
    if not (0 < attack_s <= 10 and 0 < release_s <= 10):
        raise InputError("Attack and release of the ducking must lie between 0 and 10 s, such as 0.15 and 0.6.")
    hop = round(_HOP_S * rate_hz)
    frames = -(-samples // hop) + 1
    spoken = _spoken(np.nan_to_num(speech), hop, frames)
    # Held over short gaps after a word, and begun ahead of it.
    hold, ahead = round(_HOLD_S / _HOP_S), round(attack_s / _HOP_S)
    near = np.convolve(spoken, np.ones(hold + ahead + 1))[ahead : ahead + frames] > 0.5
    curve = _followed(near * depth_db, -depth_db * _HOP_S / attack_s, -depth_db * _HOP_S / release_s)
    return 10 ** (np.interp(np.arange(samples) / hop, np.arange(frames), curve) / 20)


def _spoken(speech: Float[np.ndarray, "n"], hop: int, frames: int) -> Bool[np.ndarray, "frames"]:
    """Return which frames of speech are no more than 30 dB below its loud ones."""
    padded = np.zeros(frames * hop)
    padded[: min(len(speech), len(padded))] = speech[: len(padded)]
    level = np.sqrt((padded.reshape(frames, hop) ** 2).mean(axis=1))
    loud = np.percentile(level[level > _SILENCE], 95) if (level > _SILENCE).any() else np.inf
    return level > max(_SILENCE, loud * 10 ** (-_HEARD_BELOW_LOUDEST_DB / 20))


@njit(cache=True)
def _followed(
    wanted: Float[np.ndarray, "frames"], down: float, up: float
) -> Float[np.ndarray, "frames"]:  # pragma: no cover - compiled
    """Return the curve in dB that falls by at most `down` and rises by at most `up` a frame."""
    curve = np.empty_like(wanted)
    now = 0.0
    for frame in range(len(wanted)):
        now = max(wanted[frame], now - down) if wanted[frame] < now else min(wanted[frame], now + up)
        curve[frame] = now
    return curve

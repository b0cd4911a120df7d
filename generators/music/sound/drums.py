"""The drum kit of the own synthesiser: a falling tone and a burst of noise for each piece of the kit."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.signal import butter, sosfilt


@dataclass(frozen=True)
class _Piece:
    tone: float
    tone_hz: float
    fall: float
    """How many times higher the tone begins than it ends."""
    tone_s: float
    noise: float
    band_hz: tuple[float, float]
    noise_s: float


_KICK = _Piece(1.0, 52, 3.0, 0.11, 0.12, (800, 5000), 0.008)
_SNARE = _Piece(0.4, 185, 1.4, 0.06, 0.6, (900, 9000), 0.075)
_CLAP = _Piece(0.0, 200, 1.0, 0.05, 0.7, (900, 4000), 0.09)
_CLOSED = _Piece(0.0, 200, 1.0, 0.05, 0.3, (7000, 15000), 0.025)
_OPEN = _Piece(0.0, 200, 1.0, 0.05, 0.3, (6500, 15000), 0.18)
_CRASH = _Piece(0.0, 200, 1.0, 0.05, 0.45, (3000, 15000), 0.5)
_RIDE = _Piece(0.08, 3400, 1.0, 0.3, 0.18, (5000, 14000), 0.35)
_STICK = _Piece(0.35, 1700, 1.0, 0.012, 0.25, (2000, 9000), 0.01)
_KIT = {
    **dict.fromkeys((35, 36), _KICK),
    **dict.fromkeys((38, 40), _SNARE),
    **dict.fromkeys((42, 44), _CLOSED),
    **dict.fromkeys((49, 52, 55, 57), _CRASH),
    **dict.fromkeys((51, 53, 59), _RIDE),
    **{
        tom: _Piece(0.8, hz, 1.6, 0.16, 0.1, (300, 3000), 0.03)
        for tom, hz in zip((41, 43, 45, 47, 48, 50), (75, 90, 105, 125, 150, 175), strict=True)
    },
    37: _STICK,
    39: _CLAP,
    46: _OPEN,
}


@lru_cache(maxsize=512)
def hit(pitch: int, velocity: int, rate_hz: int) -> Float[np.ndarray, "samples 2"]:
    """Return one stroke on what General MIDI puts at `pitch`; a stick for those not in the table."""
    piece = _KIT.get(pitch, _STICK)
    force = velocity / 127
    times_s = np.arange(round(7 * max(piece.tone_s * bool(piece.tone), piece.noise_s) * rate_hz)) / rate_hz
    begin = 1 - np.exp(-times_s / 0.0006)
    # The pitch falls towards its end with a quarter of the time that the tone takes to fade.
    falling_s = piece.tone_s / 4
    turns = piece.tone_hz * (times_s + (piece.fall - 1) * falling_s * (1 - np.exp(-times_s / falling_s)))
    tone = piece.tone * np.sin(2 * np.pi * turns) * np.exp(-times_s / piece.tone_s)
    noise = np.random.default_rng(pitch).standard_normal((len(times_s), 2))
    band = (piece.band_hz[0], min(piece.band_hz[1] * (0.4 + 0.6 * force), 0.45 * rate_hz))
    coloured = np.asarray(sosfilt(butter(2, band, "band", fs=rate_hz, output="sos"), noise, axis=0))
    rattle = piece.noise * coloured * np.exp(-times_s / piece.noise_s)[:, None]
    fade = np.minimum(1.0, (times_s[-1] - times_s) / 0.005)
    return 0.5 * force**1.6 * ((tone * begin)[:, None] + rattle * begin[:, None]) * fade[:, None]

"""What PC-Talk hears: a mel spectrogram in the manner of Wav2Lip, cut into one window per frame of the video."""

from functools import cache

import numpy as np
from jaxtyping import Float, Float32

from espressivo.media.decode import SAMPLE_RATE_HZ

FPS = 25.0
"""Frames of the video per second."""
BANDS = 80
WINDOW = 16
"""Frames of the spectrogram that one frame of the video hears, 0.2 s."""

_HOP = 200
_FFT = 800
_RATE = SAMPLE_RATE_HZ / _HOP
"""Frames of the spectrogram per second."""
_EMPHASIS = 0.97
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 7600.0
_FLOOR = 1e-5
_REFERENCE_DB, _RANGE_DB = 20.0, 100.0
_LIMIT = 4.0
# Slaney's mel scale: linear up to 1 kHz, then logarithmic, 27 mel per factor of 6.4.
_BREAK_HZ, _HZ_PER_MEL, _MEL_PER_LOG = 1000.0, 200 / 3, 27 / np.log(6.4)


def mel_spectrogram(samples: Float[np.ndarray, "samples"]) -> Float32[np.ndarray, "frames 80"]:
    """Return the spectrogram of sound at 16 kHz, 80 frames per second, values from -4 (silence) to 4."""
    sound = np.asarray(samples, np.float32)
    sharp = np.concatenate([sound[:1], sound[1:] - np.float32(_EMPHASIS) * sound[:-1]])
    padded = np.pad(sharp, _FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP]
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)).astype(np.float32)
    # In pieces, so that a long line needs no more memory than its spectrogram.
    pieces = [
        np.abs(np.fft.rfft(frames[start : start + 4096] * hann, axis=1)) @ _mel_bands().T
        for start in range(0, len(frames), 4096)
    ]
    level_db = 20 * np.log10(np.maximum(_FLOOR, np.concatenate(pieces))) - _REFERENCE_DB
    scaled = 2 * _LIMIT * (level_db + _RANGE_DB) / _RANGE_DB - _LIMIT
    return np.clip(scaled, -_LIMIT, _LIMIT).astype(np.float32)


def frame_count(mel: Float[np.ndarray, "frames 80"]) -> int:
    """Return how many frames of the video a spectrogram is for."""
    return max(1, int(max(1, len(mel) - WINDOW) / _RATE * FPS))


def mel_windows(mel: Float32[np.ndarray, "frames 80"], first: int, last: int) -> Float32[np.ndarray, "frames 1 80 16"]:
    """Return what the frames of the video from `first` to before `last` hear; the spectrogram's end goes on."""
    starts = (int(_RATE * frame / FPS) for frame in range(first, last))
    places = [np.minimum(np.arange(start, start + WINDOW), len(mel) - 1) for start in starts]
    return mel[np.stack(places)].swapaxes(1, 2)[:, np.newaxis]


@cache
def _mel_bands() -> Float[np.ndarray, "80 bins"]:
    """Return triangles over frequency of equal area, their corners evenly spaced in mel."""
    corners = _hz(np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2))
    bins_hz = np.arange(_FFT // 2 + 1) * (SAMPLE_RATE_HZ / _FFT)
    rising = (bins_hz - corners[:-2, np.newaxis]) / np.diff(corners)[:-1, np.newaxis]
    falling = (corners[2:, np.newaxis] - bins_hz) / np.diff(corners)[1:, np.newaxis]
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (corners[2:] - corners[:-2]))[:, np.newaxis]


def _mel(hz: float) -> float:
    linear = hz / _HZ_PER_MEL
    return linear if hz < _BREAK_HZ else _BREAK_HZ / _HZ_PER_MEL + float(np.log(hz / _BREAK_HZ)) * _MEL_PER_LOG


def _hz(mel: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    past = mel - _BREAK_HZ / _HZ_PER_MEL
    return np.where(past < 0, mel * _HZ_PER_MEL, _BREAK_HZ * np.exp(past / _MEL_PER_LOG))

"""Mel-frequency cepstra as SyncNet was trained on: those of the package python_speech_features 0.6, at its defaults."""

import numpy as np
from jaxtyping import Float, Int16
from scipy.fft import dct

SAMPLE_RATE_HZ = 16000
STEP_SAMPLES = 160
_FRAME_SAMPLES = 400
_FFT = 512
_FILTERS = 26
_CEPSTRA = 13
_PREEMPHASIS = 0.97
_LIFTER = 22


def mfcc(samples: Int16[np.ndarray, "samples"]) -> Float[np.ndarray, "steps 13"]:
    """Return 13 cepstra for each 10 ms; the first is the logarithm of the frame's energy.

    Windows are rectangular and 25 ms long, the last one filled up with zeros. Filters stand on whole bins of the
    spectrum, and digital silence counts as the smallest number above 0, as in python_speech_features 0.6.

    Args:
        samples: 16 kHz mono, at the scale of 16-bit integers.

    Raises:
        ValueError: there is no sample, or the samples are not 16-bit integers.
    """
    if samples.dtype != np.int16 or samples.ndim != 1 or not len(samples):
        raise ValueError(f"MFCC need mono 16-bit samples, got {samples.dtype} {samples.shape}.")
    wave = samples.astype(np.float64)
    wave = np.append(wave[0], wave[1:] - _PREEMPHASIS * wave[:-1])
    steps = 1 + max(0, -(-(len(wave) - _FRAME_SAMPLES) // STEP_SAMPLES))
    wave = np.pad(wave, (0, max(0, (steps - 1) * STEP_SAMPLES + _FRAME_SAMPLES - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(wave, _FRAME_SAMPLES)[::STEP_SAMPLES][:steps]
    power = np.abs(np.fft.rfft(frames, _FFT)) ** 2 / _FFT
    bands = np.log(_above_zero(power @ _mel_filters().T))
    cepstra = np.asarray(dct(bands, type=2, axis=1, norm="ortho"))[:, :_CEPSTRA]
    cepstra *= 1 + _LIFTER / 2 * np.sin(np.pi * np.arange(_CEPSTRA) / _LIFTER)
    cepstra[:, 0] = np.log(_above_zero(power.sum(axis=1)))
    return cepstra


def _above_zero(values: np.ndarray) -> np.ndarray:
    return np.where(values == 0, np.finfo(np.float64).eps, values)


def _mel_filters() -> Float[np.ndarray, "filters bins"]:
    """Triangles between bins that are equally spaced on the mel scale from 0 Hz to half the sample rate."""
    highest_mel = 2595 * np.log10(1 + SAMPLE_RATE_HZ / 2 / 700)
    edges_hz = 700 * (10 ** (np.linspace(0, highest_mel, _FILTERS + 2) / 2595) - 1)
    edges = np.floor((_FFT + 1) * edges_hz / SAMPLE_RATE_HZ)
    left, centre, right = (edges[start : start + _FILTERS, np.newaxis] for start in range(3))
    bins = np.arange(_FFT // 2 + 1)
    rising = np.where((bins >= left) & (bins < centre), (bins - left) / (centre - left), 0.0)
    return np.where((bins >= centre) & (bins < right), (right - bins) / (right - centre), rising)

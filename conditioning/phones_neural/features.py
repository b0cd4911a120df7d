"""Log-mel features of speech, the same in training and at run time: 48 bands, 100 frames per second, 16 kHz.

Level, microphone and dynamic range are taken out here: the level is that of the loud frames, a soft floor hides what
lies 50 dB below it, and each band's mean over the active frames is removed. That mean is drawn towards the mean of
the training speech when there is little speech to measure it on, so that one short vowel does not erase itself.
"""

from functools import cache

import numpy as np
from jaxtyping import Bool, Float

SAMPLE_RATE_HZ = 16_000
FRAME_RATE_HZ = 100
BANDS = 48

_HOP = SAMPLE_RATE_HZ // FRAME_RATE_HZ
_WINDOW = 400
_FFT = 512
_BINS = _FFT // 2 + 1
_LOW_HZ, _HIGH_HZ = 50.0, 7600.0
_EMPHASIS_HZ = 1000.0  # 6 dB per octave above it, about the fall of a voice's spectrum
_CHUNK_FRAMES = 6000

_SOFT_FLOOR = 1e-5  # 50 dB below the reference level
_ACTIVE = 10.0**-2.6  # 26 dB below the reference level
_AUDIBLE = 1e-3  # frames that may set the reference level: 30 dB below the loudest
_QUIETEST_REFERENCE = 1e-4  # below about -60 dBFS nothing is made louder, so digital silence stays silence
_PRIOR_FRAMES = 100.0
_SPREAD = 2.5  # nepers; about the deviation of speech, brings the features near unit variance


def speech_features(
    samples: Float[np.ndarray, " samples"], prior: Float[np.ndarray, "bands"]
) -> Float[np.ndarray, "frames bands"]:
    """Return the normalised log-mel features of 16 kHz `samples`; frame i is centred on i / 100 s.

    Args:
        samples: mono, in [-1, 1].
        prior: mean of `log_level` over the active frames of the training speech.
    """
    return normalise(mel_power(samples), prior)


def mel_power(samples: Float[np.ndarray, " samples"]) -> Float[np.ndarray, "frames bands"]:
    """Return the power in each mel band, a minute at a time so that memory stays small."""
    filters = mel_filters()
    starts = range(0, frame_count(len(samples)), _CHUNK_FRAMES)
    return np.concatenate([power_spectrum(samples, start, start + _CHUNK_FRAMES) @ filters for start in starts])


def frame_count(sample_count: int) -> int:
    """Return the number of frames of a sound of `sample_count` samples at 16 kHz."""
    return sample_count // _HOP + 1


def power_spectrum(
    samples: Float[np.ndarray, " samples"], start: int = 0, stop: int | None = None
) -> Float[np.ndarray, "frames bins"]:
    """Return the power spectra (257 bins, Hann window of 25 ms) of the frames from `start` to before `stop`."""
    stop = min(frame_count(len(samples)), frame_count(len(samples)) if stop is None else stop)
    first = start * _HOP - _WINDOW // 2
    last = (stop - 1) * _HOP + _WINDOW // 2
    inside = np.asarray(samples[max(first, 0) : last], dtype=np.float32)
    padded = np.pad(inside, (max(-first, 0), last - max(first, 0) - len(inside)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    spectra = np.fft.rfft(frames * np.hanning(_WINDOW + 1)[:-1].astype(np.float32), _FFT)
    return (spectra.real**2 + spectra.imag**2).astype(np.float32)


@cache
def mel_filters(warp: float = 1.0) -> Float[np.ndarray, "bins bands"]:
    """Return triangular filters, equally spaced in mel from 50 to 7600 Hz, high tones lifted.

    Args:
        warp: factor on the centre frequencies; above 1 the voice sounds as if its tract were longer (VTLP: Jaitly and
            Hinton, 2013, without their upper break: filters beyond 8 kHz are kept inside).
    """
    mel_low, mel_high = (2595.0 * np.log10(1.0 + hz / 700.0) for hz in (_LOW_HZ, _HIGH_HZ))
    corners_hz = 700.0 * (10.0 ** (np.linspace(mel_low, mel_high, BANDS + 2) / 2595.0) - 1.0)
    nyquist_hz = SAMPLE_RATE_HZ / 2
    top_hz = min(corners_hz[-1] * warp, nyquist_hz)
    knee_hz = 0.8 * corners_hz[-1]
    warped_hz = np.interp(corners_hz, [0.0, knee_hz, corners_hz[-1]], [0.0, min(knee_hz * warp, 0.93 * top_hz), top_hz])
    low, centre, high = warped_hz[:-2], warped_hz[1:-1], warped_hz[2:]
    bins_hz = np.linspace(0.0, nyquist_hz, _BINS)[:, None]
    # A bin counts at least partly in the low bands, which are narrower than a bin: widen them to one bin.
    width_hz = SAMPLE_RATE_HZ / _FFT
    rising = (bins_hz - low) / np.maximum(centre - low, width_hz)
    falling = (high - bins_hz) / np.maximum(high - centre, width_hz)
    emphasis = 1.0 + (bins_hz / _EMPHASIS_HZ) ** 2
    return (np.clip(np.minimum(rising, falling), 0.0, None) * emphasis).astype(np.float32)


def normalise(
    power: Float[np.ndarray, "frames bands"], prior: Float[np.ndarray, "bands"]
) -> Float[np.ndarray, "frames bands"]:
    """Return log power without level and without the mean spectrum of the active frames."""
    level, active = log_level(power)
    mean = (level[active].sum(axis=0) + _PRIOR_FRAMES * prior) / (active.sum() + _PRIOR_FRAMES)
    return ((level - mean) / _SPREAD).astype(np.float32)


def log_level(
    power: Float[np.ndarray, "frames bands"],
) -> tuple[Float[np.ndarray, "frames bands"], Bool[np.ndarray, " frames"]]:
    """Return the natural log of band power over the clip's reference level, and which frames are active."""
    energy = power.mean(axis=1)
    loudest = np.percentile(energy, 99.5)
    reference = max(float(np.percentile(energy[energy >= _AUDIBLE * loudest], 95)), _QUIETEST_REFERENCE)
    return np.log(power / np.float32(reference) + np.float32(_SOFT_FLOOR)), energy > _ACTIVE * reference

"""How loud sound is, and how to bring it to a loudness without clipping: ITU-R BS.1770-5."""

import numpy as np
from jaxtyping import Float, Float32
from numba import njit
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from espressivo.errors import InputError

TARGET_LUFS = -16.0
CEILING_DBTP = -1.0
_OFFSET_LU = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_STEP_S, _BLOCK_STEPS = 0.1, 4
_LOOK_AHEAD_S = 0.005
_OVERSAMPLING, _TAPS = 4, 16
_CHUNK = 4096
_ROUNDS = 6
_NEAR_ENOUGH_LU = 0.05
# A tenth of a dB for what a changing gain does between the samples.
_CEILING = 10 ** ((CEILING_DBTP - 0.1) / 20)
# Analogue prototypes of the two filters, which annex 1 gives as coefficients at 48 kHz: a shelf, a high-pass.
_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_LOW_CUT_HZ, _LOW_CUT_Q = 38.13547087602444, 0.5003270373238773


def integrated_lufs(sound: Float[np.ndarray, "samples channels"], rate_hz: int) -> float:
    """Return the gated loudness of left and right (or one channel); -inf for silence.

    Sound shorter than a block of 400 ms is measured as if silence followed.
    """
    step = round(_STEP_S * rate_hz)
    # What is left over after the last whole step counts where there is not even one block.
    steps = len(sound) // step if len(sound) >= _BLOCK_STEPS * step else _BLOCK_STEPS
    energy = _weighted_energy(sound, step, steps, *_k_weighting(rate_hz))
    power = np.convolve(energy, np.ones(_BLOCK_STEPS), "valid") / (_BLOCK_STEPS * step)
    heard = power[power > _power_of(_ABSOLUTE_GATE_LUFS)]
    if not len(heard):
        return -np.inf
    gate = heard.mean() * 10 ** (_RELATIVE_GATE_LU / 10)
    return float(_OFFSET_LU + 10 * np.log10(heard[heard > gate].mean()))


def true_peak_db(sound: Float[np.ndarray, "samples channels"]) -> float:
    """Return the highest value between the samples, dB of full scale (annex 2: four times oversampled)."""
    return 20 * float(np.log10(max(_peaks(sound).max(initial=0.0), 1e-10)))


def normalised(
    sound: Float[np.ndarray, "samples channels"],
    rate_hz: int,
    target_lufs: float = TARGET_LUFS,
    *,
    periodic: bool = False,
) -> tuple[Float[np.ndarray, "samples channels"], float]:
    """Bring `sound` to a loudness with peaks below `CEILING_DBTP`; also return the gain in dB before limiting.

    Peaks over the ceiling are turned down by a limiter that looks 5 ms ahead, and the gain makes up for it. Silence
    stays silence. With `periodic` the limiter goes round from the end to the beginning, so that a loop stays one.

    Raises:
        InputError: the target is no loudness between -60 and -8 LUFS.
    """
    if not -60 <= target_lufs <= -8:
        raise InputError(f"A loudness of {target_lufs:g} LUFS is out of reach; choose -60 to -8, such as -16.")
    loudness = integrated_lufs(sound, rate_hz)
    if not np.isfinite(loudness):
        return sound, 0.0
    gain_db, peaks = target_lufs - loudness, _peaks(sound)
    result = np.empty_like(sound)
    for _ in range(_ROUNDS):
        gain = 10 ** (gain_db / 20)
        if peaks.max() * gain <= _CEILING:
            return np.multiply(sound, gain, out=result), gain_db
        np.multiply(sound, (gain * _limit(peaks * gain, rate_hz, periodic))[:, None], out=result)
        short = target_lufs - integrated_lufs(result, rate_hz)
        if abs(short) < _NEAR_ENOUGH_LU:
            break
        gain_db += short
    return result, gain_db


def _limit(peaks: Float[np.ndarray, "samples"], rate_hz: int, periodic: bool) -> Float[np.ndarray, "samples"]:
    """Return the gain that turns down peaks above the ceiling, smoothly and ahead of them; 1 elsewhere."""
    width = 2 * round(_LOOK_AHEAD_S * rate_hz) + 1
    mode = "wrap" if periodic else "nearest"
    gain = minimum_filter1d(_CEILING / np.maximum(peaks, _CEILING), width, mode=mode)
    # Two running means that together are no longer than the window of the minimum: nowhere above what is wanted.
    for _ in range(2):
        gain = uniform_filter1d(gain, width // 2, mode=mode)
    return gain


def _peaks(sound: Float[np.ndarray, "samples channels"]) -> Float32[np.ndarray, "samples"]:
    """Return the largest magnitude around each sample, over channels and three points in between."""
    return _peaks_between(sound, _INTERPOLATION)


@njit(cache=True, fastmath=True)
def _peaks_between(
    sound: Float[np.ndarray, "samples channels"], taps: Float32[np.ndarray, "phases taps"]
) -> Float32[np.ndarray, "samples"]:  # pragma: no cover - compiled
    samples, channels = sound.shape
    half = taps.shape[1] // 2
    peaks = np.zeros(samples, np.float32)
    padded = np.zeros(samples + 2 * half, np.float32)
    value = np.empty(_CHUNK, np.float32)
    for channel in range(channels):
        for place in range(samples):
            padded[half - 1 + place] = sound[place, channel]
        for begin in range(0, samples, _CHUNK):
            length = min(_CHUNK, samples - begin)
            for place in range(length):
                peaks[begin + place] = max(peaks[begin + place], abs(padded[half - 1 + begin + place]))
            for phase in range(taps.shape[0]):
                value[:] = 0
                for tap in range(taps.shape[1]):
                    weight = taps[phase, tap]
                    for place in range(length):
                        value[place] += weight * padded[begin + place + tap]
                for place in range(length):
                    peaks[begin + place] = max(peaks[begin + place], abs(value[place]))
    return peaks


def _interpolation() -> Float32[np.ndarray, "phases taps"]:
    """Return the weights of the samples around for the points at each fourth between two: a sinc under a window."""
    taps = np.arange(-_TAPS // 2 + 1, _TAPS // 2 + 1)
    away = taps - np.arange(1, _OVERSAMPLING)[:, None] / _OVERSAMPLING
    return (np.sinc(away) * np.i0(5.0 * np.sqrt(1 - (2 * away / _TAPS) ** 2)) / np.i0(5.0)).astype(np.float32)


_INTERPOLATION = _interpolation()


@njit(cache=True)
def _weighted_energy(
    sound: Float[np.ndarray, "samples channels"],
    step: int,
    steps: int,
    shelf: Float[np.ndarray, "5"],
    low_cut: Float[np.ndarray, "5"],
) -> Float[np.ndarray, "steps"]:  # pragma: no cover - compiled
    """Return the energy of each step after both filters, channels added."""
    energy = np.zeros(steps)
    for channel in range(sound.shape[1]):
        x1 = x2 = y1 = y2 = z1 = z2 = 0.0
        for place in range(min(len(sound), steps * step)):
            x = sound[place, channel]
            y = shelf[0] * x + shelf[1] * x1 + shelf[2] * x2 - shelf[3] * y1 - shelf[4] * y2
            z = low_cut[0] * y + low_cut[1] * y1 + low_cut[2] * y2 - low_cut[3] * z1 - low_cut[4] * z2
            x2, x1, y2, y1, z2, z1 = x1, x, y1, y, z1, z
            energy[place // step] += z * z
    return energy


def _k_weighting(rate_hz: int) -> tuple[Float[np.ndarray, "5"], Float[np.ndarray, "5"]]:
    """Return the filters of annex 1, figures 2 to 5: the shelf of a head in its field, and a cut of the lowest bass."""
    k = np.tan(np.pi * _SHELF_HZ / rate_hz)
    high = 10 ** (_SHELF_DB / 20)
    band = high**0.4996667741545416
    whole = 1 + k / _SHELF_Q + k * k
    shelf = np.array([high + band * k / _SHELF_Q + k * k, 2 * (k * k - high), high - band * k / _SHELF_Q + k * k])
    cut = np.tan(np.pi * _LOW_CUT_HZ / rate_hz)
    return (
        np.concatenate([shelf / whole, _poles(k, _SHELF_Q)]),
        np.concatenate([[1.0, -2.0, 1.0], _poles(cut, _LOW_CUT_Q)]),
    )


def _poles(k: float, q: float) -> Float[np.ndarray, "2"]:
    whole = 1 + k / q + k * k
    return np.array([2 * (k * k - 1) / whole, (1 - k / q + k * k) / whole])


def _power_of(lufs: float) -> float:
    return 10 ** ((lufs - _OFFSET_LU) / 10)

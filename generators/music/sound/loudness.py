"""How loud sound is, and how to bring it to a loudness without clipping: ITU-R BS.1770-5."""

import numpy as np
from jaxtyping import Float
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import lfilter, resample_poly

from espressivo.errors import InputError

TARGET_LUFS = -16.0
CEILING_DBTP = -1.0
_OFFSET_LU = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_BLOCK_S, _STEP_S = 0.4, 0.1
_LOOK_AHEAD_S = 0.005
_OVERSAMPLING = 4
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
    weighted = _k_weighted(sound, rate_hz)
    block, step = round(_BLOCK_S * rate_hz), round(_STEP_S * rate_hz)
    if len(weighted) < block:
        weighted = np.pad(weighted, ((0, block - len(weighted)), (0, 0)))
    energy = np.concatenate([[0.0], np.cumsum(np.einsum("sc,sc->s", weighted, weighted))])
    starts = np.arange(0, len(weighted) - block + 1, step)
    power = (energy[starts + block] - energy[starts]).clip(min=0.0) / block
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
    gain_db, peaks, result = target_lufs - loudness, _peaks(sound), sound
    for _ in range(_ROUNDS):
        gain = 10 ** (gain_db / 20)
        if peaks.max() * gain <= _CEILING:
            return (sound * gain).astype(sound.dtype), gain_db
        result = (sound * (gain * _limit(peaks * gain, rate_hz, periodic))[:, None]).astype(sound.dtype)
        short = target_lufs - integrated_lufs(result, rate_hz)
        if abs(short) < _NEAR_ENOUGH_LU:
            break
        gain_db += short
    return result, gain_db


def _limit(peaks: Float[np.ndarray, "samples"], rate_hz: int, periodic: bool) -> Float[np.ndarray, "samples"]:
    """Return the gain that turns down peaks above the ceiling, smoothly and ahead of them; 1 elsewhere."""
    width = 2 * round(_LOOK_AHEAD_S * rate_hz) + 1
    mode = "wrap" if periodic else "nearest"
    gain = minimum_filter1d(np.minimum(1.0, _CEILING / np.maximum(peaks, 1e-9)), width, mode=mode)
    # Two running means that together are no longer than the window of the minimum: nowhere above what is wanted.
    for _ in range(2):
        gain = uniform_filter1d(gain, width // 2, mode=mode)
    return gain


def _peaks(sound: Float[np.ndarray, "samples channels"]) -> Float[np.ndarray, "samples"]:
    """Return the largest magnitude around each sample, over channels and four points in between."""
    peaks = np.zeros(len(sound), sound.dtype)
    for channel in sound.T if len(sound) else ():
        dense = resample_poly(channel, _OVERSAMPLING, 1).reshape(-1, _OVERSAMPLING)
        # Column by column: numpy is slow at a maximum over a short last axis.
        for values in (channel, *dense.T):
            np.maximum(peaks, np.abs(values), out=peaks)
    return peaks


def _k_weighted(sound: Float[np.ndarray, "samples channels"], rate_hz: int) -> Float[np.ndarray, "samples channels"]:
    """Return the sound as a head in its field hears it, without the lowest bass (annex 1, figures 2 to 5)."""
    k = np.tan(np.pi * _SHELF_HZ / rate_hz)
    high = 10 ** (_SHELF_DB / 20)
    band = high**0.4996667741545416
    whole = 1 + k / _SHELF_Q + k * k
    shelf = np.array([high + band * k / _SHELF_Q + k * k, 2 * (k * k - high), high - band * k / _SHELF_Q + k * k])
    weighted = lfilter(shelf / whole, _poles(k, _SHELF_Q), sound.astype(np.float64), axis=0)
    k = np.tan(np.pi * _LOW_CUT_HZ / rate_hz)
    return np.asarray(lfilter([1.0, -2.0, 1.0], _poles(k, _LOW_CUT_Q), weighted, axis=0))


def _poles(k: float, q: float) -> Float[np.ndarray, "3"]:
    whole = 1 + k / q + k * k
    return np.array([1.0, 2 * (k * k - 1) / whole, (1 - k / q + k * k) / whole])


def _power_of(lufs: float) -> float:
    return 10 ** ((lufs - _OFFSET_LU) / 10)

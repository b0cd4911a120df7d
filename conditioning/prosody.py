"""Prosody: how loud, how high and when a line is spoken, at 100 frames per second.

Everything is relative to the clip, since recording level says nothing of the speaker; cost and memory grow with the
length only through the curves themselves, the spectra are taken in stretches.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float, Int

from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech

_HOP = SAMPLE_RATE_HZ // 100
_WINDOW = 400
_FFT = 512
_STRETCH = 2000
"""Frames whose spectra are held at once."""

_SILENT_DB = -60.0
_STEADY_DB = 6.0
_RANGE_DB = (20.0, 37.0)
_HIGH_BAND_HZ = 3500.0

_F0_RANGE_HZ = (60.0, 500.0)
_YIN_RATE_HZ = SAMPLE_RATE_HZ // 2
_YIN_WINDOW = 256
_YIN_THRESHOLD = 0.15
_YIN_VOICED = 0.25

_PREROLL_S = 0.05
_HANGOVER_S = 0.15
_PAUSE_S = 0.25
_ACCENT_SPACING_S = 0.2


@dataclass(frozen=True, eq=False)
class Prosody:
    """Curves of a line; frame k stands for the moment k / `rate_hz`."""

    rate_hz: ClassVar[float] = 100.0
    energy_db: Float[np.ndarray, "frames"]
    """Mean power in 25 ms, dB below full scale; -100 for digital silence."""
    f0_hz: Float[np.ndarray, "frames"]
    """Fundamental frequency, NaN where unvoiced."""
    speaking: Bool[np.ndarray, "frames"]
    """Voice activity by two thresholds, with pre-roll and hangover so that weak consonants at the edges stay in."""
    loudness: Float[np.ndarray, "frames"]
    """In [0, 1], 1 = the clip's 95th percentile, over a range of 20 to 37 dB; 0 throughout in silence."""
    high_band: Float[np.ndarray, "frames"]
    """Power above 3.5 kHz on the same kind of scale in [0, 1]: high in fricatives and bursts."""
    pauses: tuple[tuple[float, float], ...]
    """(start_s, end_s) of stretches of at least .25 s without speech, those at both ends included."""
    accents_s: Float[np.ndarray, "accents"]
    """Times of stressed syllables."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if isinstance(value := getattr(self, field.name), np.ndarray):
                value.setflags(write=False)

    def __len__(self) -> int:
        return len(self.energy_db)

    @property
    def times_s(self) -> Float[np.ndarray, "frames"]:
        """The moment of each frame."""
        return np.arange(len(self)) / self.rate_hz

    def at(self, name: str, times_s: Float[np.ndarray, "times"]) -> Float[np.ndarray, "times"]:
        """The curve of that name at any times: linear between frames, held beyond the ends.

        `f0_hz` and `speaking` take the nearest frame, since neither has a meaning between voiced and unvoiced.
        """
        curve = getattr(self, name)
        places = np.asarray(times_s, np.float64) * self.rate_hz
        if name in ("f0_hz", "speaking"):
            return curve[np.clip(np.rint(places), 0, len(self) - 1).astype(int)]
        return np.interp(places, np.arange(len(self)), curve).astype(np.float32)


def analyse_prosody(speech: Speech) -> Prosody:
    """Prosody of any sound; silence, music, noise and a tenth of a second give finite curves as well."""
    samples = speech.samples
    frames = -(-len(samples) // _HOP)
    energy_db, high_db = _band_energies_db(samples, frames)
    smooth_db = _smoothed(energy_db, 5)
    speaking = _speaking(smooth_db)
    audible = np.float32(np.percentile(smooth_db, 95) >= _SILENT_DB)
    f0_hz = np.where(speaking, _f0_hz(samples, frames), np.nan).astype(np.float32)
    return Prosody(
        energy_db=energy_db,
        f0_hz=f0_hz,
        speaking=speaking,
        loudness=_relative(smooth_db) * audible,
        high_band=_relative(_smoothed(high_db, 3)) * audible,
        pauses=_pauses(speaking),
        accents_s=_accents_s(smooth_db, f0_hz, speaking),
    )


def sounds_like_speech(prosody: Prosody) -> bool:
    """Whether there is speech in the sound at all, rather than silence, hum, noise or held chords.

    Speech drops below half of its running mean again and again, between syllables and words; steady sound and most
    music do not (low short-time energy ratio: L. Lu, H.-J. Zhang, H. Jiang, "Content analysis for audio
    classification and segmentation", IEEE Trans. SAP 10(7), 2002, section III).
    """
    if not prosody.speaking.any():
        return False
    power = 10.0 ** (prosody.energy_db / 10.0)
    low = power < 0.5 * _smoothed(power, 101)
    return bool(low[prosody.speaking].mean() > 0.15 and np.isfinite(prosody.f0_hz).mean() > 0.03)


def runs(flags: Bool[np.ndarray, "frames"]) -> Int[np.ndarray, "runs 2"]:
    """First index and index after the last of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return edges.reshape(-1, 2)


def _windows(samples: Float[np.ndarray, "samples"], hop: int, length: int, frames: int) -> Iterator[np.ndarray]:
    """Stretches (n, length) of centred windows; frame k is centred on sample k * hop, zeros lie beyond the ends."""
    for first in range(0, frames, _STRETCH):
        count = min(_STRETCH, frames - first)
        start = first * hop - length // 2
        stop = start + (count - 1) * hop + length
        piece = samples[max(0, start) : max(0, stop)]
        piece = np.pad(piece, (max(0, -start), max(0, stop - max(start, 0) - len(piece))))
        yield np.lib.stride_tricks.sliding_window_view(piece, length)[::hop][:count]


def _band_energies_db(
    samples: Float[np.ndarray, "samples"], frames: int
) -> tuple[Float[np.ndarray, "frames"], Float[np.ndarray, "frames"]]:
    """Power of the whole band and of the high band, dB."""
    shape = np.hanning(_WINDOW).astype(np.float32)
    first_bin = round(_HIGH_BAND_HZ * _FFT / SAMPLE_RATE_HZ)
    scale = 2.0 / (_FFT * np.square(shape, dtype=np.float64).sum())
    whole, high = [], []
    for windows in _windows(samples, _HOP, _WINDOW, frames):
        power = np.square(np.abs(np.fft.rfft(windows * shape, _FFT)))
        whole.append(power.sum(axis=1))
        high.append(power[:, first_bin:].sum(axis=1))
    return _decibels(np.concatenate(whole) * scale), _decibels(np.concatenate(high) * scale)


def _decibels(power: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    return (10.0 * np.log10(power + 1e-10)).astype(np.float32)


def _smoothed(curve: Float[np.ndarray, "frames"], width: int) -> Float[np.ndarray, "frames"]:
    """Running mean over `width` frames (odd), the ends held."""
    padded = np.pad(curve, width // 2, mode="edge").astype(np.float64)
    sums = np.cumsum(np.concatenate([[0.0], padded]))
    return ((sums[width:] - sums[:-width]) / width).astype(np.float32)


def _relative(level_db: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    """A level in [0, 1] between the clip's floor and its 95th percentile."""
    floor_db, top_db = np.percentile(level_db, (10, 95))
    range_db = np.clip(top_db - floor_db, *_RANGE_DB)
    return np.clip(1.0 + (level_db - top_db) / range_db, 0.0, 1.0).astype(np.float32)


def _speaking(level_db: Float[np.ndarray, "frames"]) -> Bool[np.ndarray, "frames"]:
    """Speech begins above one level and ends below a lower one; both adapt to the clip's loud parts and its floor."""
    floor_db, top_db = np.percentile(level_db, (10, 95))
    span_db = top_db - floor_db
    frames = len(level_db)
    steady = span_db < _STEADY_DB and frames > Prosody.rate_hz
    if top_db < _SILENT_DB or steady:
        return np.zeros(frames, bool)
    begins = level_db > max(top_db - 20.0, min(floor_db + 0.45 * span_db, top_db - 6.0))
    ends = level_db < max(top_db - 28.0, min(floor_db + 0.25 * span_db, top_db - 9.0))
    changes = np.where(begins | ends, np.arange(frames), -1)
    latest = np.maximum.accumulate(changes)
    active = (latest >= 0) & begins[latest]
    before, after = round(_PREROLL_S * Prosody.rate_hz), round(_HANGOVER_S * Prosody.rate_hz)
    counts = np.cumsum(np.concatenate([[0], np.pad(active, (after, before)).astype(np.int64)]))
    return counts[before + after + 1 :] > counts[: -(before + after + 1)]


def _pauses(speaking: Bool[np.ndarray, "frames"]) -> tuple[tuple[float, float], ...]:
    silences_s = runs(~speaking) / Prosody.rate_hz
    return tuple((float(start_s), float(end_s)) for start_s, end_s in silences_s if end_s - start_s >= _PAUSE_S)


def _f0_hz(samples: Float[np.ndarray, "samples"], frames: int) -> Float[np.ndarray, "frames"]:
    """YIN (A. de Cheveigne, H. Kawahara, JASA 111(4), 2002, sections II.B-E) on 8 kHz sound, NaN where unvoiced."""
    from scipy.signal import resample_poly

    halved = resample_poly(samples, 1, 2).astype(np.float32)
    longest = int(_YIN_RATE_HZ / _F0_RANGE_HZ[0]) + 2
    shortest = int(_YIN_RATE_HZ / _F0_RANGE_HZ[1])
    pieces = [
        _yin(windows.astype(np.float32), shortest, longest)
        for windows in _windows(halved, _HOP // 2, _YIN_WINDOW + longest, frames)
    ]
    f0_hz = np.concatenate(pieces)
    voiced = np.isfinite(f0_hz)
    for first, end in runs(voiced):
        if end - first < 4:  # shorter than any vowel: a chance likeness in noise
            f0_hz[first:end] = np.nan
    return f0_hz


def _yin(windows: Float[np.ndarray, "n length"], shortest: int, longest: int) -> Float[np.ndarray, "n"]:
    """F0 of each window."""
    size = 1 << int(windows.shape[1] - 1).bit_length()
    head = np.fft.rfft(windows[:, :_YIN_WINDOW], size)
    correlation = np.fft.irfft(np.conj(head) * np.fft.rfft(windows, size), size)[:, :longest]
    squares = np.cumsum(np.square(windows, dtype=np.float64), axis=1)
    squares = np.concatenate([np.zeros((len(windows), 1)), squares], axis=1)
    power = squares[:, _YIN_WINDOW : _YIN_WINDOW + longest] - squares[:, :longest]
    difference = np.maximum(power[:, :1] + power - 2.0 * correlation, 0.0)
    lags = np.arange(longest)
    mean = np.cumsum(difference, axis=1) / np.maximum(lags, 1)
    relative = np.where(mean > 1e-9, difference / np.maximum(mean, 1e-9), 1.0)
    inner = relative[:, shortest : longest - 1]
    dips = (inner < relative[:, shortest - 1 : longest - 2]) & (inner <= relative[:, shortest + 1 : longest])
    good = dips & (inner < _YIN_THRESHOLD)
    best = np.where(good.any(axis=1), good.argmax(axis=1), np.where(dips, inner, np.inf).argmin(axis=1)) + shortest
    rows = np.arange(len(windows))
    left, centre, right = (relative[rows, best + step] for step in (-1, 0, 1))
    bend = left - 2.0 * centre + right
    shift = np.where(bend > 1e-9, 0.5 * (left - right) / np.maximum(bend, 1e-9), 0.0)
    f0_hz = _YIN_RATE_HZ / (best + np.clip(shift, -0.5, 0.5))
    return np.where(centre < _YIN_VOICED, f0_hz, np.nan)


def _accents_s(
    level_db: Float[np.ndarray, "frames"], f0_hz: Float[np.ndarray, "frames"], speaking: Bool[np.ndarray, "frames"]
) -> Float[np.ndarray, "accents"]:
    """Peaks of energy one deviation above the mean of speech at which F0 is not below the clip's middle."""
    from scipy.signal import find_peaks

    voiced = np.isfinite(f0_hz)
    if not voiced.any():
        return np.zeros(0)
    level = level_db[speaking]
    score = np.where(speaking, (level_db - level.mean()) / max(float(level.std()), 1.0), -3.0)
    peaks, _ = find_peaks(score, height=1.0, distance=round(_ACCENT_SPACING_S * Prosody.rate_hz))
    middle_hz = float(np.median(f0_hz[voiced]))
    near = [f0_hz[max(0, peak - 5) : peak + 6] for peak in peaks]
    rises = [bool(np.isfinite(part).any() and np.nanmax(part) >= middle_hz) for part in near]
    return peaks[np.array(rises, bool)] / Prosody.rate_hz

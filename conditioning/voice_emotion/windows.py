"""Where to listen: overlapping windows over a recording, and how surely there is a voice in each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.voice_emotion.features import describe
from espressivo.conditioning.voice_emotion.frames import RATE_HZ, Frames, active_frames, analyse_frames
from espressivo.media.decode import SAMPLE_RATE_HZ

WINDOW_S = 1.5
HOP_S = 0.25

_STRETCH_WINDOWS = 120
_SILENT_DB = -60.0
# Where there surely is no voice, and where there surely is one.
_VOICED_SHARE = (0.06, 0.2)
_LIVELINESS = (0.5, 0.9)
_BELOW_LOUDEST_DB = (-32.0, -22.0)
_PERIODIC = 0.6


@dataclass(frozen=True, eq=False)
class Windows:
    """Features of every window and the evidence of a voice in it."""

    times_s: Float[np.ndarray, "windows"]
    """The moments that windows stand for: their middle, but for the first and last ones, which reach as far in."""
    features: Float[np.ndarray, "windows features"]
    voice: Float[np.ndarray, "windows"]
    """From 0 (silence, noise, hum) to 1."""


def listen(samples: Float[np.ndarray, "samples"]) -> Windows:
    """Describe a recording window by window, in stretches, so that spectra of a long one are never held at once."""
    duration_s = len(samples) / SAMPLE_RATE_HZ
    times_s = np.arange(int(duration_s / HOP_S) + 1) * HOP_S
    starts_s = np.clip(times_s - WINDOW_S / 2, 0.0, max(0.0, duration_s - WINDOW_S))
    level_db = _level_db(samples)
    loudest_db = float(np.percentile(level_db, 95))
    parts = [
        _listen_from(samples, starts_s[first : first + _STRETCH_WINDOWS], level_db, loudest_db)
        for first in range(0, len(times_s), _STRETCH_WINDOWS)
    ]
    features, voice = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Windows(times_s, features, voice)


def voice_evidence(frames: Frames, first: int = 0, end: int | None = None) -> float:
    """From 0 to 1: how surely these frames hold a voice, by what noise and held tones do not have.

    A voice is periodic in part, and rises and falls with its syllables.
    """
    energy = frames.energy[first:end]
    active = active_frames(energy)
    voiced = active & frames.steady[first:end] & (frames.periodicity[first:end] > _PERIODIC)
    return _ramp(float(voiced.mean()), *_VOICED_SHARE) * _ramp(float(np.std(energy)), *_LIVELINESS)


def _listen_from(
    samples: Float[np.ndarray, "samples"], starts_s: np.ndarray, level_db: np.ndarray, loudest_db: float
) -> tuple[Float[np.ndarray, "windows features"], Float[np.ndarray, "windows"]]:
    """Features and evidence of the windows that start at these times, one analysis for all of them."""
    begin = round(starts_s[0] * SAMPLE_RATE_HZ)
    end = round((starts_s[-1] + WINDOW_S) * SAMPLE_RATE_HZ)
    frames = analyse_frames(samples[begin:end])
    features, voice = [], []
    for first, last in _bounds(starts_s, len(frames)):
        features.append(describe(frames, first, last))
        offset = round(starts_s[0] * RATE_HZ)
        level = level_db[offset + first : offset + last]
        loud_db = float(np.percentile(level, 95)) if len(level) else -np.inf
        loud = _ramp(loud_db - loudest_db, *_BELOW_LOUDEST_DB) if loud_db > _SILENT_DB else 0.0
        voice.append(loud * voice_evidence(frames, first, last))
    return np.array(features), np.array(voice)


def _bounds(starts_s: np.ndarray, count: int) -> Iterator[tuple[int, int]]:
    for start_s in starts_s - starts_s[0]:
        first = round(start_s * RATE_HZ)
        yield first, min(count, first + round(WINDOW_S * RATE_HZ))


def _level_db(samples: Float[np.ndarray, "samples"]) -> Float[np.ndarray, "frames"]:
    """Mean power of every hundredth of a second, dB below full scale."""
    hop = SAMPLE_RATE_HZ // RATE_HZ
    padded = np.pad(samples, (0, -len(samples) % hop)).reshape(-1, hop)
    return 10.0 * np.log10(np.square(padded, dtype=np.float64).mean(axis=1) + 1e-10)


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))

"""Where to listen: overlapping windows over a recording, and how surely there is a voice in each."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Int

from espressivo.conditioning.voice_emotion.features import describe
from espressivo.conditioning.voice_emotion.frames import RATE_HZ, Frames, active_frames, analyse_frames
from espressivo.media.decode import SAMPLE_RATE_HZ

WINDOW_S = 1.5
CONTEXT_S = 4.0
"""What a window is heard together with: short windows are noisy, and most lines have one emotion."""
HOP_S = 0.25

_HOP = SAMPLE_RATE_HZ // RATE_HZ
_STRETCH_WINDOWS = 120
_SILENT_DB = -60.0
# Where there surely is no voice, and where there surely is one.
_VOICED_SHARE = (0.06, 0.2)
_LIVELINESS = (0.5, 0.9)
_BELOW_LOUDEST_DB = (-32.0, -22.0)
_PERIODIC = 0.6


@dataclass(frozen=True, eq=False)
class Windows:
    """Features of every window and of its context, and the evidence of a voice in it."""

    times_s: Float[np.ndarray, "windows"]
    """The moments that windows stand for: their middle, but for the first and last ones, which reach as far in."""
    features: Float[np.ndarray, "windows features"]
    context: Float[np.ndarray, "windows features"]
    """The same of the longer stretch around each window."""
    voice: Float[np.ndarray, "windows"]
    """From 0 (silence, noise, hum) to 1."""


def listen(samples: Float[np.ndarray, "samples"]) -> Windows:
    """Describe a recording window by window, in stretches, so that spectra of a long one are never held at once."""
    duration_s = len(samples) / SAMPLE_RATE_HZ
    times_s = np.arange(int(duration_s / HOP_S) + 1) * HOP_S
    level_db = _level_db(samples)
    parts = [
        _listen_at(samples, times_s[first : first + _STRETCH_WINDOWS], level_db)
        for first in range(0, len(times_s), _STRETCH_WINDOWS)
    ]
    features, context, voice = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Windows(times_s, features, context, voice)


def voice_evidence(frames: Frames, first: int = 0, end: int | None = None) -> float:
    """From 0 to 1: how surely these frames hold a voice, by what noise and held tones do not have.

    A voice is periodic in part, and rises and falls with its syllables.
    """
    energy = frames.energy[first:end]
    active = active_frames(energy)
    voiced = active & frames.steady[first:end] & (frames.periodicity[first:end] > _PERIODIC)
    return _ramp(float(voiced.mean()), *_VOICED_SHARE) * _ramp(float(np.std(energy)), *_LIVELINESS)


def _listen_at(
    samples: Float[np.ndarray, "samples"], times_s: np.ndarray, level_db: np.ndarray
) -> tuple[Float[np.ndarray, "windows features"], Float[np.ndarray, "windows features"], Float[np.ndarray, "windows"]]:
    """Features, those of the context, and evidence at these times, one analysis for all of them."""
    around = _bounds(np.round(times_s), CONTEXT_S, len(samples))  # one for each second is enough
    begin, end = around[0, 0], around[-1, 1]
    frames = analyse_frames(samples[begin * _HOP : end * _HOP])
    described = cache(lambda first, last: describe(frames, first - begin, last - begin))
    inner = _bounds(times_s, WINDOW_S, len(samples))
    loudest_db = float(np.percentile(level_db, 95))
    return (
        np.array([described(*bounds) for bounds in inner]),
        np.array([described(*bounds) for bounds in around]),
        np.array([_evidence(frames, level_db, loudest_db, bounds, begin) for bounds in inner]),
    )


def _evidence(frames: Frames, level_db: np.ndarray, loudest_db: float, bounds: np.ndarray, begin: int) -> float:
    """Evidence of a voice between two frames of the recording, of which `frames` start at `begin`."""
    first, last = bounds
    level = level_db[first:last]
    loud_db = float(np.percentile(level, 95)) if len(level) else -np.inf
    loud = _ramp(loud_db - loudest_db, *_BELOW_LOUDEST_DB) if loud_db > _SILENT_DB else 0.0
    return loud * voice_evidence(frames, first - begin, last - begin)


def _bounds(times_s: np.ndarray, length_s: float, samples: int) -> Int[np.ndarray, "times 2"]:
    """First and last frame of stretches around moments, moved inside the recording."""
    length = round(length_s * RATE_HZ)
    total = samples // _HOP + 1
    starts = np.round((times_s - length_s / 2) * RATE_HZ).astype(int).clip(0, max(0, total - length))
    return np.stack([starts, np.minimum(starts + length, total)], axis=1)


def _level_db(samples: Float[np.ndarray, "samples"]) -> Float[np.ndarray, "frames"]:
    """Mean power of every hundredth of a second, dB below full scale."""
    padded = np.pad(samples, (0, -len(samples) % _HOP)).reshape(-1, _HOP)
    return 10.0 * np.log10(np.square(padded, dtype=np.float64).mean(axis=1) + 1e-10)


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))

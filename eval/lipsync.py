"""Lip sync without a network: audio-mouth lag, and closure of the lips at the sounds that need it.

The definitions follow the offline part of the evaluation reference: the lag is where a mouth-opening curve correlates
best with log mel energy, and is trusted only above `RELIABLE_R`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from espressivo.eval.mouth_measures import correlation

RELIABLE_R = 0.35
MAX_LAG_FRAMES = 15
BILABIALS = frozenset({"P", "B", "M"})
VOWELS = frozenset({"AA", "AE", "AY", "AW", "EY", "OW", "IY", "EH", "AO", "UW"})
CLOSED_SHARE = 0.10
"""A mouth counts as closed below this share of the clip's own range of opening."""


@dataclass(frozen=True)
class Lag:
    """Where a mouth curve fits the sound best. Positive: the mouth comes later than the sound."""

    frames: int
    r: float

    @property
    def reliable(self) -> bool:
        """Whether the fit is good enough for the lag to mean anything."""
        return self.r >= RELIABLE_R


def audio_mouth_lag(
    opening: Float[np.ndarray, "frames"], samples: Float[np.ndarray, "samples"], sample_rate_hz: int, fps: float
) -> Lag:
    """Return the lag at which `opening` correlates best with the log energy of the sound, within +-15 frames."""
    energy = frame_energy(samples, sample_rate_hz, fps, len(opening))
    lags = np.arange(-MAX_LAG_FRAMES, MAX_LAG_FRAMES + 1)
    lags = lags[np.abs(lags) < len(opening) - 3]
    correlations = [np.nan_to_num(correlation(*_overlap(opening, energy, lag))) for lag in lags]
    best = int(np.argmax(correlations))
    return Lag(int(lags[best]), float(correlations[best]))


def frame_energy(
    samples: Float[np.ndarray, "samples"], sample_rate_hz: int, fps: float, frames: int
) -> Float[np.ndarray, "frames"]:
    """Return log energy of the speech band (about 100-4000 Hz) in a window of one frame around each frame's moment."""
    from scipy.signal import butter, sosfiltfilt

    band = butter(4, (100, min(4000, 0.45 * sample_rate_hz)), "bandpass", fs=sample_rate_hz, output="sos")
    speech = sosfiltfilt(band, samples) if len(samples) > 64 else samples
    power = np.concatenate([[0.0], np.cumsum(np.square(speech, dtype=np.float64))])
    centres = np.arange(frames) / fps * sample_rate_hz
    half = sample_rate_hz / fps / 2
    start, stop = (np.clip(np.rint(centres + d), 0, len(samples)).astype(int) for d in (-half, half))
    mean_power = (power[stop] - power[start]) / np.maximum(stop - start, 1)
    return np.log(mean_power + 1e-7)


def closed_at(
    opening: Float[np.ndarray, "frames"], fps: float, intervals_s: Iterable[tuple[float, float]]
) -> Bool[np.ndarray, "intervals"]:
    """Say for each interval whether the mouth closes in it: the least opening of the frames it covers (at least the
    frame nearest its centre) lies below `CLOSED_SHARE` of the clip's range.
    """
    low, high = float(opening.min()), float(np.percentile(opening, 99))
    limit = low + CLOSED_SHARE * (high - low)
    return np.array([_least(opening, fps, *interval) <= limit for interval in intervals_s], bool)


def intervals_of(phones: Sequence[tuple[str, float, float]], labels: frozenset[str]) -> list[tuple[float, float]]:
    """Return (start_s, end_s) of the phones whose label is among `labels`."""
    return [(start, end) for label, start, end in phones if label in labels]


def _least(opening: Float[np.ndarray, "frames"], fps: float, start_s: float, end_s: float) -> float:
    first, last = int(np.ceil(start_s * fps)), int(np.floor(end_s * fps))
    if last < first:
        first = last = round((start_s + end_s) / 2 * fps)
    first, last = np.clip([first, last], 0, len(opening) - 1)
    return float(opening[first : last + 1].min())


def _overlap(
    opening: Float[np.ndarray, "frames"], energy: Float[np.ndarray, "frames"], lag: int
) -> tuple[np.ndarray, np.ndarray]:
    if lag >= 0:
        return opening[lag:], energy[: len(energy) - lag]
    return opening[:lag], energy[-lag:]

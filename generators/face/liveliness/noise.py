"""Slow 1/f motion as a fixed function of time."""

import numpy as np
from jaxtyping import Float

_PER_OCTAVE = 3


def pink_noise(
    times_s: Float[np.ndarray, "frames"], channels: int, band_hz: tuple[float, float], rng: np.random.Generator
) -> Float[np.ndarray, "frames channels"]:
    """Return independent 1/f noise of unit variance (over long times) in each channel.

    A sum of sines, three to the octave and of equal power, with frequencies and phases drawn at random: 1/f by
    construction, nothing above the band, and the value at a moment depends neither on fps nor on the take's length.

    Args:
        times_s: Moments.
        channels: Number of independent columns.
        band_hz: Lowest and highest frequency.
        rng: Draws the frequencies and phases.
    """
    lowest, highest = np.log2(band_hz)
    count = max(4, round((highest - lowest) * _PER_OCTAVE))
    steps = (np.arange(count) + rng.random((channels, count))) / count
    angular = 2 * np.pi * 2 ** (lowest + (highest - lowest) * steps)
    phase = 2 * np.pi * rng.random((channels, count))
    noise = np.zeros((len(times_s), channels))
    for k in range(count):
        noise += np.sin(np.outer(times_s, angular[:, k]) + phase[:, k])
    return noise * np.sqrt(2 / count)

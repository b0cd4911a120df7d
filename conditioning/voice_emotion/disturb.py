"""The same clip as another microphone, room or throat would have it: variants to train on."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from scipy.signal import firwin2, lfilter, resample

from espressivo.media.decode import SAMPLE_RATE_HZ

_SHIFT_OCTAVES = 0.12
_COLOUR_STEP_DB, _COLOUR_LIMIT_DB, _COLOUR_TAPS = 2.0, 9.0, 129
_SNR_DB = (12.0, 40.0)
_CUT_S = (1.2, 1.8)


def disturbed(
    samples: Float[np.ndarray, "samples"], count: int, generator: np.random.Generator
) -> Iterator[Float[np.ndarray, "samples"]]:
    """Give variants: pitch, formants and pace together by up to 1.4 semitones, colour, noise, a shorter cut."""
    for _ in range(count):
        pace = 2.0 ** generator.uniform(-_SHIFT_OCTAVES, _SHIFT_OCTAVES)
        variant = np.asarray(resample(samples, int(len(samples) / pace)))
        if generator.random() < 0.7:
            variant = np.convolve(variant, _colour(generator), "same")
        if generator.random() < 0.7:
            variant = variant + _noise(variant, generator)
        longest = int(_CUT_S[1] * SAMPLE_RATE_HZ)
        if generator.random() < 0.5 and len(variant) > longest:
            length = int(generator.uniform(*_CUT_S) * SAMPLE_RATE_HZ)
            start = int(generator.integers(0, len(variant) - length + 1))
            variant = variant[start : start + length]
        yield np.asarray(variant, np.float32)


def _colour(generator: np.random.Generator) -> Float[np.ndarray, "taps"]:
    """A smooth random frequency response."""
    gains_db = np.cumsum(generator.normal(0.0, _COLOUR_STEP_DB, 9))
    gains_db = np.clip(gains_db - gains_db.mean(), -_COLOUR_LIMIT_DB, _COLOUR_LIMIT_DB)
    return np.asarray(firwin2(_COLOUR_TAPS, np.linspace(0.0, 1.0, 9), 10.0 ** (gains_db / 20.0)))


def _noise(samples: Float[np.ndarray, "samples"], generator: np.random.Generator) -> Float[np.ndarray, "samples"]:
    """White or low noise at a random distance below the sound."""
    noise = generator.normal(size=len(samples))
    if generator.random() < 0.5:
        noise = np.asarray(lfilter([1.0], [1.0, -0.95], noise))
    level = np.sqrt(np.mean(np.square(samples))) * 10.0 ** (-generator.uniform(*_SNR_DB) / 20.0)
    return noise * (level / noise.std())

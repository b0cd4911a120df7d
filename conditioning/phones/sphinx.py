"""What the two pocketsphinx recognisers share: how sound is handed over and how its 10 ms frames become seconds."""

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.speech import SAMPLE_RATE_HZ, SILENCE

FRAME_S = 0.01
PADDING_S = 0.3
LABEL_DELAY_S = 0.01
"""Added to every time. Against the sound itself (low-band energy on vowels, high/low band ratio on sibilants) the
labels of pocketsphinx 5.1.1 run 10-15 ms early, measured on 33 minutes of read speech by 31 people."""

_PEAK = 0.7
_NOISE = 1e-4


def sphinx_pcm(samples: Float[np.ndarray, "samples"]) -> bytes:
    """16-bit sound as the recognisers like it: peak .7, `PADDING_S` of silence on both sides, a little (fixed) noise.

    Without the silence the first and last sounds are lost; without the noise digital silence makes alignment fail.
    """
    padding = round(PADDING_S * SAMPLE_RATE_HZ)
    loud = samples * np.float32(_PEAK / max(float(np.abs(samples).max()), 1e-5))
    padded = np.pad(loud, padding)
    padded += np.random.default_rng(0).standard_normal(len(padded), dtype=np.float32) * np.float32(_NOISE)
    return (padded * 32767.0).astype("<i2").tobytes()


def frame_time_s(frame: int) -> float:
    """When a frame of `sphinx_pcm` sound starts, in seconds of the unpadded sound (may lie outside it)."""
    return frame * FRAME_S - PADDING_S + LABEL_DELAY_S


def sphinx_label(name: str) -> str:
    """Phone label of a model's phone; its noises (breath, smack, "+SPN+") are silence to a mouth."""
    return SILENCE if name.startswith(("+", "<", SILENCE)) else name


def quietest_cut(samples: Float[np.ndarray, "samples"], after_s: float, before_s: float) -> float:
    """The middle of the quietest 100 ms between two times, in seconds: where sound is best cut."""
    window = round(0.1 * SAMPLE_RATE_HZ)
    piece = samples[round(after_s * SAMPLE_RATE_HZ) : round(before_s * SAMPLE_RATE_HZ)]
    energy = np.cumsum(np.square(piece, dtype=np.float64))
    quietest = int(np.argmin(energy[window:] - energy[:-window])) if len(piece) > window else 0
    return after_s + (quietest + window / 2) / SAMPLE_RATE_HZ

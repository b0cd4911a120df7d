"""What the encoder hears in a recording: how it was spoken (numbers of the whole stretch) and which phones, when."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float

from espressivo.conditioning.phones_neural.features import speech_features
from espressivo.conditioning.phones_neural.network import default_network
from espressivo.conditioning.voice_emotion.features import describe, feature_names
from espressivo.conditioning.voice_emotion.frames import RATE_HZ, Frames, active_frames, analyse_frames

PHONE_RATE_HZ = 25
"""Steps of phones per second: a phone lasts two steps on average."""
PHONES = 40

_DECIMATION = RATE_HZ // PHONE_RATE_HZ
_STATIC = frozenset(
    ("bands.mean", "bands.p90", "bands.sd", "cepstra.mean", "cepstra.p20", "cepstra.p80", "cepstra.voiced-mean")
)


@dataclass(frozen=True, eq=False)
class Heard:
    """One stretch of speech."""

    voice: Float[np.ndarray, "387"]
    """`voice_emotion.features` of it, in the order of `feature_names`."""
    phones: Float[np.ndarray, "steps 40"]
    """Square roots of phone probabilities (columns as `phones_neural.inventory.PHONES`), from the first active frame to
    the last. The network that gives them takes the mean spectrum out, so that they say little of the speaker."""


def hear(samples: Float[np.ndarray, "samples"]) -> Heard:
    """Listen to mono speech at 16 kHz; any length, and silence, give finite numbers."""
    frames = analyse_frames(samples)
    return Heard(describe(frames), pooled(phone_roots(samples), *active_span(frames)))


def active_span(frames: Frames) -> tuple[int, int]:
    """First active frame, and the one behind the last."""
    edges = np.flatnonzero(active_frames(frames.energy))
    return (int(edges[0]), int(edges[-1]) + 1) if len(edges) else (0, len(frames))


def phone_roots(samples: Float[np.ndarray, "samples"]) -> Float[np.ndarray, "frames 40"]:
    """Square roots of phone probabilities, 100 frames per second; the product of two is the Bhattacharyya affinity."""
    network = default_network()
    return np.exp(0.5 * network.scores(speech_features(samples, network.prior)).log_posterior)


def pooled(rows: Float[np.ndarray, "frames n"], first: int, end: int) -> Float[np.ndarray, "steps n"]:
    """Means of frames `first` to `end`, `_DECIMATION` at a time, the last one of what is left."""
    starts = np.arange(first, max(end, first + 1), _DECIMATION)
    counts = np.diff(np.append(starts, max(end, first + 1)))
    return (np.add.reduceat(rows[: max(end, first + 1)], starts, axis=0) / counts[:, None]).astype(np.float32)


@cache
def moving_features() -> Bool[np.ndarray, "387"]:
    """Return which voice features say how a voice moves: all but mean spectra, which say whose throat it is.

    The emotion vector hears these only; without the others it confuses emotions of strangers less, not more.
    """
    groups = [name.rsplit(".", 1)[0] for name in feature_names()]
    return np.array([group not in _STATIC for group in groups])

"""The phone network in plain numpy: residual dilated convolutions over log-mel features."""

import json
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file

from espressivo.errors import InputError
from espressivo.progress import ProgressCallback, track
from espressivo.weights.manifest import FOLDER

WEIGHTS = FOLDER / "phones-en"
_CHUNK_FRAMES = 3000


@dataclass(frozen=True, eq=False)
class PhoneScores:
    """What the network hears at 100 frames per second."""

    log_posterior: Float[np.ndarray, "frames phones"]
    """Natural log of the probability of each of `inventory.PHONES`."""
    opening: Float[np.ndarray, " frames"]
    """Opening of the mouth in [0, 1], from phone labels and jaw curves."""


@dataclass(frozen=True, eq=False)
class PhoneNetwork:
    """A trained network: each layer is a convolution over time and a ReLU, added to what came in (but for the first).

    Batch normalisation is folded into the weights (`train.export`).
    """

    weights: tuple[Float[np.ndarray, "taps in out"], ...]
    biases: tuple[Float[np.ndarray, " out"], ...]
    dilations: tuple[int, ...]
    head_weight: Float[np.ndarray, "channels outputs"]
    head_bias: Float[np.ndarray, " outputs"]
    prior: Float[np.ndarray, " bands"]
    """What `features.normalise` needs."""
    log_share: Float[np.ndarray, " phones"]
    """Natural log of each phone's share of the frames of the training speech."""
    log_bigram: Float[np.ndarray, "phones phones"]
    """Natural log of the probability that the column's phone follows the row's."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `config.json` and `model.safetensors`.

        Raises:
            InputError: a file is missing or is not such a network.
        """
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            arrays = {name: array.astype(np.float32) for name, array in load_file(folder / "model.safetensors").items()}
            dilations = tuple(int(dilation) for dilation in config["dilations"])
            return cls(
                weights=tuple(arrays[f"convolution.{number}.weight"] for number in range(len(dilations))),
                biases=tuple(arrays[f"convolution.{number}.bias"] for number in range(len(dilations))),
                dilations=dilations,
                head_weight=arrays["head.weight"],
                head_bias=arrays["head.bias"],
                prior=arrays["prior"],
                log_share=arrays["log_share"],
                log_bigram=arrays["log_bigram"],
            )
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise InputError(f"{folder} holds no phone network that can be read ({error}); reinstall it.") from error

    @property
    def reach_frames(self) -> int:
        """How many frames to either side an output depends on."""
        return sum(
            weight.shape[0] // 2 * dilation for weight, dilation in zip(self.weights, self.dilations, strict=True)
        )

    def scores(
        self,
        features: Float[np.ndarray, "frames bands"],
        progress: ProgressCallback | None = None,
        chunk_frames: int = _CHUNK_FRAMES,
    ) -> PhoneScores:
        """Return the scores of every frame, computed in chunks that overlap by the reach, so cuts leave no trace."""
        frames = len(features)
        cuts = [*range(0, frames, chunk_frames), frames]
        outputs = np.empty((frames, len(self.head_bias)), dtype=np.float32)
        for start, stop in track(pairwise(cuts), "recognising phones", len(cuts) - 1, progress):
            first, last = max(start - self.reach_frames, 0), min(stop + self.reach_frames, frames)
            outputs[start:stop] = self._outputs(features[first:last])[start - first : stop - first]
        logits, opening_logit = outputs[:, :-1], outputs[:, -1]
        peak = logits.max(axis=1, keepdims=True)
        log_posterior = logits - peak - np.log(np.exp(logits - peak).sum(axis=1, keepdims=True))
        return PhoneScores(log_posterior, 0.5 + 0.5 * np.tanh(0.5 * opening_logit))

    def _outputs(self, features: Float[np.ndarray, "frames bands"]) -> Float[np.ndarray, "frames outputs"]:
        x = np.asarray(features, dtype=np.float32)
        for number, layer in enumerate(zip(self.weights, self.biases, self.dilations, strict=True)):
            heard = np.maximum(_convolve(x, *layer), 0.0)
            x = heard if number == 0 else x + heard
        return x @ self.head_weight + self.head_bias


@cache
def default_network() -> PhoneNetwork:
    """Return the network that ships, read once."""
    return PhoneNetwork.load(WEIGHTS)


def _convolve(
    x: Float[np.ndarray, "frames in"],
    weight: Float[np.ndarray, "taps in out"],
    bias: Float[np.ndarray, " out"],
    dilation: int,
) -> Float[np.ndarray, "frames out"]:
    """Correlate along time with zeros beyond the ends, keeping the length."""
    frames, reach = len(x), weight.shape[0] // 2 * dilation
    padded = np.pad(x, ((reach, reach), (0, 0)))
    out = np.tile(bias, (frames, 1))
    for tap, matrix in enumerate(weight):
        out += padded[tap * dilation : tap * dilation + frames] @ matrix
    return out

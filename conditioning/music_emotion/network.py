"""A few small networks with one opinion: from features to how surely valence and arousal are high, in numpy.

They are heard together with the cues that need no training: where music is unlike what they were trained on, louder and
faster must still be more aroused.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file
from scipy.special import erf

from espressivo.conditioning.music_emotion.cues import CueReader
from espressivo.conditioning.music_emotion.features import FEATURES
from espressivo.errors import InputError

REACH = 3.0
"""Standardised features are cut off here: no single number may decide."""
_CUES_SAY = 0.25
"""Share of the cues in the log-odds (an estimate; between a tenth and a half little changes)."""
Layer = tuple[Float[np.ndarray, "networks inputs outputs"], Float[np.ndarray, "networks 1 outputs"]]


@dataclass(frozen=True, eq=False)
class NetworkReader:
    """An ensemble of perceptrons with GELU; trained by `train`."""

    id: str
    mean: Float[np.ndarray, "features"]
    deviation: Float[np.ndarray, "features"]
    layers: tuple[Layer, ...]
    temperature: Float[np.ndarray, "2"]
    """What the log-odds of valence and of arousal are divided by, so that they are as often right as they say."""

    def log_odds(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n 2"]:
        """Log-odds that valence, and that arousal, is high rather than low; the mean over networks."""
        x = np.clip((features - self.mean) / self.deviation, -REACH, REACH)[None]
        for place, (weights, bias) in enumerate(self.layers):
            x = (gelu(x) if place else x) @ weights + bias
        together = (1.0 - _CUES_SAY) * x.mean(axis=0) + _CUES_SAY * CueReader().log_odds(features)
        return together / self.temperature

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `config.json` and `model.safetensors`.

        Raises:
            InputError: a file is missing or damaged, or was made for other features.
        """
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            tensors = {
                name: tensor.astype(np.float64) for name, tensor in load_file(folder / "model.safetensors").items()
            }
            layers = tuple((tensors[f"weight_{n}"], tensors[f"bias_{n}"]) for n in range(int(config["layers"])))
            reader = cls(config["id"], tensors["mean"], tensors["deviation"], layers, tensors["temperature"])
            names = tuple(config["features"])
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise InputError(
                f"{folder} does not hold a reader of music ({error}); install espressivo again."
            ) from error
        if names != FEATURES or reader.mean.shape != (len(FEATURES),):
            raise InputError(f"{folder} was made for other features; train it anew.")
        return reader


def gelu(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """x times the normal distribution's share below x (D. Hendrycks, K. Gimpel, arXiv 1606.08415, 2016)."""
    return x * 0.5 * (1.0 + erf(x / np.sqrt(2.0)))

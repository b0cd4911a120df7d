"""From features of a sentence to ratings and label logits: linear heads, calibrated."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.text_emotion.labels import label_strengths, label_weights

_STYLE_LIMIT = 4.0  # standard deviations; a page of exclamation marks is no more than a line of them


@dataclass(frozen=True, eq=False)
class Readings:
    """What the heads say of texts."""

    ratings: Float[np.ndarray, "texts 3"]
    """Valence, arousal, dominance on EmoBank's scale of 1 to 5."""
    labels: Float[np.ndarray, "texts labels"]
    """Calibrated probabilities of `labels.LABELS`; rows sum to 1."""

    @property
    def posterior(self) -> Float[np.ndarray, "texts categories"]:
        """Probabilities of the canonical categories: the labels', shared out."""
        return self.labels @ label_weights()

    @property
    def strengths(self) -> Float[np.ndarray, " texts"]:
        """How strong the labels that are not neutral are on average, in [0, 1]."""
        emotional = np.where(label_strengths() > 0, self.labels, 0)
        return emotional @ label_strengths() / np.maximum(emotional.sum(1), 1e-9)


@dataclass(frozen=True, eq=False)
class Heads:
    """Linear maps onto ratings and labels, and the calibration of the labels."""

    rating_weight: Float[np.ndarray, "3 features"]
    rating_bias: Float[np.ndarray, "3"]
    label_weight: Float[np.ndarray, "labels features"]
    label_bias: Float[np.ndarray, " labels"]
    """With the shift that `calibrate` found."""
    temperature: float

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Float[np.ndarray, "..."]], prefix: str) -> "Heads":
        """Pick the heads' tensors, named `<prefix>.rating_weight` and so on, out of a weights file."""
        arrays = [tensors[f"{prefix}.{name}"].astype(np.float32) for name in _NAMES]
        return cls(arrays[0], arrays[1], arrays[2], arrays[3], float(arrays[4][0]))

    def tensors(self, prefix: str) -> dict[str, Float[np.ndarray, "..."]]:
        """Return what `from_tensors` reads, float16 but for the small ones."""
        values = {name: np.asarray(getattr(self, name), np.float32) for name in _NAMES}
        values["temperature"] = values["temperature"].reshape(1)
        return {
            f"{prefix}.{name}": value.astype(np.float16) if value.ndim == 2 else value for name, value in values.items()
        }

    def read(self, features: Float[np.ndarray, "texts features"]) -> Readings:
        """Apply both heads."""
        logits = (features @ self.label_weight.T + self.label_bias) / self.temperature
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return Readings(features @ self.rating_weight.T + self.rating_bias, odds / odds.sum(1, keepdims=True))


def standardised(
    style: Float[np.ndarray, "texts features"],
    mean: Float[np.ndarray, " features"],
    spread: Float[np.ndarray, " features"],
) -> Float[np.ndarray, "texts features"]:
    """Return style features in standard deviations from the training sentences' mean, within limits."""
    return np.clip((style - mean) / spread, -_STYLE_LIMIT, _STYLE_LIMIT)


_NAMES = ("rating_weight", "rating_bias", "label_weight", "label_bias", "temperature")

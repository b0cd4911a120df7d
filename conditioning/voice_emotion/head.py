"""The part of a recogniser that was trained: from features to calibrated probabilities and to listeners' ratings."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

REACH = 3.0
"""Standardised features are cut off here: no single number may decide."""
SPREAD_FLOOR = 1e-3
"""Added to a speaker's standard deviations before anything is divided by them."""


@dataclass(frozen=True, eq=False)
class Head:
    """Linear discriminants, a kernel expansion beside them, and a linear regression of ratings; arrays are float32.

    Trained by `fit.fit_head`. Features come in as they are measured, or, for the head that knows the speaker, as
    deviations from what is usual for that speaker.
    """

    mean: Float[np.ndarray, "features"]
    scale: Float[np.ndarray, "features"]
    weight: Float[np.ndarray, "features categories"]
    bias: Float[np.ndarray, "categories"]
    """Log-odds of the linear discriminants, which look at coarse features only (zero rows elsewhere)."""
    landmarks: Float[np.ndarray, "landmarks features"]
    """Standardised clips to compare with."""
    coefficients: Float[np.ndarray, "landmarks categories"]
    """Log-odds per likeness."""
    kernel_width: Float[np.ndarray, ""]
    """Squared distance at which likeness has fallen to 1/e."""
    rating_weight: Float[np.ndarray, "features 3"]
    rating_bias: Float[np.ndarray, "3"]
    category_ratings: Float[np.ndarray, "categories 3"]
    """Mean rating of each category."""
    rating_gain: Float[np.ndarray, "3"]
    rating_offset: Float[np.ndarray, "3"]
    temperature: Float[np.ndarray, ""]
    """What log-odds are divided by, so that probabilities are as often right as they say."""

    def standardised(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n features"]:
        """Features in standard deviations from the training mean, cut off at `REACH`."""
        return np.clip((features - self.mean) / self.scale, -REACH, REACH)

    def log_odds(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n categories"]:
        """Uncalibrated scores of the categories."""
        standardised = self.standardised(features)
        alike = likeness(standardised, self.landmarks, self.kernel_width)
        return standardised @ self.weight + self.bias + alike @ self.coefficients

    def posterior(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n categories"]:
        """Calibrated probabilities, all categories taken to be as likely beforehand."""
        return self.calibrated(self.log_odds(features))

    def calibrated(self, log_odds: Float[np.ndarray, "n categories"]) -> Float[np.ndarray, "n categories"]:
        """Probabilities of scores."""
        return softmax(log_odds / self.temperature, axis=1)

    def ratings(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n 3"]:
        """Valence, arousal, dominance as listeners would rate them, with the spread that listeners' ratings have.

        The mean of two opinions (what the categories are rated at, and a regression), stretched to that spread.
        """
        return np.clip(self.opinions(features) * self.rating_gain + self.rating_offset, -1.0, 1.0)

    def opinions(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n 3"]:
        """Ratings before they are stretched to listeners' spread."""
        direct = self.standardised(features) @ self.rating_weight + self.rating_bias
        return 0.5 * (direct + self.posterior(features) @ self.category_ratings)

    def tensors(self, prefix: str) -> dict[str, np.ndarray]:
        """What is written to the weights file; the landmarks in 16 bits."""
        values = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        half = ("landmarks",)
        return {
            f"{prefix}.{name}": np.ascontiguousarray(value, np.float16 if name in half else np.float32)
            for name, value in values.items()
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray], prefix: str) -> Self:
        """Read what `tensors` gives. Raises `KeyError` if something is missing."""
        return cls(**{field.name: np.asarray(tensors[f"{prefix}.{field.name}"], np.float32) for field in fields(cls)})


def likeness(
    one: Float[np.ndarray, "n features"], other: Float[np.ndarray, "m features"], width: Float[np.ndarray, ""] | float
) -> Float[np.ndarray, "n m"]:
    """Gaussian kernel."""
    squares = np.square(one).sum(axis=1)[:, None] + np.square(other).sum(axis=1) - 2.0 * one @ other.T
    return np.exp(-np.maximum(squares, 0.0) / width)

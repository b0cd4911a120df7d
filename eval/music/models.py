"""What the judges of music compute, in numpy: a softmax regression, and two regressions with Gaussian kernels."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

_FARTHEST = 4.0


@dataclass(frozen=True, eq=False)
class Standard:
    """Brings features to mean 0 and deviation 1 over the training data, and holds strange pieces near it."""

    mean: Float[np.ndarray, "features"]
    deviation: Float[np.ndarray, "features"]

    def __call__(self, x: Float[np.ndarray, "pieces features"]) -> Float[np.ndarray, "pieces features"]:
        """Return standardised features, no farther out than four deviations."""
        return np.clip((x - self.mean) / self.deviation, -_FARTHEST, _FARTHEST)


@dataclass(frozen=True, eq=False)
class SoftmaxRegression:
    """A weight for every feature and label."""

    standard: Standard
    weights: Float[np.ndarray, "labels features"]
    bias: Float[np.ndarray, "labels"]

    def probabilities(self, x: Float[np.ndarray, "pieces features"]) -> Float[np.ndarray, "pieces labels"]:
        """Return the probability of each label."""
        return softmax(self.standard(x) @ self.weights.T + self.bias, axis=1)


@dataclass(frozen=True, eq=False)
class KernelRegression:
    """A number as a weighted sum of how near each training piece is; far from all of them it is `bias`."""

    standard: Standard
    pieces: Float[np.ndarray, "support features"]
    """Standardised."""
    weights: Float[np.ndarray, "support"]
    bias: float
    gamma: float
    """Of exp(-gamma * squared distance)."""
    error: float
    """Standard deviation of what is left unexplained on games that it was not fitted on."""

    def predict(self, x: Float[np.ndarray, "pieces features"]) -> Float[np.ndarray, "pieces"]:
        """Return the number for each piece."""
        distance = ((self.standard(x)[:, None] - self.pieces) ** 2).sum(axis=2)
        return np.exp(-self.gamma * distance) @ self.weights + self.bias

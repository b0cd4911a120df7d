"""How sure a judge is against how often it is right."""

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

_BINS = 15
_LOWEST, _HIGHEST = 0.1, 100.0


def negative_log_likelihood(
    logits: Float[np.ndarray, "n labels"], truth: Int[np.ndarray, "n"], temperature: float = 1.0
) -> float:
    """Return the mean of -log p(truth) of the softmax of logits over temperature."""
    return -float(log_softmax(logits / temperature, axis=1)[np.arange(len(truth)), truth].mean())


def fit_temperature(logits: Float[np.ndarray, "n labels"], truth: Int[np.ndarray, "n"]) -> float:
    """Return the temperature under which the truth is likeliest (Guo et al., ICML 2017, section 4.2)."""
    best = minimize_scalar(
        lambda log: negative_log_likelihood(logits, truth, float(np.exp(log))),
        bounds=(np.log(_LOWEST), np.log(_HIGHEST)),
        method="bounded",
    )
    return float(np.exp(best.x))


def expected_calibration_error(probabilities: Float[np.ndarray, "n labels"], truth: Int[np.ndarray, "n"]) -> float:
    """Return how far confidence and accuracy lie apart, averaged over 15 equal bins of confidence by their share."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(truth))

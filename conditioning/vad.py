"""Valence, arousal, dominance <-> categories: a posterior, and three decoders of a VAD point into strengths.

VAD cannot tell neighbouring categories apart (anger, disgust and fear overlap): decode a point only when no category
is known, and never send known categories through VAD and back.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.vocabulary import MEANS, SPREADS

Decoder = Literal["soft", "argmax", "barycentric"]
_TRACE = 0.01  # a smaller posterior is no part of the emotion (estimate)
_SUM_WEIGHT, _POINT_WEIGHT = 1e5, 1e3


def posterior(
    vad: Float[np.ndarray, "... 3"],
    means: Float[np.ndarray, "categories 3"] = MEANS,
    spreads: Float[np.ndarray, "categories 3"] = SPREADS,
    temperature: float = 1.0,
) -> Float[np.ndarray, "... categories"]:
    """How probable each category is at a VAD point, for independent Gaussians and a flat prior.

    Args:
        vad: points, each axis in [-1, 1].
        means: category prototypes.
        spreads: their standard deviations.
        temperature: above 1 flattens; towards 0 the nearest prototype takes all.
    """
    distances = (((vad[..., None, :] - means) / spreads) ** 2).sum(-1)
    score = -0.5 * distances / temperature - np.log(spreads).sum(-1)
    odds = np.exp(score - score.max(-1, keepdims=True))
    return odds / odds.sum(-1, keepdims=True)


def decode_vad(vad: Float[np.ndarray, "3"], decoder: Decoder = "soft") -> Float[np.ndarray, "categories"]:
    """Strengths per category (summing to at most 1, neutral 0) that a VAD point stands for.

    `soft` shares the point's length out by the posterior of the emotional categories and is smooth in the point;
    `argmax` gives it to the most probable one; `barycentric` finds strengths that reproduce the point (see there).
    The origin decodes to nothing with all of them.
    """
    return _DECODERS[decoder](np.asarray(vad, float))


def barycentric(vad: Float[np.ndarray, "3"]) -> tuple[Float[np.ndarray, "categories"], float]:
    """Strengths whose mixed prototypes give `vad`, and the distance that stays where none do.

    Shares, neutral's included, are not negative and sum to 1. Of all that reproduce the point, those of the nearest
    prototypes are taken (least mean squared distance: the Delaunay cell around the point), so that a prototype is its
    own category and the result is continuous. Outside the prototypes' hull it lies at the hull's closest point.
    """
    from scipy.optimize import nnls

    far = ((MEANS - vad) ** 2).sum(axis=1)
    # One least-squares problem in which the sum of shares counts far more than the point, and that than nearness.
    system = np.vstack([_SUM_WEIGHT * np.ones(len(MEANS)), _POINT_WEIGHT * MEANS.T, far])
    shares, _ = nnls(system, np.concatenate([[_SUM_WEIGHT], _POINT_WEIGHT * np.asarray(vad), [0.0]]))
    shares /= shares.sum()
    residual = float(np.linalg.norm(shares @ MEANS - vad))
    return np.append(0.0, shares[1:]), residual


def _soft(vad: Float[np.ndarray, "3"]) -> Float[np.ndarray, "categories"]:
    shares = np.maximum(posterior(vad, MEANS[1:], SPREADS[1:]) - _TRACE, 0.0)
    return _to_length(np.append(0.0, shares / shares.sum()), vad)


def _argmax(vad: Float[np.ndarray, "3"]) -> Float[np.ndarray, "categories"]:
    nearest = 1 + int(np.argmax(posterior(vad, MEANS[1:], SPREADS[1:])))
    return _to_length(np.eye(len(MEANS))[nearest], vad)


def _to_length(shares: Float[np.ndarray, "categories"], vad: Float[np.ndarray, "3"]) -> Float[np.ndarray, "categories"]:
    """Scale shares (summing to 1) by how far out the point lies, measured in lengths of their prototypes."""
    return shares * min(1.0, float(np.linalg.norm(vad) / (shares @ np.linalg.norm(MEANS, axis=1))))


_DECODERS: dict[Decoder, Callable[[Float[np.ndarray, "3"]], Float[np.ndarray, "categories"]]] = {
    "soft": _soft,
    "argmax": _argmax,
    "barycentric": lambda vad: barycentric(vad)[0],
}

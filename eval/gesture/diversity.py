"""How much a body moves about, and how close it comes to a given motion."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from espressivo.eval.metric import Pooled

SEMANTIC_SCALE = 0.165
"""Mean of the semantic scores of BEAT, by which EMAGE divides them."""

Distance = Literal["euclidean", "sum"]
"""How far two joints are apart: by the L2 norm (EMAGE 2024) or the sum of the three differences (BEAT 2022)."""


def l1_diversity(positions: Float[np.ndarray, "frames *values"]) -> Pooled:
    """Return how far all coordinates together are from their own means, per frame.

    Over several clips the sums of frames are pooled, as the peer does. Source: PantoMatrix, evaluation of EMAGE
    (`L1div`); the script of BEAT (2022) subtracts the mean in place and so changes what it is given.
    """
    return Pooled(float(np.abs(positions - positions.mean(axis=0)).sum()), len(positions))


def srgr(
    positions_m: Float[np.ndarray, "frames joints 3"],
    real_m: Float[np.ndarray, "frames joints 3"],
    semantic: Float[np.ndarray, "frames"] | None = None,
    threshold_m: float = 0.1,
    distance: Distance = "euclidean",
) -> Pooled:
    """Return the semantic-relevance gesture recall: the share of joints within `threshold_m` of the real ones.

    Args:
        positions_m: of the motion that is judged.
        real_m: what the speaker really did, frame by frame.
        semantic: score of each frame in [0, 1], by which it counts (divided by `SEMANTIC_SCALE`, so the result can be
            above 1); None counts all alike.
        threshold_m: how near is near enough.
        distance: the L2 norm, or the sum of differences in x, y and z that the script of BEAT (2022) takes, which is
            stricter.

    Source: PantoMatrix, evaluation of EMAGE (`SRGR`); BEAT (Liu et al. 2022), section 5.
    """
    difference = positions_m - real_m
    apart = np.linalg.norm(difference, axis=2) if distance == "euclidean" else np.abs(difference).sum(axis=2)
    near: Bool[np.ndarray, "frames joints"] = apart < threshold_m
    weights = np.ones(len(near)) if semantic is None else semantic / SEMANTIC_SCALE
    return Pooled(float((near * weights[:, None]).sum()), near.size)


def velocity_difference(values: Float[np.ndarray, "frames values"], real: Float[np.ndarray, "frames values"]) -> float:
    """Return EMAGE's LVDFace: the mean difference of frame-to-frame changes.

    The peer divides the sum over T - 1 changes by T frames; so does this.
    """
    return float(np.abs(np.diff(values, axis=0) - np.diff(real, axis=0)).sum() / values.size)


def squared_difference(values: Float[np.ndarray, "frames values"], real: Float[np.ndarray, "frames values"]) -> float:
    """Return EMAGE's MSEFace: the mean squared difference."""
    return float(np.square(values - real).mean())


def pairwise_diversity(features: Sequence[Float[np.ndarray, "features"]]) -> float:
    """Return the mean Euclidean distance of all pairs of clips. At least two are needed."""
    stacked = np.stack(features)
    first, second = np.triu_indices(len(stacked), k=1)
    return float(np.linalg.norm(stacked[first] - stacked[second], axis=1).mean())

"""How recordings of one emotion differ: the Gaussians around the categories, with nobody's identity in them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

DIRECTIONS = 12
_FEWEST = 40


def category_spreads(
    embeddings: Float[np.ndarray, "rows 128"],
    category: np.ndarray,
    group: np.ndarray,
    recognised: np.ndarray,
    count: int,
) -> Float[np.ndarray, "categories directions 128"]:
    """Return for each category a factor F, so that F' times standard normal numbers varies as its recordings do.

    Only recordings whose category is recognised count: what differs between the others is error, not expression. The
    mean of each group (speaker, modality) in each category is taken off first, so that no identity is left. A
    category with too few recordings varies as the others do on average; neutral (0) does not, being one point.

    Args:
        embeddings: of recordings.
        category: index of each.
        group: whoever or whatever else the recordings have in common.
        recognised: whether the decoder finds the category.
        count: how many categories there are.
    """
    scatter: dict[int, np.ndarray] = {}
    for index in range(1, count):
        rows = recognised & (category == index)
        if rows.sum() >= _FEWEST:
            scatter[index] = np.cov(_without_groups(embeddings[rows], group[rows]), rowvar=False)
    pooled = np.mean(list(scatter.values()), axis=0)
    _, directions = np.linalg.eigh(pooled)
    basis = directions[:, -DIRECTIONS:]  # the same for all, so that mixtures of factors are factors
    factors = [_root(basis.T @ scatter.get(index, pooled) @ basis) @ basis.T for index in range(1, count)]
    return np.stack([np.zeros_like(factors[0]), *factors])


def balanced_by_group(group: np.ndarray, most: int, rng: np.random.Generator) -> Sequence[int]:
    """Draw at most `most` rows of each group."""
    drawn = [rng.permutation(np.flatnonzero(group == name))[:most] for name in np.unique(group)]
    return np.sort(np.concatenate(drawn)).tolist()


def _without_groups(values: Float[np.ndarray, "n 128"], group: np.ndarray) -> Float[np.ndarray, "n 128"]:
    _, member = np.unique(group, return_inverse=True)
    means = np.stack([values[member == index].mean(axis=0) for index in range(member.max() + 1)])
    return values - means[member]


def _root(scatter: Float[np.ndarray, "directions directions"]) -> Float[np.ndarray, "directions directions"]:
    """The symmetric square root: neighbouring scatters have neighbouring roots."""
    values, vectors = np.linalg.eigh(scatter)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T

"""Which emotions are related, and what a compound of emotions, or a variant of one, has of its relatives."""

from typing import Final

import numpy as np
from jaxtyping import Float

BORROWED: Final = 0.2
"""What an even compound of two emotions takes from a relative as near to both as can be (estimate, looked at)."""
LEANING: Final = 0.25
"""What a variant far out in its Gaussian takes from a relative as near as can be (estimate, looked at)."""


def relatives(correlations: Float[np.ndarray, "categories categories"]) -> Float[np.ndarray, "categories categories"]:
    """Return for each emotion (row) how near its relatives are, in [0, 1]: correlations above 0, itself left out.

    Neutral is nobody's relative: leaning to it is a matter of intensity.
    """
    near = np.clip(correlations, 0.0, 1.0)
    np.fill_diagonal(near, 0.0)
    near[0], near[:, 0] = 0.0, 0.0
    return near


def borrowed(
    shares: Float[np.ndarray, "categories"], near: Float[np.ndarray, "categories categories"]
) -> Float[np.ndarray, "categories"]:
    """Return what a compound gains from the relatives that its parts have in common.

    Parts p and q gain 4 p q x the lesser of both nearnesses: an emotion alone borrows nothing, an even pair the most.

    Args:
        shares: of every category; they sum to 1.
        near: `relatives` of the bank.
    """
    pairs = 4.0 * np.outer(shares, shares)
    np.fill_diagonal(pairs, 0.0)
    common = np.minimum(near[:, None, :], near[None, :, :])
    gained = 0.5 * np.einsum("ij,ijk->k", pairs, common)
    return np.where(shares > 0.0, 0.0, gained)


def leaning(
    shares: Float[np.ndarray, "categories"],
    near: Float[np.ndarray, "categories categories"],
    odds: Float[np.ndarray, "categories"],
) -> Float[np.ndarray, "categories"]:
    """Return what a variant gains from those relatives that its sample lies nearer to than the mean does.

    Args:
        shares: of every category; they sum to 1.
        near: `relatives` of the bank.
        odds: by how much the sample's log-odds of every category exceed the mean's.
    """
    nearer = np.tanh(np.maximum(odds[None, :] - odds[:, None], 0.0))
    return shares @ (near * nearer)

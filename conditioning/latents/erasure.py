"""Linear erasure in closed form: the directions in which one label moves vectors and others do not."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh

_RIDGE = 1e-3


def discriminants(
    vectors: Float[np.ndarray, "rows n"],
    kept: np.ndarray,
    erased: Sequence[np.ndarray],
    count: int,
    weight: float = 10.0,
) -> Float[np.ndarray, "n count"]:
    """Directions along which `kept` labels differ most, against what differs inside them and between `erased` labels.

    Fisher's discriminant (1936) with the scatter between the labels to be erased added, `weight` times, to that within
    classes: for a large weight erased labels' means do not differ along the result (the linear guarding of S. Ravfogel
    et al., "Linear adversarial concept erasure", ICML 2022, in one step). Unit variance within classes.
    """
    between, within = scatters(vectors, kept)
    against = within + _RIDGE * np.trace(within) / len(within) * np.eye(len(within))
    for labels in erased:
        against = against + weight * scatters(vectors, labels)[0]
    _, directions = eigh(between, against)
    return np.ascontiguousarray(directions[:, ::-1][:, :count])


def scatters(
    vectors: Float[np.ndarray, "rows n"], labels: np.ndarray
) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, "n n"]]:
    """Covariance of class means, weighted by class size, and mean covariance inside classes."""
    names, places = np.unique(labels, return_inverse=True)
    members = np.eye(len(names))[places]
    means = members.T @ vectors / members.sum(axis=0)[:, None]
    of_rows = means[places]
    away, inside = of_rows - vectors.mean(axis=0), vectors - of_rows
    return away.T @ away / len(vectors), inside.T @ inside / len(vectors)

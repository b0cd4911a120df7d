"""Fréchet distance between two sets of features, as behind FID, FVD, FGD and E-FID."""

import numpy as np
from jaxtyping import Float

EMAGE_EPS = 1e-6
"""What EMAGE's evaluation tools (PantoMatrix) add to both covariance diagonals, inside the root only."""
ROWS_PER_DIMENSION = 5
"""With fewer rows than this many times the dimensions, the distance is biased upwards: see `enough`."""


def frechet_distance(
    features_a: Float[np.ndarray, "rows_a dims"],
    features_b: Float[np.ndarray, "rows_b dims"],
    eps: float | None = None,
) -> float:
    """Return the distance between the normal distributions that fit the two sets: 0 for the same set, no upper bound.

    ||mu_a - mu_b||^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)), with sample covariances (Dowson & Landau 1982; Heusel et al.
    2017). The trace of the root is the sum of the singular values of A_a^T A_b with A A^T = S, which equals the peers'
    `scipy.linalg.sqrtm` and needs no complex numbers, also where a covariance is singular.

    Args:
        features_a: one row for each sample.
        features_b: as many columns as `features_a`; the number of rows may differ.
        eps: added to the diagonals of both covariances inside the root, and only there. None adds nothing, as
            pytorch-fid does with covariances that are not singular; `EMAGE_EPS` gives the figures of EMAGE (FGD), which
            are 2 * dims * eps below 0 for a set and itself.

    Raises:
        ValueError: the sets do not have the same columns, a set has less than two rows, or a feature is not finite.
    """
    a, b = np.asarray(features_a, np.float64), np.asarray(features_b, np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"Fréchet distance needs two sets of rows with the same columns, got {a.shape} and {b.shape}.")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("Fréchet distance needs finite features.")
    between_means = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    covariance_a, covariance_b = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (a, b))
    root_a, root_b = (_factor(covariance, eps or 0.0) for covariance in (covariance_a, covariance_b))
    trace_of_root = np.linalg.svd(root_a.T @ root_b, compute_uv=False).sum()
    return float(between_means + np.trace(covariance_a) + np.trace(covariance_b) - 2 * trace_of_root)


def enough(rows: int, dims: int) -> bool:
    """Whether a set of `rows` samples is large enough for a distance in `dims` dimensions to be compared with others.

    Two sets of one distribution are a distance above 0 apart that shrinks only with rows / dims. Below
    `ROWS_PER_DIMENSION` print the number of rows beside the figure and compare equal numbers only, or project both
    sets with `principal_axes` of the reference first.
    """
    return rows >= ROWS_PER_DIMENSION * dims


def principal_axes(
    reference: Float[np.ndarray, "rows dims"], components: int
) -> tuple[Float[np.ndarray, "dims"], Float[np.ndarray, "dims components"]]:
    """Fit a projection that makes `enough` hold, on the reference alone.

    Returns:
        The mean and the axes of largest variance: `(features - mean) @ axes` has `components` columns.

    Raises:
        ValueError: the reference does not have that many components.
    """
    mean = reference.mean(axis=0)
    if not 0 < components <= min(len(reference) - 1, reference.shape[1]):
        raise ValueError(f"{reference.shape} features do not have {components} principal axes.")
    _, _, axes = np.linalg.svd(reference - mean, full_matrices=False)
    return mean, axes[:components].T


def _factor(covariance: Float[np.ndarray, "dims dims"], eps: float) -> Float[np.ndarray, "dims dims"]:
    """A matrix A with A A^T = covariance + eps I."""
    values, vectors = np.linalg.eigh(covariance + eps * np.eye(len(covariance)))
    return vectors * np.sqrt(np.maximum(values, 0.0))

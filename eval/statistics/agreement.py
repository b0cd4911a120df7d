"""Labels against labels, and ranks against ranks: confusion, accuracy, F1, kappa, Wilson's interval, Spearman."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata

from espressivo.eval.metric import NotMeasured
from espressivo.eval.statistics.bootstrap import FEWEST_CLIPS, LEVEL, Interval, percentile_interval, resampled

_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True)
class Correlation:
    """Spearman's rho."""

    rho: float
    interval: Interval | None
    """95 %, over clips; None below `bootstrap.FEWEST_CLIPS`."""
    n: int


def confusion_counts(asked: Sequence[str], judged: Sequence[str], labels: Sequence[str]) -> Int[np.ndarray, "c c"]:
    """Count pairs of labels: rows what was asked for, columns what was judged, both in the order of `labels`.

    Raises:
        ValueError: a label is none of `labels`, or the lists are not equally long.
    """
    counts = np.zeros((len(labels), len(labels)), int)
    for row, column in zip(asked, judged, strict=True):
        counts[tuple(labels).index(row), tuple(labels).index(column)] += 1
    return counts


def accuracy(counts: Int[np.ndarray, "asked judged"]) -> float:
    """Return the share on the diagonal; NaN without counts."""
    return float(np.trace(counts) / counts.sum()) if counts.any() else float("nan")


def recalls(counts: Int[np.ndarray, "asked judged"]) -> Float[np.ndarray, "asked"]:
    """Return the share of each row that is on the diagonal; NaN for a class that was never asked for."""
    asked = counts.sum(axis=1)
    return np.where(asked > 0, np.diag(counts) / np.maximum(asked, 1), np.nan)


def macro_f1(counts: Int[np.ndarray, "asked judged"]) -> float:
    """Return the mean F1 of the classes that were asked for; NaN if there is none.

    scikit-learn's default also averages over classes that were only judged, each as 0.
    """
    hits, asked, judged = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    present = asked > 0
    return float(np.mean(2 * hits[present] / (asked + judged)[present])) if present.any() else float("nan")


def cohen_kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Return Cohen's kappa of two lists of verdicts; NaN if both give one and the same verdict throughout."""
    labels = sorted({*one, *other})
    shares = confusion_counts(one, other, labels) / max(1, len(one))
    expected = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return (float(np.trace(shares)) - expected) / (1 - expected) if one and expected < 1 - 1e-12 else float("nan")


def wilson_interval(hits: int, n: int) -> Interval:
    """Return the 95 % interval of a proportion (Wilson, 1927), which stays within 0..1 and is right for few trials.

    Raises:
        ValueError: not 0 <= hits <= n with n > 0.
    """
    if not 0 <= hits <= n or n == 0:
        raise ValueError(f"{hits} of {n} is no proportion.")
    centre = (hits + _Z**2 / 2) / (n + _Z**2)
    half = _Z / (n + _Z**2) * sqrt(hits * (n - hits) / n + _Z**2 / 4)
    # At 0 and n hits the bound is exactly 0 or 1, which rounding misses.
    return (0.0 if hits == 0 else centre - half), (1.0 if hits == n else centre + half)


def spearman(x: Sequence[float], y: Sequence[float], seed: int = 0) -> Correlation | NotMeasured:
    """Return Spearman's rank correlation of two figures of the same clips, ties ranked by their mean.

    Resamples in which one of the figures does not vary have no correlation and are left out of the interval.

    Raises:
        ValueError: the lists are not equally long.
    """
    a, b = np.asarray(x, float), np.asarray(y, float)
    if a.shape != b.shape:
        raise ValueError(f"{len(a)} and {len(b)} figures cannot be of the same clips.")
    if len(a) < 3:
        return NotMeasured("a correlation needs three clips")
    everything = np.arange(len(a))[None]
    rho = float(_rank_correlations(a, b, everything)[0])
    if not np.isfinite(rho):
        return NotMeasured("one of the figures does not vary")
    if len(a) < FEWEST_CLIPS:
        return Correlation(rho, None, len(a))
    drawn = resampled(lambda places: _rank_correlations(a, b, places), len(a), seed)
    return Correlation(rho, percentile_interval(drawn[np.isfinite(drawn)]), len(a))


def _rank_correlations(
    a: Float[np.ndarray, "n"], b: Float[np.ndarray, "n"], places: Int[np.ndarray, "draws n"]
) -> Float[np.ndarray, "draws"]:
    ranks_a, ranks_b = (rankdata(values[places], axis=1) for values in (a, b))
    ranks_a, ranks_b = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (ranks_a, ranks_b))
    spread = np.sqrt((ranks_a**2).sum(axis=1) * (ranks_b**2).sum(axis=1))
    product = (ranks_a * ranks_b).sum(axis=1)
    return np.divide(product, spread, out=np.full(len(places), np.nan), where=spread > 0)

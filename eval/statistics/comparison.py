"""Is one system better than another on the same clips? Paired resampling, and Holm's correction over many questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from espressivo.eval.metric import NotMeasured, Pooled, Value
from espressivo.eval.statistics.bootstrap import (
    FEWEST_CLIPS,
    RESAMPLES,
    Interval,
    as_parts,
    percentile_interval,
    resampled_ratios,
)

SIGNIFICANT_P = 0.05


@dataclass(frozen=True)
class Difference:
    """B minus A over the clips that both have."""

    a: float
    b: float
    """The two means (or pooled ratios) over these clips."""
    interval: Interval | None
    """95 % of b - a; None below `bootstrap.FEWEST_CLIPS` pairs, like `p`."""
    p: float | None
    """Two-sided, for "there is no difference"; not corrected for other questions asked of the same clips."""
    n_pairs: int

    @property
    def value(self) -> float:
        """B minus A."""
        return self.b - self.a


def compare(a: Mapping[str, Value], b: Mapping[str, Value], seed: int = 0) -> Difference | NotMeasured:
    """Compare two systems by the clips, named alike, that both were measured on.

    Clips are drawn in pairs, so what makes a clip hard for both cancels out. p is twice the smaller share of resamples
    on either side of no difference, at least 1 / (resamples + 1): no number of resamples shows that it is 0.

    Raises:
        ValueError: plain and pooled values are mixed.
    """
    numbers_a, numbers_b = _numbers(a), _numbers(b)
    # Sorted: the draws, and with them the last digits, must not depend on the order of the files on a disk.
    shared = sorted(numbers_a.keys() & numbers_b.keys())
    if not shared:
        return NotMeasured("no clip is measured in both")
    of_a, of_b = (as_parts([side[clip] for clip in shared]) for side in (numbers_a, numbers_b))
    mean_a, mean_b = (float(parts[0].sum() / parts[1].sum()) for parts in (of_a, of_b))
    if len(shared) < FEWEST_CLIPS:
        return Difference(mean_a, mean_b, None, None, len(shared))
    drawn = resampled_ratios(of_b, seed) - resampled_ratios(of_a, seed)
    return Difference(mean_a, mean_b, percentile_interval(drawn), _two_sided_p(drawn), len(shared))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Correct p values for being many (Holm, 1979): the least counts m-fold, the next m-1-fold and so on, at most 1.

    Questions without a p value (None) are not counted and stay None.
    """
    asked = [place for place, p in enumerate(p_values) if p is not None]
    asked.sort(key=lambda place: p_values[place] or 0.0)
    corrected: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, place in enumerate(asked):
        least = max(least, min(1.0, (p_values[place] or 0.0) * (len(asked) - rank)))
        corrected[place] = least
    return corrected


def _numbers(values: Mapping[str, Value]) -> dict[str, float | Pooled]:
    return {clip: value for clip, value in values.items() if not isinstance(value, NotMeasured)}


def _two_sided_p(differences: np.ndarray) -> float:
    # Sums in another order differ in the last bit; equal systems must not count as different for that.
    near = 1e-12 * max(1.0, float(np.abs(differences).max()))
    share = min(float(np.mean(differences <= near)), float(np.mean(differences >= -near)))
    return min(1.0, max(2 * share, 1 / (RESAMPLES + 1)))

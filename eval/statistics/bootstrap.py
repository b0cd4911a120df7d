"""Intervals by resampling clips. The unit is always the clip, never its frames, which are no independent witnesses."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from espressivo.eval.metric import NotMeasured, Pooled, Value

RESAMPLES = 10_000
LEVEL = 0.95
FEWEST_CLIPS = 8
"""With fewer clips an interval pretends to know what it cannot: the single values stand instead."""

Interval = tuple[float, float]

_BLOCK = 2_000_000  # drawn clips held in memory at once
_KEPT_CLIPS = 250  # up to here the draws are kept: all metrics of a report are resampled by the same ones


@dataclass(frozen=True)
class Estimate:
    """A mean over clips (or the pooled ratio of `Pooled` values), and how sure it is."""

    value: float
    interval: Interval | None
    """95 %; None below `FEWEST_CLIPS`."""
    n_used: int
    """Clips with a number."""
    n_total: int
    values: tuple[float, ...] = ()
    """The single clips' numbers where they are too few for an interval."""


def estimate(values: Sequence[Value], seed: int = 0) -> Estimate | NotMeasured:
    """Estimate what a metric is on clips like these.

    Plain numbers are averaged. `Pooled` values are summed first: the ratio of their totals and weights is resampled as
    one, so that a clip with more events counts for more. Clips that could not be measured are left out and counted.

    Args:
        values: one per clip, each clip once; all plain numbers or all `Pooled`, apart from those not measured.
        seed: of the resampling.

    Returns:
        The reason of most clips where none was measured.

    Raises:
        ValueError: plain and pooled values are mixed.
    """
    numbers = [value for value in values if not isinstance(value, NotMeasured)]
    if not numbers:
        return commonest_reason(values)
    parts = as_parts(numbers)
    total, weight = parts.sum(axis=1)
    enough = len(numbers) >= FEWEST_CLIPS
    return Estimate(
        value=float(total / weight),
        interval=percentile_interval(resampled_ratios(parts, seed)) if enough else None,
        n_used=len(numbers),
        n_total=len(values),
        values=() if enough else tuple(map(float, numbers)),
    )


def as_parts(numbers: Sequence[float | Pooled]) -> Float[np.ndarray, "2 clips"]:
    """Return totals and weights of clips; a plain number is a total of weight 1.

    Raises:
        ValueError: plain and pooled values are mixed: no weight says how much the plain ones count.
    """
    pooled = [number for number in numbers if isinstance(number, Pooled)]
    if len(pooled) not in (0, len(numbers)):
        raise ValueError("Plain and pooled values of one metric cannot be averaged; return one kind for every clip.")
    if pooled:
        return np.array([[part.total for part in pooled], [part.weight for part in pooled]])
    return np.array([[float(number) for number in numbers], np.ones(len(numbers))])


def resampled_ratios(parts: Float[np.ndarray, "2 clips"], seed: int = 0) -> Float[np.ndarray, "resamples"]:
    """Return sum of totals over sum of weights of every resample, `RESAMPLES` times clips drawn with replacement.

    The same number of clips and seed give the same draws, so that results of two systems on the same clips pair up.
    """
    clips = parts.shape[1]
    if clips <= _KEPT_CLIPS:
        return _ratio(parts, _kept_counts(clips, seed))
    return np.concatenate([_ratio(parts, _counts(drawn)) for drawn in _draws(clips, seed)])


def resampled(
    statistic: Callable[[Int[np.ndarray, "draws clips"]], Float[np.ndarray, "draws"]], clips: int, seed: int = 0
) -> Float[np.ndarray, "resamples"]:
    """Return any statistic of every resample; it is given the places of the drawn clips, many draws at once."""
    return np.concatenate([statistic(drawn) for drawn in _draws(clips, seed)])


def percentile_interval(resamples: Float[np.ndarray, "resamples"]) -> Interval:
    """Return the percentile interval at `LEVEL`."""
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(resamples, (tail, 100 - tail))
    return float(low), float(high)


def refuse_duplicates(clips: Sequence[str]) -> None:
    """Insist that every clip stands once: a clip that counts twice narrows every interval without any new evidence.

    Raises:
        ValueError: a name stands twice.
    """
    twice = next((name for name, count in Counter(clips).items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"Clip {twice!r} is given twice, which would narrow the intervals; give each clip once.")


def commonest_reason(values: Sequence[Value]) -> NotMeasured:
    """Return why most of the values that are no numbers are none."""
    reasons = Counter(value.reason for value in values if isinstance(value, NotMeasured))
    return NotMeasured(reasons.most_common(1)[0][0]) if reasons else NotMeasured("there are no clips")


def _ratio(parts: Float[np.ndarray, "2 clips"], counts: Float[np.ndarray, "draws clips"]) -> Float[np.ndarray, "draws"]:
    totals, weights = parts @ counts.T
    return totals / weights


@lru_cache(maxsize=4)
def _kept_counts(clips: int, seed: int) -> Float[np.ndarray, "resamples clips"]:
    return np.concatenate([_counts(drawn) for drawn in _draws(clips, seed)])


def _counts(drawn: Int[np.ndarray, "draws clips"]) -> Float[np.ndarray, "draws clips"]:
    """How often each clip was drawn."""
    draws, clips = drawn.shape
    places = drawn + clips * np.arange(draws)[:, None]
    return np.bincount(places.ravel(), minlength=draws * clips).reshape(draws, clips).astype(float)


def _draws(clips: int, seed: int) -> Iterator[Int[np.ndarray, "draws clips"]]:
    rng = np.random.default_rng(seed)
    block = max(1, min(RESAMPLES, _BLOCK // clips))
    for start in range(0, RESAMPLES, block):
        yield rng.integers(clips, size=(min(block, RESAMPLES - start), clips))

"""Hooke and Jeeves' search (Journal of the ACM 8, 1961), within bounds: for a few dials and a worth that costs time."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

Dials = Float[np.ndarray, "dials"]


def pattern_search(
    worth: Callable[[Dials], float],
    start: Dials,
    low: Dials,
    high: Dials,
    steps: Sequence[float],
    told: Callable[[int, float], None] = lambda number, best: None,
) -> Dials:
    """Turn one dial after the other a little up and a little down; what is better stays.

    Args:
        worth: what shall be large.
        start: where to begin.
        low: bounds.
        high: bounds.
        steps: of the rounds, in halves of the range of each dial.
        told: the number of each round from 1 on, and the best worth after it.

    Returns:
        The best setting that was found.
    """
    best_at = np.clip(start, low, high)
    best, half = worth(best_at), (np.asarray(high) - low) / 2
    liked = np.ones(len(best_at))
    for number, step in enumerate(steps, 1):
        for dial in range(len(best_at)):
            # What was better last time is tried first.
            for sign in (liked[dial], -liked[dial]):
                tried = best_at.copy()
                tried[dial] = np.clip(best_at[dial] + sign * step * half[dial], low[dial], high[dial])
                if tried[dial] != best_at[dial] and (found := worth(tried)) > best:
                    best_at, best, liked[dial] = tried, found, sign
                    break
        told(number, best)
    return best_at

"""One clock for all recordings of a sentence, so that a sound can be compared with the same words said otherwise.

Every clip is warped to a template of its sentence by dynamic time warping (H. Sakoe, S. Chiba, IEEE Trans. ASSP 26(1),
1978) over phone probabilities; either may end before the other does, since some recordings are cut.
"""

from dataclasses import dataclass

import numba
import numpy as np
from jaxtyping import Float

STEPS = 64
"""Steps of the clock, evenly spread over the template."""


@dataclass(frozen=True, eq=False)
class Warp:
    """Which frames of a clip belong to which step of the clock."""

    places: Float[np.ndarray, "64"]
    """Frame of the clip at the middle of each step; NaN where the clip has ended."""
    rate: Float[np.ndarray, "64"]
    """Natural log of the template's pace over the clip's: above 0 the clip is slower. NaN where it has ended."""


def warp(clip: Float[np.ndarray, "frames n"], template: Float[np.ndarray, "others n"]) -> Warp:
    """Align a clip with a template; rows are unit vectors (roots of probabilities)."""
    path = _path(np.asarray(1.0 - clip @ template.T, np.float64))
    at_template = np.array([path[path[:, 1] == column, 0].mean() for column in range(path[-1, 1] + 1)])
    middles = (np.arange(STEPS) + 0.5) * len(template) / STEPS - 0.5
    inside = middles <= path[-1, 1]
    places = np.where(inside, np.interp(middles, np.arange(len(at_template)), at_template), np.nan)
    width = 3.0 * len(template) / STEPS
    ahead, behind = (
        np.interp(middles + side * width, np.arange(len(at_template)), at_template) for side in (1.0, -1.0)
    )
    span = np.clip(middles + width, 0, path[-1, 1]) - np.clip(middles - width, 0, path[-1, 1])
    rate = np.log(np.maximum(ahead - behind, 0.5) / np.maximum(span, 0.5))
    return Warp(places, np.where(inside, rate, np.nan))


def sampled(rows: Float[np.ndarray, "frames n"], places: Float[np.ndarray, "64"]) -> Float[np.ndarray, "64 n"]:
    """Rows at fractional places, linear between frames, NaN where the place is."""
    known = np.nan_to_num(places)
    low = np.clip(np.floor(known).astype(int), 0, len(rows) - 1)
    high = np.minimum(low + 1, len(rows) - 1)
    share = (known - low)[:, None]
    values = rows[low] * (1.0 - share) + rows[high] * share
    return np.where(np.isfinite(places)[:, None], values, np.nan)


@numba.njit(cache=True)
def _path(cost):
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for row in range(rows):
        for column in range(columns):
            best = min(total[row, column] + cost[row, column], total[row, column + 1], total[row + 1, column])
            total[row + 1, column + 1] = best + cost[row, column]
    row, column, least = rows, columns, total[rows, columns] / (rows + columns)
    for end in range(columns // 2, columns):
        mean = total[rows, end + 1] / (rows + end + 1)
        if mean <= least:
            row, column, least = rows, end + 1, mean
    for end in range(rows // 2, rows):
        mean = total[end + 1, columns] / (end + 1 + columns)
        if mean < least:
            row, column, least = end + 1, columns, mean
    path = np.empty((row + column, 2), np.int64)
    count = 0
    while row > 0 and column > 0:
        path[count, 0], path[count, 1] = row - 1, column - 1
        count += 1
        diagonal = total[row - 1, column - 1] + cost[row - 1, column - 1]
        if diagonal <= total[row - 1, column] and diagonal <= total[row, column - 1]:
            row, column = row - 1, column - 1
        elif total[row - 1, column] <= total[row, column - 1]:
            row -= 1
        else:
            column -= 1
    return path[:count][::-1].copy()

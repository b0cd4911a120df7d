"""Where lids and lips touch: their edges, row by row, and how edges are kept from passing each other."""

from functools import cache
from typing import Final

import numpy as np
from jaxtyping import Int32
from numba import njit

from espressivo.generators.portrait.avatar.mesh import load_face_mesh

LID_SHARES: Final = np.array([1.0, 0.4])
LIP_SHARES: Final = np.array([1.0, 0.75, 0.45, 0.2])
"""How much of a correction of the edge each row follows, from the edge outwards."""

_UPPER_LID_ROWS = np.array([[246, 161, 160, 159, 158, 157, 173], [247, 30, 29, 27, 28, 56, 190]], np.int32)
_LOWER_LID_ROWS = np.array([[7, 163, 144, 145, 153, 154, 155], [25, 110, 24, 23, 22, 26, 112]], np.int32)
"""Of the right eye, from the edge outwards; the left one's are their mirror."""


@cache
def lid_rows() -> dict[str, tuple[Int32[np.ndarray, "2 7"], Int32[np.ndarray, "2 7"]]]:
    """Return rows of the upper and the lower lid by side, from the edge outwards."""
    mirror = load_face_mesh().mirror
    return {
        "Right": (_UPPER_LID_ROWS, _LOWER_LID_ROWS),
        "Left": (mirror[_UPPER_LID_ROWS], mirror[_LOWER_LID_ROWS]),
    }


@njit(cache=True, nogil=True)
def hold_apart(points, rest, upper, lower, shares, down, shut):
    """Keep edges from crossing, and where `shut` is 1 bring them as near as they are in the photograph.

    Args:
        points: (n, 3) changed in place.
        rest: (n, 3) the photograph's.
        upper: (rows, pairs) from the edge outwards.
        lower: (rows, pairs).
        shares: (rows,) how much of the correction each row follows.
        down: (3,) unit vector.
        shut: 0..1.
    """
    for k in range(upper.shape[1]):
        a, b = upper[0, k], lower[0, k]
        gap = 0.0
        had = 0.0
        for axis in range(3):
            gap += (points[b, axis] - points[a, axis]) * down[axis]
            had += (rest[b, axis] - rest[a, axis]) * down[axis]
        least = min(had, 0.0)
        move = 0.0
        if gap < least:
            move = least - gap
        elif gap > max(had, 0.0):
            move = shut * (max(had, 0.0) - gap)
        if move == 0.0:
            continue
        for row in range(len(shares)):
            for axis in range(3):
                half = np.float32(0.5 * move * shares[row] * down[axis])
                points[upper[row, k], axis] -= half
                points[lower[row, k], axis] += half

"""Reads a picture at the places that a map names."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath=True)
def sample(fine, origin, picture):
    """Sample a picture of twice the scale bilinearly; beyond its border it goes on.

    Args:
        fine: (2 rows, 2 columns, channels): entry [2 r, 2 c] belongs to the centre of pixel (r, c).
        origin: (rows, columns, 2): where each pixel comes from, px of the single scale, centres at .5.
        picture: (rows, columns, channels) receives the samples.
    """
    high, wide, channels = fine.shape
    rows, columns = picture.shape[0], picture.shape[1]
    for row in range(rows):
        for column in range(columns):
            x = min(max(2.0 * origin[row, column, 0] - 1.0, 0.0), wide - 1.001)
            y = min(max(2.0 * origin[row, column, 1] - 1.0, 0.0), high - 1.001)
            left, top = int(x), int(y)
            fx, fy = np.float32(x - left), np.float32(y - top)
            for k in range(channels):
                a, b = np.float32(fine[top, left, k]), np.float32(fine[top, left + 1, k])
                c, d = np.float32(fine[top + 1, left, k]), np.float32(fine[top + 1, left + 1, k])
                above = a + fx * (b - a)
                below = c + fx * (d - c)
                picture[row, column, k] = above + fy * (below - above)

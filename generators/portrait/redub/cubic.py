"""Sampling a frame between its pixels without making it soft."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath=True)
def sample_cubic(image, origin, picture):
    """Sample with Catmull and Rom's cubic (1974), which gives pixels back as they are where nothing moves.

    Args:
        image: (rows, columns, 3) uint8; its border goes on beyond it.
        origin: (h, w, 2) where each pixel comes from, x and y, px of `image`, centres at .5.
        picture: (h, w, 3) receives the samples, 0..255.
    """
    high, wide = image.shape[0], image.shape[1]
    across, down = np.empty(4, np.float32), np.empty(4, np.float32)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            x, y = origin[row, column, 0] - 0.5, origin[row, column, 1] - 0.5
            left, top = int(np.floor(x)), int(np.floor(y))
            _shares(np.float32(x - left), across)
            _shares(np.float32(y - top), down)
            for k in range(3):
                total = np.float32(0.0)
                for i in range(4):
                    r = min(max(top - 1 + i, 0), high - 1)
                    for j in range(4):
                        c = min(max(left - 1 + j, 0), wide - 1)
                        total += down[i] * across[j] * image[r, c, k]
                picture[row, column, k] = min(max(total, np.float32(0.0)), np.float32(255.0))


@njit(cache=True, nogil=True, fastmath=True)
def _shares(t, shares):
    """Write how much of the four nearest pixels a place between the middle two has."""
    shares[0] = 0.5 * t * (-1.0 + t * (2.0 - t))
    shares[1] = 1.0 + 0.5 * t * t * (-5.0 + 3.0 * t)
    shares[2] = 0.5 * t * (1.0 + t * (4.0 - 3.0 * t))
    shares[3] = 0.5 * t * t * (-1.0 + t)

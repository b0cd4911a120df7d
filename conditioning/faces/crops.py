"""Turned squares of a picture: what the mesh network looks at, and the way back to pixels of the picture.

Coordinates are continuous: 0 is the left or upper edge of the first pixel, whose centre lies at 0.5.
"""

from dataclasses import dataclass
from math import ceil, cos, sin

import numpy as np
from jaxtyping import Float, Float32, UInt8
from numba import njit
from PIL import Image


@dataclass(frozen=True)
class Square:
    """A square part of a picture, turned about its centre; positive angles turn x towards y (clockwise as seen)."""

    x: float
    y: float
    """The centre, px."""
    side: float
    """px."""
    angle_rad: float = 0.0

    def read(self, image: UInt8[np.ndarray, "h w 3"], size: int) -> Float32[np.ndarray, "size size 3"]:
        """Sample the square at `size` x `size` points, values 0..255; outside of the picture its border goes on.

        A square that is much larger than `size` is first made smaller by averaging blocks of whole pixels, so that
        fine texture does not turn into moving noise.
        """
        height, width = image.shape[:2]
        reach = self.side / 2 * (abs(cos(self.angle_rad)) + abs(sin(self.angle_rad))) + 2
        left, top = max(0, min(width - 1, int(self.x - reach))), max(0, min(height - 1, int(self.y - reach)))
        part = image[top : max(top + 1, ceil(self.y + reach)), left : max(left + 1, ceil(self.x + reach))]
        block = max(1, round(self.side / size))
        if block > 1:
            part = np.asarray(Image.fromarray(np.ascontiguousarray(part)).reduce(block))
        x, y = (self.x - left) / block, (self.y - top) / block
        return _sample(np.ascontiguousarray(part), x, y, self.side / block, self.angle_rad, size)

    def to_image(self, points: Float[np.ndarray, "n 3"], size: int) -> Float[np.ndarray, "n 3"]:
        """Carry points from units of the sampled square to pixels of the picture; z is only scaled."""
        scale = self.side / size
        c, s = cos(self.angle_rad) * scale, sin(self.angle_rad) * scale
        across, down = points[:, 0] - size / 2, points[:, 1] - size / 2
        return np.stack([self.x + c * across - s * down, self.y + s * across + c * down, points[:, 2] * scale], axis=1)


@njit(cache=True, nogil=True, fastmath=True)
def _sample(image: np.ndarray, x: float, y: float, side: float, angle: float, size: int) -> np.ndarray:
    """Sample `image` bilinearly at the centres of a turned grid."""
    height, width = image.shape[0], image.shape[1]
    out = np.empty((size, size, 3), np.float32)
    c, s = np.cos(angle) * side / size, np.sin(angle) * side / size
    middle = (size - 1) / 2
    for row in range(size):
        for column in range(size):
            across, down = column - middle, row - middle
            u = min(max(x + c * across - s * down - 0.5, 0.0), width - 1.0)
            v = min(max(y + s * across + c * down - 0.5, 0.0), height - 1.0)
            left, top = int(u), int(v)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            fu, fv = np.float32(u - left), np.float32(v - top)
            for k in range(3):
                above = image[top, left, k] + fu * (np.float32(image[top, right, k]) - np.float32(image[top, left, k]))
                below = image[bottom, left, k] + fu * (
                    np.float32(image[bottom, right, k]) - np.float32(image[bottom, left, k])
                )
                out[row, column, k] = above + fv * (below - above)
    return out

"""The drawn face put back into its photograph, with an edge that cannot be seen."""

from functools import cached_property
from math import ceil, cos, floor, sin

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from espressivo.conditioning.faces.crops import Square

_HARD_EDGE = 0.02
_SOFT_EDGE = 0.06
"""Of the crop's side, from its border inwards: nothing of the drawing is taken, then more and more of it."""


class Paster:
    """Puts drawings of one square of one picture back.

    Args:
        image: the picture, RGB.
        square: the part of it that was drawn anew.
        size_px: side of the drawings.
    """

    def __init__(self, image: UInt8[np.ndarray, "h w 3"], square: Square, size_px: int) -> None:
        self._image = image
        self._size = size_px
        height, width = image.shape[:2]
        reach = square.side / 2 * (abs(cos(square.angle_rad)) + abs(sin(square.angle_rad)))
        self._left, self._top = max(0, floor(square.x - reach)), max(0, floor(square.y - reach))
        self._right = max(self._left, min(width, ceil(square.x + reach)))
        self._bottom = max(self._top, min(height, ceil(square.y + reach)))
        # A drawing with more pixels than the square is made smaller first, or fine texture would turn into noise.
        self._block = max(1, round(size_px / square.side))
        scale = size_px / self._block / square.side
        c, s = cos(square.angle_rad) * scale, sin(square.angle_rad) * scale
        across, down = self._left - square.x, self._top - square.y
        middle = size_px / self._block / 2
        self._to_drawing = (c, s, middle + c * across + s * down, -s, c, middle - s * across + c * down)

    def paste(self, drawing: UInt8[np.ndarray, "s s 3"]) -> UInt8[np.ndarray, "h w 3"]:
        """Return the whole picture with the drawing in its place."""
        if self._share.size == 0:
            return self._image.copy()
        whole = self._image.copy()
        part = whole[self._top : self._bottom, self._left : self._right]
        mixed = part + self._share * (self._laid(drawing).astype(np.float32) - part)
        part[:] = np.rint(mixed).astype(np.uint8)
        return whole

    @cached_property
    def _share(self) -> Float[np.ndarray, "rows columns 1"]:
        """How much of the drawing is taken at each pixel of the part."""
        from_border = np.minimum(np.arange(self._size) + 0.5, self._size - 0.5 - np.arange(self._size)) / self._size
        ramp = np.clip((from_border - _HARD_EDGE) / _SOFT_EDGE, 0, 1)
        ramp = ramp * ramp * (3 - 2 * ramp)
        mask = np.rint(255 * np.outer(ramp, ramp)).astype(np.uint8)
        return self._laid(mask).astype(np.float32)[:, :, np.newaxis] / 255

    def _laid(self, drawing: UInt8[np.ndarray, "s s *channels"]) -> UInt8[np.ndarray, "rows columns *channels"]:
        """Return a drawing in the picture's pixels, black beyond its border."""
        picture = Image.fromarray(np.ascontiguousarray(drawing)).reduce(self._block)
        size = (self._right - self._left, self._bottom - self._top)
        if 0 in size:
            return np.zeros((size[1], size[0], *drawing.shape[2:]), np.uint8)
        laid = picture.transform(size, Image.Transform.AFFINE, self._to_drawing, Image.Resampling.BILINEAR)
        return np.asarray(laid)

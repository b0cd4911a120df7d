"""The square of a photograph that is drawn, and its pixels at the scale of the frame."""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image, ImageFilter
from scipy.ndimage import maximum_filter, uniform_filter

from espressivo.generators.portrait.avatar.photograph import Photograph

REACH_CM = 42.0
"""Side of the square: the head with its hair, the neck, the beginning of the shoulders."""
_SOFT_PX = 160
"""Longer side of the picture that what lies beyond its border is softened in."""
_SOFT_REACH = 0.05
"""How far beyond the border everything is soft, and how soft, in the longer side of the picture."""
_SEAM_PX = 7
"""Over how many pixels of the frame what moves passes into what stays."""
_CENTRE_CM = (0.0, -0.5)
"""What lies in the middle, as right and up from the eyes in the picture's own axes."""


@dataclass(frozen=True)
class Crop:
    """A square of a picture, drawn at `size` x `size`."""

    left: float
    top: float
    """Where the square begins, px of the picture. It may stick out; then the picture's border goes on."""
    side: float
    size: int

    @property
    def scale(self) -> float:
        """Pixels of the frame per pixel of the picture."""
        return self.size / self.side

    @classmethod
    def around(cls, photograph: Photograph, centre_px: np.ndarray, px_per_cm: float, size: int | None) -> "Crop":
        """Lay the square around a head; inside of the picture where it fits.

        Args:
            photograph: the picture and its face.
            centre_px: between the eyes.
            px_per_cm: pixels of the picture per centimetre of the standard face.
            size: of the frame; None: as many pixels as the picture has there, pixel on pixel.
        """
        height, width = photograph.image.shape[:2]
        extent = np.ptp(photograph.points_px[:, :2], axis=0).max()
        side = max(min(REACH_CM * px_per_cm, float(min(height, width))), 1.12 * float(extent))
        if size is None:
            side = float(max(2, round(side) // 2 * 2))
        left = _slid(float(centre_px[0]) + _CENTRE_CM[0] * px_per_cm - side / 2, side, width)
        top = _slid(float(centre_px[1]) - _CENTRE_CM[1] * px_per_cm - side / 2, side, height)
        if size is None:
            left, top = float(round(left)), float(round(top))
        return cls(left, top, side, int(side) if size is None else size)

    def edges(self, image: UInt8[np.ndarray, "h w 3"]) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the picture, px of the frame."""
        height, width = image.shape[:2]
        left, top = -self.left * self.scale, -self.top * self.scale
        return left, top, left + width * self.scale, top + height * self.scale

    def to_frame(self, points_px: Float32[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Carry points of the picture to pixels of the frame; z is scaled."""
        return ((points_px - (self.left, self.top, 0.0)) * self.scale).astype(np.float32)

    def read(
        self, image: UInt8[np.ndarray, "h w 3"], across: float = 0.0, down: float = 0.0
    ) -> UInt8[np.ndarray, "size size 3"]:
        """Return the square at the scale of the frame, sharp and free of moiré (Lanczos), moved by parts of a pixel."""
        step = self.side / self.size
        left, top = self.left + across * step, self.top + down * step
        height, width = image.shape[:2]
        margin = 4 + ceil(4 * step)
        pads = [
            (max(0, ceil(margin - low)), max(0, ceil(low + self.side + margin - length)))
            for low, length in ((top, height), (left, width))
        ]
        if self.scale == 1 and left == int(left) and top == int(top):
            rows = np.clip(np.arange(self.size) + int(top), 0, height - 1)
            columns = np.clip(np.arange(self.size) + int(left), 0, width - 1)
            return image[rows[:, np.newaxis], columns]
        padded = _continued(image, pads) if any(map(any, pads)) else image
        left, top = left + pads[1][0], top + pads[0][0]
        # Only the part that is read: PIL converts all it is given.
        x, y = int(left) - margin, int(top) - margin
        part = padded[y : ceil(top + self.side) + margin, x : ceil(left + self.side) + margin]
        box = (left - x, top - y, left - x + self.side, top - y + self.side)
        picture = Image.fromarray(np.ascontiguousarray(part))
        return np.asarray(picture.resize((self.size, self.size), Image.Resampling.LANCZOS, box))

    def read_fine(self, image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "double double 3"]:
        """Return the square at twice the scale, but no sharper: what lies between the pixels of `read`.

        Its even rows and columns are `read`'s pixels. Sampled bilinearly it looks equally sharp at every displacement;
        a picture sampled at its own scale goes soft whenever it moves by half a pixel.
        """
        fine = np.empty((2 * self.size, 2 * self.size, 3), np.uint8)
        for row in (0, 1):
            for column in (0, 1):
                fine[row::2, column::2] = self.read(image, column / 2, row / 2)
        return fine

    def paste(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        still: UInt8[np.ndarray, "size size 3"],
        frame: UInt8[np.ndarray, "size size 3"],
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Return `image` with what `frame` changes about `still` (`read`'s pixels) changed in it.

        Pixels that are equal in both stay as they are, in the picture's own resolution.
        """
        out = image.copy()
        height, width = image.shape[:2]
        # Pixels of the picture that lie in the square.
        x0, x1 = max(0, ceil(self.left)), min(width, floor(self.left + self.side))
        y0, y1 = max(0, ceil(self.top)), min(height, floor(self.top + self.side))
        part = out[y0:y1, x0:x1]
        if self.scale == 1:
            left, top = int(self.left), int(self.top)
            part[...] = frame[y0 - top : y1 - top, x0 - left : x1 - left]
            return out
        changed = (frame != still).any(axis=2)
        if not changed.any():
            return out
        box = (
            (x0 - self.left) * self.scale,
            (y0 - self.top) * self.scale,
            min((x1 - self.left) * self.scale, float(self.size)),
            min((y1 - self.top) * self.scale, float(self.size)),
        )
        shape = (x1 - x0, y1 - y0)
        # Soft towards what stays: its pixels are the picture's own, sharper or finer than those of the frame.
        share = uniform_filter(np.asarray(maximum_filter(changed, _SEAM_PX), np.float32), _SEAM_PX)
        share = np.asarray(Image.fromarray(share).resize(shape, Image.Resampling.BILINEAR, box))[..., np.newaxis]
        new = np.asarray(Image.fromarray(frame).resize(shape, Image.Resampling.LANCZOS, box), np.float32)
        part[...] = np.clip(part + share * (new - part) + 0.5, 0, 255).astype(np.uint8)
        return out


def _continued(image: UInt8[np.ndarray, "h w 3"], pads: list[tuple[int, int]]) -> UInt8[np.ndarray, "rows columns 3"]:
    """Let a picture go on beyond its border: first as the border is, then ever softer, so that it makes no streaks."""
    padded = np.pad(image, (*pads, (0, 0)), mode="edge")
    rows, columns = (
        np.abs(np.arange(-before, length + after) - (length - 1) / 2) - (length - 1) / 2
        for length, (before, after) in zip(image.shape[:2], pads, strict=True)
    )
    shape = padded.shape[1::-1]
    small = [max(1, round(length * _SOFT_PX / max(shape))) for length in shape]
    soft = Image.fromarray(padded).resize((small[0], small[1]), Image.Resampling.BOX)
    soft = soft.filter(ImageFilter.GaussianBlur(_SOFT_REACH * _SOFT_PX)).resize(shape, Image.Resampling.BICUBIC)
    around = np.asarray(soft)
    for part in _strips(image.shape, pads):
        beyond = np.maximum(np.maximum(rows[part[0], np.newaxis], columns[part[1]]), 0) / max(image.shape[:2])
        share = np.clip(beyond / _SOFT_REACH, 0, 1)[..., np.newaxis]
        padded[part] = (padded[part] * (1 - share) + around[part] * share + 0.5).astype(np.uint8)
    return padded


def _strips(shape: tuple[int, ...], pads: list[tuple[int, int]]) -> list[tuple[slice, slice]]:
    """Return the parts of a padded picture that lie beyond its border: above, below, left and right of it."""
    (above, below), (left, right) = pads
    inside = slice(above, above + shape[0])
    return [
        (slice(0, above), slice(None)),
        (slice(above + shape[0], above + shape[0] + below), slice(None)),
        (inside, slice(0, left)),
        (inside, slice(left + shape[1], left + shape[1] + right)),
    ]


def _slid(low: float, length: float, limit: int) -> float:
    """Move [low, low + length] into [0, limit] if it fits, else centre what sticks out about where it was."""
    if length <= limit:
        return min(max(low, 0.0), limit - length)
    return min(max(low, limit - length), 0.0)

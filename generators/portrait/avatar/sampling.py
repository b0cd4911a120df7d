"""Puts a frame together: the person, sampled where a map says, over the background."""

import numpy as np
from jaxtyping import Float32, Int16, UInt8
from numba import njit
from scipy.ndimage import maximum_filter

_UNIT = 64
"""Grey levels are stored as integers of so many steps: fine enough to give back every level, half as big as floats."""


def person_layer(
    fine: UInt8[np.ndarray, "double double 3"],
    matte: Float32[np.ndarray, "size size"],
    background: Float32[np.ndarray, "size size 3"],
) -> Int16[np.ndarray, "double double 4"]:
    """Return the person as what has to be added to the background: at rest that gives the photograph, exactly.

    The first three channels are photo - (1 - matte) * background, the last is the matte. So whatever differs from the
    background, such as wisps of hair that the outline misses, goes along with the head.

    Args:
        fine: the photograph at twice the scale (`Crop.read_fine`).
        matte: share of the person.
        background: the picture without the person.
    """
    cover = _doubled(matte[..., np.newaxis])
    layer = np.empty((*fine.shape[:2], 4), np.int16)
    layer[..., :3] = np.rint((fine - (1 - cover) * _doubled(background)) * _UNIT)
    layer[..., 3] = np.rint(cover[..., 0] * (255 * _UNIT))
    # Between the pixels of the background proper the two differ by their ways of interpolating.
    person = (matte > 0) | (np.abs(fine[::2, ::2] - background) > 0.5).any(axis=2)
    near = maximum_filter(np.repeat(np.repeat(person, 2, axis=0), 2, axis=1), 5)
    layer[np.logical_not(near)] = 0
    return layer


def _doubled(array: Float32[np.ndarray, "h w n"]) -> Float32[np.ndarray, "double double n"]:
    """Return the array at twice the scale; even entries are its own, those between are averages."""
    out = np.empty((2 * array.shape[0], 2 * array.shape[1], array.shape[2]), np.float32)
    right = np.concatenate([array[:, 1:], array[:, -1:]], axis=1)
    out[::2, ::2], out[::2, 1::2] = array, (array + right) / 2
    out[1:-1:2] = (out[:-2:2] + out[2::2]) / 2
    out[-1] = out[-2]
    return out


SHADE_HUE = (np.float32(0.8), np.float32(1.0), np.float32(1.1))
"""How much of a gain each of red, green and blue takes."""


@njit(cache=True, nogil=True, fastmath=True)
def compose(person, background, gain, origin, picture):
    """Sample the person bilinearly and put it over the background; beyond its border the person goes on.

    Args:
        person: (2 rows, 2 columns, 4): `person_layer`; entry [2 r, 2 c] belongs to the centre of pixel (r, c).
        background: (rows, columns, 3).
        gain: (rows, columns) what the person's colours are multiplied by at their place in the photograph, or (0, 0).
        origin: (rows, columns, 2): where each pixel comes from, px of the frame, centres at .5.
        picture: (rows, columns, 3) receives the frame, 0..255.
    """
    high, wide = person.shape[0], person.shape[1]
    rows, columns = picture.shape[0], picture.shape[1]
    unit = np.float32(1.0 / 64.0)
    for row in range(rows):
        for column in range(columns):
            x = min(max(np.float32(2.0) * origin[row, column, 0] - np.float32(1.0), np.float32(0.0)), wide - 2)
            y = min(max(np.float32(2.0) * origin[row, column, 1] - np.float32(1.0), np.float32(0.0)), high - 2)
            left, top = int(x), int(y)
            fx, fy = np.float32(x - left), np.float32(y - top)
            a, b = (np.float32(1.0) - fx) * (np.float32(1.0) - fy) * unit, fx * (np.float32(1.0) - fy) * unit
            c, d = (np.float32(1.0) - fx) * fy * unit, fx * fy * unit
            cover = (
                a * person[top, left, 3]
                + b * person[top, left + 1, 3]
                + c * person[top + 1, left, 3]
                + d * person[top + 1, left + 1, 3]
            )
            through = np.float32(1.0) - cover * np.float32(1.0 / 255.0)
            light = np.float32(1.0)
            if gain.shape[0]:
                light = gain[min((top + 1) // 2, gain.shape[0] - 1), min((left + 1) // 2, gain.shape[1] - 1)]
            for k in range(3):
                own = (
                    a * person[top, left, k]
                    + b * person[top, left + 1, k]
                    + c * person[top + 1, left, k]
                    + d * person[top + 1, left + 1, k]
                )
                # Shaded skin glows red: light that went in through it comes out there.
                own *= np.float32(1.0) + SHADE_HUE[k] * (light - np.float32(1.0))
                picture[row, column, k] = own + through * background[row, column, k]


@njit(cache=True, nogil=True, fastmath=True)
def soften_folds(origin, picture, apart):
    """Soften the stairs where one part of the head hides another: there the picture's origin jumps.

    Args:
        origin: (rows, columns, 2) as in `compose`.
        picture: (rows, columns, 3), changed in place.
        apart: neighbours whose origins lie farther apart than this, px, belong to different parts.
    """
    rows, columns = picture.shape[0], picture.shape[1]
    limit = np.float32(apart)
    count = 0
    where = np.empty((4096, 2), np.int32)
    for row in range(1, rows - 1):
        for column in range(1, columns - 1):
            right = abs(origin[row, column + 1, 0] - origin[row, column, 0])
            below = abs(origin[row + 1, column, 1] - origin[row, column, 1])
            skew = abs(origin[row, column + 1, 1] - origin[row, column, 1])
            slant = abs(origin[row + 1, column, 0] - origin[row, column, 0])
            if (right > limit or below > limit or skew > limit or slant > limit) and count < len(where):
                where[count, 0], where[count, 1] = row, column
                count += 1
    soft = np.empty((count, 3), np.float32)
    for k in range(count):
        row, column = where[k, 0], where[k, 1]
        for channel in range(3):
            total = np.float32(0.0)
            for down in range(-1, 2):
                for across in range(-1, 2):
                    total += picture[row + down, column + across, channel] * np.float32(
                        (2 - abs(down)) * (2 - abs(across))
                    )
            soft[k, channel] = total / np.float32(16.0)
    for k in range(count):
        for channel in range(3):
            picture[where[k, 0], where[k, 1], channel] = soft[k, channel]


@njit(cache=True, nogil=True)
def to_levels(picture, levels):
    """Round a picture to whole grey levels 0..255."""
    rows, columns, channels = picture.shape
    for row in range(rows):
        for column in range(columns):
            for k in range(channels):
                levels[row, column, k] = np.uint8(min(max(picture[row, column, k] + np.float32(0.5), 0.0), 255.0))

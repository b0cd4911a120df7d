"""Puts a frame together: the person, sampled where a map says, over the background."""

import numpy as np
from jaxtyping import Bool, Float32, Int16, UInt8
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


def occupied_cells(person: Int16[np.ndarray, "double double 4"]) -> Bool[np.ndarray, "size size"]:
    """Return for each pixel whether there is anything of the person in or beside it."""
    return np.ascontiguousarray(maximum_filter((person != 0).any(axis=2), 5)[::2, ::2])


def _doubled(array: Float32[np.ndarray, "h w n"]) -> Float32[np.ndarray, "double double n"]:
    """Return the array at twice the scale; even entries are its own, those between are averages."""
    out = np.empty((2 * array.shape[0], 2 * array.shape[1], array.shape[2]), np.float32)
    right = np.concatenate([array[:, 1:], array[:, -1:]], axis=1)
    out[::2, ::2], out[::2, 1::2] = array, (array + right) / 2
    out[1:-1:2] = (out[:-2:2] + out[2::2]) / 2
    out[-1] = out[-2]
    return out


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def compose(person, occupied, background, gain, hue, origin, picture):
    """Sample the person bilinearly and put it over the background; beyond its border the person goes on.

    Args:
        person: (2 rows, 2 columns, 4): `person_layer`; entry [2 r, 2 c] belongs to the centre of pixel (r, c).
        occupied: (rows, columns): `occupied_cells`.
        background: (rows, columns, 3).
        gain: (rows, columns) what the person's colours are multiplied by at their place in the photograph, or (0, 0).
        hue: (3,) how much of a gain each of red, green and blue takes: `Light.shade_hue`.
        origin: (rows, columns, 2): where each pixel comes from, px of the frame, centres at .5.
        picture: (rows, columns, 3) receives the frame, 0..255.
    """
    zero, one, two = np.float32(0.0), np.float32(1.0), np.float32(2.0)
    unit, whole = np.float32(1.0 / 64.0), np.float32(1.0 / 255.0)
    last_x, last_y = np.float32(person.shape[1] - 2), np.float32(person.shape[0] - 2)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            x = min(max(two * origin[row, column, 0] - one, zero), last_x)
            y = min(max(two * origin[row, column, 1] - one, zero), last_y)
            left, top = np.int32(x), np.int32(y)
            if not occupied[top >> 1, left >> 1]:
                for k in range(3):
                    picture[row, column, k] = background[row, column, k]
                continue
            fx, fy = x - np.float32(left), y - np.float32(top)
            upper, lower = (one - fy) * unit, fy * unit
            a, b, c, d = (one - fx) * upper, fx * upper, (one - fx) * lower, fx * lower
            p, q, r, s = person[top, left], person[top, left + 1], person[top + 1, left], person[top + 1, left + 1]
            red = a * np.float32(p[0]) + b * np.float32(q[0]) + c * np.float32(r[0]) + d * np.float32(s[0])
            green = a * np.float32(p[1]) + b * np.float32(q[1]) + c * np.float32(r[1]) + d * np.float32(s[1])
            blue = a * np.float32(p[2]) + b * np.float32(q[2]) + c * np.float32(r[2]) + d * np.float32(s[2])
            cover = a * np.float32(p[3]) + b * np.float32(q[3]) + c * np.float32(r[3]) + d * np.float32(s[3])
            if gain.shape[0]:
                # Shaded skin glows red: light that went in through it comes out there.
                more = gain[min((top + 1) >> 1, gain.shape[0] - 1), min((left + 1) >> 1, gain.shape[1] - 1)] - one
                red *= one + hue[0] * more
                green *= one + hue[1] * more
                blue *= one + hue[2] * more
            through = one - cover * whole
            picture[row, column, 0] = red + through * background[row, column, 0]
            picture[row, column, 1] = green + through * background[row, column, 1]
            picture[row, column, 2] = blue + through * background[row, column, 2]


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


@njit(cache=True, nogil=True, fastmath=True)
def to_levels(picture, levels):
    """Round a picture to whole grey levels 0..255."""
    values, whole = picture.reshape(picture.size), levels.reshape(picture.size)
    for k in range(picture.size):
        whole[k] = np.uint8(min(max(values[k] + np.float32(0.5), np.float32(0.0)), np.float32(255.0)))

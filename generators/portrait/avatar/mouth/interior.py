"""Draws the inside of a mouth, ray by ray: two bent sheets of teeth, the tongue, and the dark behind them.

Everything is posed by two affine maps from centimetres of the standard face to pixels: one for what sits in the head,
one for what sits in the jaw.
"""

import math

import numpy as np
from numba import njit

from espressivo.generators.portrait.avatar.mouth.dentition import COLUMNS, REACH_RAD, ROWS

TONGUE_CENTRE = (0.0, -5.12, 0.9)
TONGUE_RADII = (2.45, 0.86, 3.0)
"""An ellipsoid that fills the lower arch, cm."""


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def draw_interior(
    out,
    left,
    top,
    scale,
    head,
    jaw,
    tongue,
    upper_form,
    upper,
    lower_form,
    lower,
    colours,
    hue,
    lips,
    first,
    step,
    corners,
    axis,
    unit,
):
    """Fill `out` with the colour of the inside of the mouth.

    Args:
        out: (h, w, 3) receives 0..255.
        left, top: pixel of the picture that `out` begins at.
        scale: samples of `out` per pixel of the picture.
        head, jaw, tongue: (3, 4) each, from (x px, y px, depth px, 1) to cm of the standard face.
        upper_form, lower_form: `Arch.form`.
        upper, lower: `Arch.picture`, in the photograph's tint.
        colours: (2, 3) tongue, dark of the throat.
        hue: (3,) `Light.shade_hue`.
        lips: (n, 2) how far down the inner edge of the upper and of the lower lip lies, every `step` px along the axis
            from `first` px.
        corners: (2,) where the corners of the mouth lie along the axis, px.
        axis: x, y, cos, sin of the axis of the lips.
        unit: px per cm.
    """
    height, width = out.shape[0], out.shape[1]
    for row in range(height):
        y = top + (row + 0.5) / scale
        for column in range(width):
            x = left + (column + 0.5) / scale
            along = axis[2] * (x - axis[0]) + axis[3] * (y - axis[1])
            down = axis[2] * (y - axis[1]) - axis[3] * (x - axis[0])
            place = min(max((along - first) / step, 0.0), lips.shape[0] - 1.001)
            knot = int(place)
            part = place - knot
            lip_top = lips[knot, 0] + part * (lips[knot + 1, 0] - lips[knot, 0])
            lip_bottom = lips[knot, 1] + part * (lips[knot + 1, 1] - lips[knot, 1])
            gap = max(lip_bottom - lip_top, 0.0) / unit
            below = max(down - lip_top, 0.0) / unit
            above = max(lip_bottom - down, 0.0) / unit
            # Lips keep the light off what lies close behind them, the upper one more; little light enters a slit.
            shade = (1.0 - 0.34 * math.exp(-below / 0.26)) * (1.0 - 0.22 * math.exp(-above / 0.20))
            shade *= 0.82 + 0.18 * min(gap / 1.1, 1.0)
            # The inside of lips and cheeks, ever darker towards the throat.
            aside = max(min(along - corners[0], corners[1] - along), 0.0) / unit
            depth = 0.22 + 0.78 * math.exp(-min(above, below, aside) / 0.55)
            red = colours[1, 0] * depth
            green = colours[1, 1] * depth
            blue = colours[1, 2] * depth
            nearest = 1e9

            distance, ny, nz, px, pz = _ellipsoid(tongue, x, y)
            if distance < nearest:
                nearest = distance
                lit = 0.30 + 0.70 * max(0.55 * ny + 0.80 * nz, 0.0)
                lit *= min(max(0.29 * pz - 0.11, 0.14), 1.0)
                lit *= 1.0 - 0.16 * math.exp(-((px / 0.16) ** 2))
                wet = 20.0 * lit * max(0.45 * ny + 0.89 * nz, 0.0) ** 24
                red = colours[0, 0] * lit + wet
                green = colours[0, 1] * lit + wet
                blue = colours[0, 2] * lit + wet

            distance, cosine, r, g, b, opacity = _arch(jaw, x, y, lower_form, lower)
            if opacity > 0.0 and distance < nearest + 0.02:
                nearest = distance
                dim = 1.0 - (0.32 + 0.34 * cosine + 0.34 * cosine * cosine)
                red += opacity * (r * (1.0 - hue[0] * dim) - red)
                green += opacity * (g * (1.0 - hue[1] * dim) - green)
                blue += opacity * (b * (1.0 - hue[2] * dim) - blue)

            distance, cosine, r, g, b, opacity = _arch(head, x, y, upper_form, upper)
            if opacity > 0.0 and distance < nearest + 0.35:
                dim = 1.0 - (0.34 + 0.34 * cosine + 0.36 * cosine * cosine)
                red += opacity * (r * (1.0 - hue[0] * dim) - red)
                green += opacity * (g * (1.0 - hue[1] * dim) - green)
                blue += opacity * (b * (1.0 - hue[2] * dim) - blue)
            # What is dark in a mouth, teeth among it, is lit by flesh.
            out[row, column, 0] = red * (1.0 - hue[0] * (1.0 - shade))
            out[row, column, 1] = green * (1.0 - hue[1] * (1.0 - shade))
            out[row, column, 2] = blue * (1.0 - hue[2] * (1.0 - shade))


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True, inline="always")
def _ray(to_cm, x, y):
    """The line behind a pixel: a point at depth 0 and what one pixel of depth adds, cm."""
    ox = to_cm[0, 0] * x + to_cm[0, 1] * y + to_cm[0, 3]
    oy = to_cm[1, 0] * x + to_cm[1, 1] * y + to_cm[1, 3]
    oz = to_cm[2, 0] * x + to_cm[2, 1] * y + to_cm[2, 3]
    return ox, oy, oz, to_cm[0, 2], to_cm[1, 2], to_cm[2, 2]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _arch(to_cm, x, y, form, picture):
    """Meet the front of an arch: (distance px, cosine to the viewer, colour, opacity); opacity 0 where it is missed."""
    ox, oy, oz, dx, dy, dz = _ray(to_cm, x, y)
    oz -= form[2]
    a = (dx / form[0]) ** 2 + (dz / form[1]) ** 2
    b = ox * dx / form[0] ** 2 + oz * dz / form[1] ** 2
    c = (ox / form[0]) ** 2 + (oz / form[1]) ** 2 - 1.0
    inside = b * b - a * c
    if inside <= 0.0:
        return 1e9, 0.0, 0.0, 0.0, 0.0, 0.0
    distance = (-b - math.sqrt(inside)) / a
    px = (ox + distance * dx) / form[0]
    pz = (oz + distance * dz) / form[1]
    height = (oy + distance * dy - form[3]) / (form[4] - form[3]) * ROWS - 0.5
    if pz <= 0.0 or height <= -0.5 or height >= ROWS - 0.5:
        return 1e9, 0.0, 0.0, 0.0, 0.0, 0.0
    angle = math.atan2(px, pz)
    across = (angle / REACH_RAD + 1.0) / 2.0 * (COLUMNS - 1)
    if across < 0.0 or across >= COLUMNS - 1.001:
        return 1e9, 0.0, 0.0, 0.0, 0.0, 0.0
    height = min(max(height, 0.0), ROWS - 1.001)
    i, j = int(across), int(height)
    u, v = across - i, height - j
    w00, w10, w01, w11 = (1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v
    red = (
        w00 * picture[j, i, 0]
        + w10 * picture[j, i + 1, 0]
        + w01 * picture[j + 1, i, 0]
        + w11 * picture[j + 1, i + 1, 0]
    )
    green = (
        w00 * picture[j, i, 1]
        + w10 * picture[j, i + 1, 1]
        + w01 * picture[j + 1, i, 1]
        + w11 * picture[j + 1, i + 1, 1]
    )
    blue = (
        w00 * picture[j, i, 2]
        + w10 * picture[j, i + 1, 2]
        + w01 * picture[j + 1, i, 2]
        + w11 * picture[j + 1, i + 1, 2]
    )
    opacity = (
        w00 * picture[j, i, 3]
        + w10 * picture[j, i + 1, 3]
        + w01 * picture[j + 1, i, 3]
        + w11 * picture[j + 1, i + 1, 3]
    )
    nx, nz = px / form[0], pz / form[1]
    toward = -(nx * dx + nz * dz) / math.sqrt((nx * nx + nz * nz) * (dx * dx + dy * dy + dz * dz))
    return distance, max(toward, 0.0), red, green, blue, opacity


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _ellipsoid(to_cm, x, y):
    """Meet the tongue: (distance px, y and z of the normal, x and z in cm); distance 1e9 where it is missed."""
    ox, oy, oz, dx, dy, dz = _ray(to_cm, x, y)
    rx, ry, rz = TONGUE_RADII
    ux, uy, uz = (ox - TONGUE_CENTRE[0]) / rx, (oy - TONGUE_CENTRE[1]) / ry, (oz - TONGUE_CENTRE[2]) / rz
    vx, vy, vz = dx / rx, dy / ry, dz / rz
    a = vx * vx + vy * vy + vz * vz
    b = ux * vx + uy * vy + uz * vz
    c = ux * ux + uy * uy + uz * uz - 1.0
    inside = b * b - a * c
    if inside <= 0.0:
        return 1e9, 0.0, 0.0, 0.0, 0.0
    distance = (-b - math.sqrt(inside)) / a
    nx, ny, nz = (ux + distance * vx) / rx, (uy + distance * vy) / ry, (uz + distance * vz) / rz
    length = math.sqrt(nx * nx + ny * ny + nz * nz)
    return distance, ny / length, nz / length, (ux + distance * vx) * rx, oz + distance * dz


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def blend(
    frame,
    inside,
    left,
    top,
    scale,
    kernel,
    lips,
    open_here,
    first,
    step,
    axis,
    soft,
    own,
    own_box,
    to_rest,
    own_share,
    grain,
):
    """Average the samples of `inside` to pixels, blur them and lay them into `frame` between the lips.

    Args:
        frame: (h, w, 3), changed in place.
        inside: samples of `draw_interior`, `scale` to a pixel, from pixel (left, top).
        kernel: half of a symmetric blur, the middle first.
        lips, first, step, axis: as in `draw_interior`.
        open_here: (n,) how much the inside covers there, 0..1.
        soft: width of the edge, px.
        own: (h, w, 4) the photograph's own teeth, opacity last; empty if it shows none.
        own_box: left, top of `own` in the photograph at rest.
        to_rest: (2, 3) from pixels to those of the photograph at rest, on the plane of the front teeth.
        own_share: opacity of `own`, 0..1.
        grain: (n, n) noise that repeats, 0..255.
    """
    height, width = inside.shape[0] // scale, inside.shape[1] // scale
    small = np.empty((height, width, 3), np.float32)
    inverse = np.float32(1.0 / (scale * scale))
    for row in range(height):
        for column in range(width):
            for k in range(3):
                total = np.float32(0.0)
                for i in range(scale):
                    for j in range(scale):
                        total += inside[row * scale + i, column * scale + j, k]
                small[row, column, k] = total * inverse
    wide = np.empty_like(small)
    reach = len(kernel) - 1
    for row in range(height):
        for column in range(width):
            for k in range(3):
                total = small[row, column, k] * kernel[0]
                for i in range(1, reach + 1):
                    total += kernel[i] * (small[row, max(column - i, 0), k] + small[row, min(column + i, width - 1), k])
                wide[row, column, k] = total
    size = grain.shape[0]
    for row in range(height):
        y = top + row + 0.5
        if top + row < 0 or top + row >= frame.shape[0]:
            continue
        for column in range(width):
            x = left + column + 0.5
            if left + column < 0 or left + column >= frame.shape[1]:
                continue
            along = axis[2] * (x - axis[0]) + axis[3] * (y - axis[1])
            down = axis[2] * (y - axis[1]) - axis[3] * (x - axis[0])
            place = (along - first) / step
            if place <= 0.0 or place >= lips.shape[0] - 1.001:
                continue
            knot = int(place)
            part = place - knot
            lip_top = lips[knot, 0] + part * (lips[knot + 1, 0] - lips[knot, 0])
            lip_bottom = lips[knot, 1] + part * (lips[knot + 1, 1] - lips[knot, 1])
            alpha = min(max((down - lip_top) / soft + 0.5, 0.0), 1.0) * min(
                max((lip_bottom - down) / soft + 0.5, 0.0), 1.0
            )
            alpha *= open_here[knot] + part * (open_here[knot + 1] - open_here[knot])
            if alpha <= 0.0:
                continue
            u = to_rest[0, 0] * x + to_rest[0, 1] * y + to_rest[0, 2]
            v = to_rest[1, 0] * x + to_rest[1, 1] * y + to_rest[1, 2]
            noise = grain[int(v) % size, int(u) % size]
            teeth = 0.0
            i, j, f, g = 0, 0, 0.0, 0.0
            if own_share > 0.0:
                u -= own_box[0] + 0.5
                v -= own_box[1] + 0.5
                if u >= 0.0 and v >= 0.0 and u < own.shape[1] - 1.001 and v < own.shape[0] - 1.001:
                    i, j = int(u), int(v)
                    f, g = u - i, v - j
                    teeth = (1 - f) * (1 - g) * own[j, i, 3] + f * (1 - g) * own[j, i + 1, 3]
                    teeth += (1 - f) * g * own[j + 1, i, 3] + f * g * own[j + 1, i + 1, 3]
                    teeth *= own_share
            for k in range(3):
                total = wide[row, column, k] * kernel[0]
                for n in range(1, reach + 1):
                    total += kernel[n] * (wide[max(row - n, 0), column, k] + wide[min(row + n, height - 1), column, k])
                total += noise
                if teeth > 0.0:
                    tooth = (1 - f) * (1 - g) * own[j, i, k] + f * (1 - g) * own[j, i + 1, k]
                    tooth += (1 - f) * g * own[j + 1, i, k] + f * g * own[j + 1, i + 1, k]
                    total += teeth * (tooth - total)
                frame[top + row, left + column, k] += alpha * (total - frame[top + row, left + column, k])

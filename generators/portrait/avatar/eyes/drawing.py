"""Draws one eye of a portrait: upper lid, lashes, eyeball, edge of the lower lid."""

import math

from numba import njit

UPPER_REST, LOWER_REST, UPPER, LOWER, CREASE_REST, CREASE, BROW = range(7)
"""Columns of the table of an eye: how far down its edges lie, in the photograph and now; likewise the crease, where new
skin comes out; how far the skin under the brow went down. px."""


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True, inline="always")
def _read(patch, x, y, k):
    i, j = int(x), int(y)
    u, v = x - i, y - j
    above = patch[j, i, k] + u * (patch[j, i + 1, k] - patch[j, i, k])
    below = patch[j + 1, i, k] + u * (patch[j + 1, i + 1, k] - patch[j + 1, i, k])
    return above + v * (below - above)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def draw_eye(
    picture, box, to_rest, axis, first, step, table, skin, width, corner, fine, photo, white, iris, mirrored, gaze,
    looks, covers, closing, opening, grain
):  # fmt: skip
    """Draw an eye into `picture`, in place.

    Args:
        picture: (h, w, 3) RGB, 0..255: the warped photograph.
        box: left, top, right, bottom of what is looked at, px.
        to_rest: (2, 3) from pixels of the picture to those of the photograph.
        axis: x, y, cos, sin of the line between the corners, in the photograph.
        first, step: where the table begins along it, and its step, px.
        table: (n, 7) columns as named above.
        skin: (n, 3) skin of the upper lid.
        width: of the eye, px.
        corner: left, top of the patches, px of the photograph.
        fine: samples of the patches per pixel.
        photo, white, iris, mirrored: the patches of an `Eyeball`.
        gaze: how far the iris moves, px of the photograph.
        looks: 0..1, how much of the eyeball is drawn anew; 0: the photograph's.
        covers: 0..1, how much of all this replaces the picture.
        closing: 0..1, how much of the upper lid is drawn anew because it comes down.
        opening: 0..1, the same because it goes up.
        grain: (n, n) noise that repeats, 0..255.
    """
    lash = 0.065 * width
    low_band = 0.12 * width
    hood = 0.30 * width
    size = grain.shape[0]
    limit_x, limit_y = photo.shape[1] - 1.001, photo.shape[0] - 1.001
    for row in range(box[1], box[3]):
        for column in range(box[0], box[2]):
            x, y = column + 0.5, row + 0.5
            u = to_rest[0, 0] * x + to_rest[0, 1] * y + to_rest[0, 2]
            v = to_rest[1, 0] * x + to_rest[1, 1] * y + to_rest[1, 2]
            along = axis[2] * (u - axis[0]) + axis[3] * (v - axis[1])
            down = axis[2] * (v - axis[1]) - axis[3] * (u - axis[0])
            place = (along - first) / step
            if place <= 0.0 or place >= table.shape[0] - 1.001:
                continue
            # Beyond the corners everything is as the warp has it.
            ends = min(max((0.56 - abs(along) / width) / 0.07, 0.0), 1.0)
            if ends <= 0.0:
                continue
            n = int(place)
            f = place - n
            upper_rest = table[n, 0] + f * (table[n + 1, 0] - table[n, 0])
            lower_rest = table[n, 1] + f * (table[n + 1, 1] - table[n, 1])
            upper = table[n, 2] + f * (table[n + 1, 2] - table[n, 2])
            lower = table[n, 3] + f * (table[n + 1, 3] - table[n, 3])
            crease_rest = table[n, 4] + f * (table[n + 1, 4] - table[n, 4])
            crease = table[n, 5] + f * (table[n + 1, 5] - table[n, 5])
            brow = table[n, 6] + f * (table[n + 1, 6] - table[n, 6])
            if down < crease - hood or down > lower + low_band:
                continue
            in_lid = min(max(upper - down + 0.5, 0.0), 1.0)
            in_low = min(max(down - lower + 0.5, 0.0), 1.0) * (1.0 - in_lid)
            in_ball = 1.0 - in_lid - in_low

            # Where the patches are read: as it is, and where the lids' edges were.
            px, py = (u - corner[0]) * fine - 0.5, (v - corner[1]) * fine - 0.5
            shift = upper_rest - upper
            lx, ly = px - axis[3] * shift * fine, py + axis[2] * shift * fine
            shift = lower_rest - lower
            bx, by = px - axis[3] * shift * fine, py + axis[2] * shift * fine
            stretch = max(upper_rest - lash - crease_rest, 0.0) / max(upper - lash - crease, 1.0)
            if down < crease:
                # Over the crease the skin stays with it and with the brow.
                shift = (crease_rest - crease) + min((crease - down) / hood, 1.0) * (crease - crease_rest - brow)
            else:
                # Between crease and lashes it stretches.
                shift = crease_rest + (down - crease) * stretch - down
            sx, sy = px - axis[3] * shift * fine, py + axis[2] * shift * fine
            gx, gy = px - gaze[0] * fine, py - gaze[1] * fine
            px, py = min(max(px, 0.0), limit_x), min(max(py, 0.0), limit_y)
            lx, ly = min(max(lx, 0.0), limit_x), min(max(ly, 0.0), limit_y)
            bx, by = min(max(bx, 0.0), limit_x), min(max(by, 0.0), limit_y)
            sx, sy = min(max(sx, 0.0), limit_x), min(max(sy, 0.0), limit_y)
            gx, gy = min(max(gx, 0.0), limit_x), min(max(gy, 0.0), limit_y)

            above = upper - down
            # The lashes go with the edge; above them new skin comes out of the crease.
            is_lash = in_lid * min(max((lash + 0.02 * width - above) / (0.04 * width), 0.0), 1.0)
            is_skin = in_lid - is_lash
            is_new = max(closing, min(max(1.0 - 1.5 * stretch, 0.0), 0.9))
            is_new *= min(max((down - crease) / (0.06 * width) + 0.5, 0.0), 1.0)
            # The new skin is like that above the crease, seen in a mirror that lies in the crease; spectacles are not.
            shift = crease_rest - 0.6 * (down - crease) - down
            mx, my = px - axis[3] * shift * fine, py + axis[2] * shift * fine
            skin_alpha = closing * min(max((down - crease + hood) / (0.5 * hood), 0.0), 1.0)
            skin_alpha = max(skin_alpha, opening * min(max((0.24 * width - above) / (0.10 * width), 0.0), 1.0))
            lash_alpha = covers * min(max((down - crease) / (0.05 * width) + 1.0, 0.0), 1.0)
            low_alpha = covers * min(max((lower + low_band - down) / (0.5 * low_band), 0.0), 1.0)
            mx, my = min(max(mx, 0.0), limit_x), min(max(my, 0.0), limit_y)
            height = max(upper - crease, 1.0)
            part = min(max((down - crease) / height, 0.0), 1.0)
            bulge = 0.92 + 0.16 * math.sin(3.1416 * min(part * 1.05, 1.0)) - 0.04 * part
            bulge *= 1.0 - 0.25 * (along / width) ** 2
            reflected = 0.3 * _read(photo, mx, my, 0) + 0.6 * _read(photo, mx, my, 1) + 0.1 * _read(photo, mx, my, 2)
            plain = 0.3 * skin[n, 0] + 0.6 * skin[n, 1] + 0.1 * skin[n, 2]
            mirror = min(max((reflected / max(plain, 1.0) - 0.55) / 0.25, 0.0), 1.0)
            mirror *= 1.0 - min(max((down - crease) / (0.7 * height), 0.0), 1.0)
            noise = grain[int(v) % size, int(u) % size]
            # The seam of a closed eye: lashes of both lids lie over each other.
            seam = (1.0 - min(max((lower - upper) / (0.10 * width), 0.0), 1.0)) * closing
            line = (down - upper) / (0.030 * width)
            dark = 1.0 - seam * 0.42 * math.exp(-line * line)
            if line > 0.0:
                line /= 2.2
                dark = min(dark, 1.0 - seam * 0.20 * math.exp(-line * line))
            opacity = _read(iris, gx, gy, 3)
            # Under the edge of the upper lid the photograph stays, but where an iris was, comes, or the lid rises.
            anew = max(opacity, _read(iris, px, py, 3), opening)
            anew = looks * max(anew, min(max((down - upper_rest) / (0.07 * width), 0.0), 1.0))
            # The upper lid throws a soft shadow that goes down with it.
            shadow = 1.0
            if down > upper:
                now = 1.0 - 0.34 * math.exp(-(down - upper) / (0.07 * width))
                had = 1.0 - 0.34 * math.exp(-max(down - upper_rest, 0.0) / (0.07 * width))
                # What the lid covered in the photograph was filled in without a shadow.
                had += anew * (1.0 - had) * min(max((upper_rest + 0.05 * width - down) / (0.05 * width), 0.0), 1.0)
                shadow = min(now / had, 1.0)
            for k in range(3):
                warped = picture[row, column, k]
                clean = (skin[n, k] + f * (skin[n + 1, k] - skin[n, k])) * bulge + noise
                clean += mirror * (_read(photo, mx, my, k) - clean)
                seen = _read(photo, px, py, k)
                if anew > 0.0:
                    ball = _read(white, px, py, k)
                    ball += opacity * (_read(iris, gx, gy, k) - ball)
                    ball += _read(mirrored, px, py, k)
                    seen += anew * (min(ball, 255.0) - seen)
                # The warp would stretch lashes over the lid.
                stays = _read(photo, sx, sy, k)
                clean = stays + is_new * (clean - stays)
                value = is_skin * (warped + skin_alpha * (clean - warped))
                moved = _read(photo, lx, ly, k)
                value += is_lash * (warped + lash_alpha * (moved - warped))
                value += in_ball * (warped + covers * (seen * shadow - warped))
                moved = _read(photo, bx, by, k)
                value += in_low * (warped + low_alpha * (moved - warped))
                picture[row, column, k] = warped + ends * (value * dark - warped)

"""What colour a surface has under the studio lights: the one description that both renderers run.

numba compiles these functions and those of `optics` for the CPU, `glsl.translate` turns the same source into a fragment
shader. They therefore keep to a small language: scalars only, names assigned before use, `if`, arithmetic, functions of
`math`, tuples of three as results. A parameter without annotation is a float. `look`, `scene` and `noise` are the
tables that every function may read.

numba's cache watches only the file of a kernel: save this file too after a change in `optics`.

Sources: hair (Kajiya and Kay 1989); the rest stands in `optics`.
"""

import math

from numba import njit

from espressivo.generators.face.render.look import (
    BROW,
    CAMERA,
    CLOTH,
    CROWN,
    EYE_AXIS,
    EYE_CENTRE,
    EYE_HEAD_X,
    EYE_HEAD_Y,
    EYE_L,
    EYE_LID_LOWER,
    EYE_LID_UPPER,
    EYE_R,
    EYE_RIGHT,
    EYE_SLOTS,
    EYE_UP,
    EYES,
    HAIR,
    INSIDE_MOUTH,
    IRIS,
    PUPIL,
    SCALP,
    SKIN,
    TEETH,
    TONGUE,
)
from espressivo.generators.face.render.optics import (
    clamp,
    mix,
    noise_at,
    normalise,
    shared,
    smoothstep,
    surface,
    tone,
    wrapped,
)


@shared
def skin(look, noise, nx, ny, nz, vx, vy, vz, red, green, blue, gloss, flesh, openness, lit, strain, qx, qy, qz):
    """Skin: mottled pigment and blood, pores that break up the highlight, creases where the surface is squeezed."""
    blotch, blood, oil = noise_at(noise, qx * look.mottle_scale, qy * look.mottle_scale, qz * look.mottle_scale)
    tx, ty, tz = noise_at(noise, qx * look.pore_scale, qy * look.pore_scale, qz * look.pore_scale)
    shade = 1.0 + look.mottle * 0.5 * blotch + look.mottle * 0.15 * tx
    squeeze = clamp(-strain, 0.0, 0.6)
    stretch = clamp(strain, 0.0, 0.6)
    shade -= look.crease * squeeze * squeeze
    rosy = look.redness * blood * flesh + 0.10 * squeeze - 0.05 * stretch
    bump = look.pore * (0.4 + gloss)
    bx, by, bz = normalise(nx + bump * tx, ny + bump * ty, nz + bump * tz)
    return surface(
        look, bx, by, bz, vx, vy, vz,
        red * shade * (1.0 + 0.25 * rosy), green * shade * (1.0 - rosy), blue * shade * (1.0 - rosy),
        clamp(gloss * (1.0 + 0.25 * oil + 0.25 * ty), 0.05, 0.93), flesh, openness * (1.0 - 0.5 * squeeze), lit,
        look.skin_f0,
    )  # fmt: skip


@shared
def hair(look, scene, noise, px, py, pz, nx, ny, nz, vx, vy, vz, red, green, blue, openness, lit, qx, qy, qz):
    """Hair combed away from the crown: dark and light strands, two highlights across them."""
    fine, clump, shift = noise_at(noise, qx, qy, qz)
    sx, sy, sz = normalise(px - scene[CROWN], py - scene[CROWN + 1], pz - scene[CROWN + 2])
    along = sx * nx + sy * ny + sz * nz
    tx, ty, tz = normalise(sx - along * nx, sy - along * ny, sz - along * nz)
    tilt = 0.18 * shift + 0.30 * fine
    tx, ty, tz = normalise(tx + tilt * nx, ty + tilt * ny, tz + tilt * nz)
    hx, hy, hz = normalise(look.key_x + vx, look.key_y + vy, look.key_z + vz)
    tdoth = tx * hx + ty * hy + tz * hz
    sharp = 1.0 - tdoth * tdoth
    sharp2 = sharp * sharp
    sharp8 = sharp2 * sharp2 * sharp2 * sharp2
    rx, ry, rz = normalise(look.rim_x + vx, look.rim_y + vy, look.rim_z + vz)
    rdoth = tx * rx + ty * ry + tz * rz
    back = 1.0 - rdoth * rdoth
    back4 = back * back * back * back
    ndotl = nx * look.key_x + ny * look.key_y + nz * look.key_z
    shine = look.hair_shine * sharp8 * sharp8 * sharp8 * wrapped(ndotl, 0.25) * lit
    glow = look.hair_tint * sharp8 * wrapped(ndotl, 0.3) * lit
    edge = 0.6 * look.hair_tint * back4 * max(nx * look.rim_x + ny * look.rim_y + nz * look.rim_z, 0.0)
    body = clamp(1.0 + 0.55 * fine + 0.45 * clump, 0.15, 2.2)
    r, g, b = surface(
        look, nx, ny, nz, vx, vy, vz, red * body, green * body, blue * body, 0.15, 0.25, openness, lit, 0.02
    )
    r += look.key_r * (shine + glow * red * body) + look.rim_r * edge * (red + 0.06)
    g += look.key_g * (shine + glow * green * body) + look.rim_g * edge * (green + 0.06)
    b += look.key_b * (shine + glow * blue * body) + look.rim_b * edge * (blue + 0.06)
    return r, g, b


@shared
def eye(look, scene, noise, base: int, px, py, pz, vx, vy, vz, openness, lit):
    """Eyeball: an iris drawn from the angle to the gaze axis, behind a cornea that mirrors the softbox."""
    nx, ny, nz = normalise(
        px - scene[base + EYE_CENTRE], py - scene[base + EYE_CENTRE + 1], pz - scene[base + EYE_CENTRE + 2]
    )
    gx = scene[base + EYE_AXIS]
    gy = scene[base + EYE_AXIS + 1]
    gz = scene[base + EYE_AXIS + 2]
    forward = nx * gx + ny * gy + nz * gz
    ax = nx - forward * gx
    ay = ny - forward * gy
    az = nz - forward * gz
    rho = math.sqrt(ax * ax + ay * ay + az * az) / look.limbus
    if forward < 0.0:
        rho = 9.0
    inside = 1.0 - smoothstep(0.90, 1.06, rho)
    # Refraction: the iris plane lies behind the cornea, so it shifts against the line of sight.
    facing = vx * gx + vy * gy + vz * gz
    depth = look.iris_depth * max(1.0 - rho * rho, 0.0) / max(facing, 0.3)
    ix = ax - depth * (vx - facing * gx)
    iy = ay - depth * (vy - facing * gy)
    iz = az - depth * (vz - facing * gz)
    radius = math.sqrt(ix * ix + iy * iy + iz * iz + 1e-12)
    ring = radius / look.limbus
    cosine = (
        ix * scene[base + EYE_RIGHT] + iy * scene[base + EYE_RIGHT + 1] + iz * scene[base + EYE_RIGHT + 2]
    ) / radius
    sine = (ix * scene[base + EYE_UP] + iy * scene[base + EYE_UP + 1] + iz * scene[base + EYE_UP + 2]) / radius
    fibre, band, vein = noise_at(noise, cosine * 0.9, sine * 0.9, ring * 0.10)
    pupil = scene[PUPIL]
    wavy = ring + 0.03 * band
    bright = 0.75 + 0.55 * fibre + 0.75 * smoothstep(0.45, 0.0, abs(wavy - (pupil + 0.22)) * 2.0)
    # Light that enters the cornea on the key side gathers on the far side of the iris.
    caustic = -(ix * look.key_x + iy * look.key_y + iz * look.key_z) / look.limbus
    bright *= 1.0 + 0.55 * caustic
    dark = smoothstep(pupil - 0.05, pupil + 0.05, wavy) * (1.0 - 0.82 * smoothstep(0.74, 1.0, wavy))
    amber = 1.0 - smoothstep(pupil, pupil + 0.34, wavy)
    iris_r = mix(scene[IRIS], scene[IRIS] * 1.5 + 0.05, amber) * bright * dark + 0.004
    iris_g = mix(scene[IRIS + 1], scene[IRIS + 1] + 0.01, amber) * bright * dark + 0.004
    iris_b = mix(scene[IRIS + 2], scene[IRIS + 2] * 0.55, amber) * bright * dark + 0.004
    # Sclera: pink toward the corners.
    side = nx * scene[base + EYE_HEAD_X] + ny * scene[base + EYE_HEAD_X + 1] + nz * scene[base + EYE_HEAD_X + 2]
    rise = nx * scene[base + EYE_HEAD_Y] + ny * scene[base + EYE_HEAD_Y + 1] + nz * scene[base + EYE_HEAD_Y + 2]
    pink = smoothstep(0.25, 0.85, abs(side)) * (0.55 + 0.45 * vein)
    sclera_r = look.sclera_r * (1.0 - 0.12 * pink)
    sclera_g = look.sclera_g * (1.0 - 0.38 * pink)
    sclera_b = look.sclera_b * (1.0 - 0.40 * pink)
    red = mix(sclera_r, iris_r, inside)
    green = mix(sclera_g, iris_g, inside)
    blue = mix(sclera_b, iris_b, inside)
    # The lids and lashes shade the ball; each lid's edge is a parabola over the sideways coordinate.
    ball = math.sqrt(
        (px - scene[base + EYE_CENTRE]) * (px - scene[base + EYE_CENTRE])
        + (py - scene[base + EYE_CENTRE + 1]) * (py - scene[base + EYE_CENTRE + 1])
        + (pz - scene[base + EYE_CENTRE + 2]) * (pz - scene[base + EYE_CENTRE + 2])
    )
    x = side * ball
    y = rise * ball
    upper = scene[base + EYE_LID_UPPER] + x * (scene[base + EYE_LID_UPPER + 1] + x * scene[base + EYE_LID_UPPER + 2])
    lower = scene[base + EYE_LID_LOWER] + x * (scene[base + EYE_LID_LOWER + 1] + x * scene[base + EYE_LID_LOWER + 2])
    shade = smoothstep(-0.3, 1.0, (upper - y) / look.lid_shade_m)
    shade *= 0.55 + 0.45 * smoothstep(-0.2, 0.8, (y - lower) / look.lid_shade_m)
    shade *= 1.0 - 0.55 * smoothstep(0.45, 0.85, abs(side))
    shade = mix(0.16, 1.0, shade) * openness
    r, g, b = surface(look, nx, ny, nz, vx, vy, vz, red, green, blue, 0.3, 0.8, shade, lit * shade, 0.0)
    # Mirror of the studio in the wet surface; the cornea bulges, so it shows a smaller studio than the white does.
    bulge = look.cornea * (1.0 - smoothstep(0.55, 1.12, rho))
    cx, cy, cz = normalise(nx + bulge * ax, ny + bulge * ay, nz + bulge * az)
    ndotv = cx * vx + cy * vy + cz * vz
    mx = 2.0 * ndotv * cx - vx
    my = 2.0 * ndotv * cy - vy
    mz = 2.0 * ndotv * cz - vz
    m = clamp(1.0 - ndotv, 0.0, 1.0)
    m2 = m * m
    fresnel = 0.028 + 0.97 * m2 * m2 * m
    toward = mx * look.catch_x + my * look.catch_y + mz * look.catch_z
    flat = math.sqrt(look.catch_x * look.catch_x + look.catch_z * look.catch_z)
    across = (mx * look.catch_z - mz * look.catch_x) / flat
    over = my * flat - look.catch_y * (mx * look.catch_x + mz * look.catch_z) / flat
    box = smoothstep(look.softbox_x, look.softbox_x * 0.7, abs(across)) * smoothstep(
        look.softbox_y, look.softbox_y * 0.75, abs(over)
    )
    if toward < 0.0:
        box = 0.0
    glow = smoothstep(0.80, 1.0, mx * look.fill_x + my * look.fill_y + mz * look.fill_z)
    mirror = fresnel * (look.softbox * 4.0 * box + 2.0 * glow + 0.8 * smoothstep(-0.2, 0.9, my)) * math.sqrt(shade)
    return r + mirror * look.key_r, g + mirror * look.key_g, b + mirror * look.key_b


@shared
def tooth(look, noise, nx, ny, nz, vx, vy, vz, red, green, blue, gloss, openness, lit, u, v):
    """Teeth out of one arch: `u` runs along it, `v` from the biting edge (0) to the gum (1)."""
    cell = u * 7.5
    gap = abs(cell - math.floor(cell) - 0.5)
    line = smoothstep(0.5 - look.tooth_gap * 1.6, 0.5, gap) * smoothstep(-0.2, 0.25, v)
    scallop = 0.80 - 0.55 * gap * gap
    gum = smoothstep(scallop - 0.06, scallop + 0.06, v)
    shade = 1.0 - 0.55 * line
    warm = 0.10 * smoothstep(0.1, 0.8, v)
    r = mix(red * shade, 0.42, gum)
    g = mix(green * shade * (1.0 - 0.5 * warm), 0.13, gum)
    b = mix(blue * shade * (1.0 - warm), 0.13, gum)
    glow = lit + look.tooth_glow * openness * (1.0 - lit)
    return surface(look, nx, ny, nz, vx, vy, vz, r, g, b, gloss, 0.35, openness, glow, 0.04)


@shared
def shade(
    look,
    scene,
    noise,
    material: int,
    px,
    py,
    pz,
    nx,
    ny,
    nz,
    red,
    green,
    blue,
    gloss,
    flesh,
    openness,
    qx,
    qy,
    qz,
    u,
    v,
    cover,
    lit,
    strain,
):
    """Display-referred linear RGB of a point of the head.

    Args:
        look: the `Look` table.
        scene: what changes from frame to frame; slots in `look`.
        noise: the noise table.
        material: number of the material.
        px, py, pz: the point; nx, ny, nz: its normal, not normalised.
        red, green, blue: albedo; gloss: 0..1; flesh: how far light bleeds in, 0..1; openness: 1 - ambient occlusion.
        qx, qy, qz: coordinates that stick to the surface at rest, for the noise.
        u, v: tooth coordinates; cover: how densely hair covers the skin, 0..1.
        lit: share of the key light that arrives; strain: relative change of area against rest.
    """
    vx, vy, vz = normalise(scene[CAMERA] - px, scene[CAMERA + 1] - py, scene[CAMERA + 2] - pz)
    nx, ny, nz = normalise(nx, ny, nz)
    r = 0.0
    g = 0.0
    b = 0.0
    if material == SKIN:
        if cover > 0.0:
            cloth = smoothstep(0.0, 0.12, cover)
            hem = 1.0 + 2.5 * smoothstep(0.35, 0.12, abs(cover - 0.55))
            red = mix(red, look.cloth_r * hem, cloth)
            green = mix(green, look.cloth_g * hem, cloth)
            blue = mix(blue, look.cloth_b * hem, cloth)
            flesh = flesh * (1.0 - cloth)
            gloss = mix(gloss, 0.12, cloth)
        r, g, b = skin(
            look, noise, nx, ny, nz, vx, vy, vz, red, green, blue, gloss, flesh, openness, lit, strain, qx, qy, qz
        )
    elif material in (EYE_L, EYE_R):
        base = EYES + EYE_SLOTS * (material - EYE_L)
        r, g, b = eye(look, scene, noise, base, px, py, pz, vx, vy, vz, openness, lit)
    elif material in (HAIR, BROW):
        fine, _, coarse = noise_at(noise, qx, qy, qz)
        dense = smoothstep(0.30, 0.55, cover + 0.42 * fine + 0.15 * coarse - 0.1)
        if material == BROW:
            dense = 0.93 * smoothstep(0.02, 0.75, cover + 0.30 * fine + 0.14 * coarse)
        if dense < 0.995:
            tint = 1.0 - 0.35 * clamp(cover * 2.0, 0.0, 1.0)
            r, g, b = surface(
                look, nx, ny, nz, vx, vy, vz,
                scene[SCALP] * tint, scene[SCALP + 1] * tint, scene[SCALP + 2] * tint, 0.35, 0.9, openness, lit,
                look.skin_f0,
            )  # fmt: skip
        if material == BROW:
            body = 1.0 + 0.5 * fine
            hr, hg, hb = surface(
                look, nx, ny, nz, vx, vy, vz, red * body, green * body, blue * body, 0.1, 0.3, openness, lit, 0.01
            )
            r = mix(r, hr, dense)
            g = mix(g, hg, dense)
            b = mix(b, hb, dense)
        elif dense > 0.005:
            hr, hg, hb = hair(
                look, scene, noise, px, py, pz, nx, ny, nz, vx, vy, vz, red, green, blue, openness, lit, qx, qy, qz
            )
            r = mix(r, hr, dense)
            g = mix(g, hg, dense)
            b = mix(b, hb, dense)
    elif material == TEETH:
        r, g, b = tooth(look, noise, nx, ny, nz, vx, vy, vz, red, green, blue, gloss, openness, lit, u, v)
    else:
        bx, by, bz = noise_at(noise, qx * look.pore_scale, qy * look.pore_scale, qz * look.pore_scale)
        bump = 0.0
        if material in (TONGUE, INSIDE_MOUTH):
            bump = 0.25
        if material == CLOTH:
            bump = 0.12
        nx, ny, nz = normalise(nx + bump * bx, ny + bump * by, nz + bump * bz)
        r, g, b = surface(look, nx, ny, nz, vx, vy, vz, red, green, blue, gloss, flesh, openness, lit, look.skin_f0)
    return tone(r * look.exposure), tone(g * look.exposure), tone(b * look.exposure)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def shade_rows(
    look, scene, noise, seen, depth, row, rows, screen, triangles, material, vertices, backdrop, srgb, picture
):
    """Shade and resolve `rows` pixel rows that begin at `row` into `picture` (height, width, 3) uint8.

    A pixel is shaded once for each surface that its four samples see: neighbouring triangles of one smooth surface
    count as one. `vertices` (vertices, 20) holds the columns of `geometry`; `backdrop` (height, width, 3) is linear;
    `srgb` (4096,) encodes.
    """
    for y in range(row, row + rows):
        line = 4 * (y - row)
        for x in range(picture.shape[1]):
            red = green = blue = 0.0
            todo = 15
            while todo:
                k = 0
                while not (todo >> k) & 1:
                    k += 1
                t = seen[line + k, x]
                near = depth[line + k, x]
                count = 0
                for j in range(k, 4):
                    if (todo >> j) & 1:
                        other = seen[line + j, x]
                        same = other == t
                        if not same and t >= 0 and other >= 0 and material[other] == material[t]:
                            same = abs(depth[line + j, x] - near) < 0.004 * near * near
                        if same:
                            count += 1
                            todo &= ~(1 << j)
                share = 0.25 * count
                if t < 0:
                    red += share * backdrop[y, x, 0]
                    green += share * backdrop[y, x, 1]
                    blue += share * backdrop[y, x, 2]
                    continue
                i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                u, v, w = _weights(screen, i, j, k, x + 0.5, y + 0.5)
                r, g, b = shade(
                    look, scene, noise, int(material[t]),
                    _at(vertices, i, j, k, u, v, w, 0), _at(vertices, i, j, k, u, v, w, 1),
                    _at(vertices, i, j, k, u, v, w, 2), _at(vertices, i, j, k, u, v, w, 3),
                    _at(vertices, i, j, k, u, v, w, 4), _at(vertices, i, j, k, u, v, w, 5),
                    _at(vertices, i, j, k, u, v, w, 8), _at(vertices, i, j, k, u, v, w, 9),
                    _at(vertices, i, j, k, u, v, w, 10), _at(vertices, i, j, k, u, v, w, 11),
                    _at(vertices, i, j, k, u, v, w, 12), _at(vertices, i, j, k, u, v, w, 13),
                    _at(vertices, i, j, k, u, v, w, 14), _at(vertices, i, j, k, u, v, w, 15),
                    _at(vertices, i, j, k, u, v, w, 16), _at(vertices, i, j, k, u, v, w, 17),
                    _at(vertices, i, j, k, u, v, w, 18), _at(vertices, i, j, k, u, v, w, 19),
                    _at(vertices, i, j, k, u, v, w, 6), _at(vertices, i, j, k, u, v, w, 7),
                )  # fmt: skip
                red += share * r
                green += share * g
                blue += share * b
            picture[y, x, 0] = srgb[int(red * 4095.0 + 0.5)]
            picture[y, x, 1] = srgb[int(green * 4095.0 + 0.5)]
            picture[y, x, 2] = srgb[int(blue * 4095.0 + 0.5)]


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _at(vertices, i, j, k, u, v, w, column):
    return u * vertices[i, column] + v * vertices[j, column] + w * vertices[k, column]


@shared
def _weights(screen, a, b, c, x, y):
    """Perspective-correct barycentric weights of a pixel's centre, kept inside the triangle."""
    x0, y0 = screen[a, 0] - x, screen[a, 1] - y
    x1, y1 = screen[b, 0] - x, screen[b, 1] - y
    x2, y2 = screen[c, 0] - x, screen[c, 1] - y
    w0 = x1 * y2 - x2 * y1
    w1 = x2 * y0 - x0 * y2
    w2 = x0 * y1 - x1 * y0
    scale = 1.0 / (w0 + w1 + w2)
    w0 = max(w0 * scale, 0.0) * screen[a, 2]
    w1 = max(w1 * scale, 0.0) * screen[b, 2]
    w2 = max(w2 * scale, 0.0) * screen[c, 2]
    scale = 1.0 / (w0 + w1 + w2)
    return w0 * scale, w1 * scale, w2 * scale

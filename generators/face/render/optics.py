"""Noise, light and reflection: the functions on which the materials of `shading` stand, in the same small language.

Sources: wrapped diffuse (Green, GPU Gems 2004, ch. 16); GGX (Walter et al. 2007) with the visibility of Kelemen and
Szirmay-Kalos (2001); Fresnel (Schlick 1994); tone curve: Narkowicz's fit (2015) of the ACES curve.
"""

# ruff: noqa: D103 - the one-line functions are described by their names
import math

from numba import njit

shared = njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
"""Compiles a function that both renderers run."""


@shared
def clamp(x, low, high):
    return min(max(x, low), high)


@shared
def smoothstep(low, high, x):
    t = clamp((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


@shared
def mix(a, b, t):
    return a + (b - a) * t


@shared
def normalise(x, y, z):
    scale = 1.0 / math.sqrt(x * x + y * y + z * z + 1e-20)
    return x * scale, y * scale, z * scale


@shared
def noise_at(noise, x, y, z):
    """Three smooth noise values in [-1, 1] with period 1: trilinear look-up as `GL_LINEAR` with `GL_REPEAT` does it."""
    size = noise.shape[0]
    x = x * size - 0.5
    y = y * size - 0.5
    z = z * size - 0.5
    fx = math.floor(x)
    fy = math.floor(y)
    fz = math.floor(z)
    wrap = size - 1
    x0 = int(fx) & wrap
    y0 = int(fy) & wrap
    z0 = int(fz) & wrap
    x1 = (x0 + 1) & wrap
    y1 = (y0 + 1) & wrap
    z1 = (z0 + 1) & wrap
    tx = x - fx
    ty = y - fy
    tz = z - fz
    w00 = (1.0 - ty) * (1.0 - tz)
    w10 = ty * (1.0 - tz)
    w01 = (1.0 - ty) * tz
    w11 = ty * tz
    sx = 1.0 - tx
    a = noise[z0, y0, x0]
    b = noise[z0, y0, x1]
    c = noise[z0, y1, x0]
    d = noise[z0, y1, x1]
    e = noise[z1, y0, x0]
    f = noise[z1, y0, x1]
    g = noise[z1, y1, x0]
    h = noise[z1, y1, x1]
    r0 = w00 * (sx * a[0] + tx * b[0]) + w10 * (sx * c[0] + tx * d[0])
    r0 += w01 * (sx * e[0] + tx * f[0]) + w11 * (sx * g[0] + tx * h[0])
    r1 = w00 * (sx * a[1] + tx * b[1]) + w10 * (sx * c[1] + tx * d[1])
    r1 += w01 * (sx * e[1] + tx * f[1]) + w11 * (sx * g[1] + tx * h[1])
    r2 = w00 * (sx * a[2] + tx * b[2]) + w10 * (sx * c[2] + tx * d[2])
    r2 += w01 * (sx * e[2] + tx * f[2]) + w11 * (sx * g[2] + tx * h[2])
    return r0, r1, r2


@shared
def wrapped(ndotl, wrap):
    return max(ndotl + wrap, 0.0) / (1.0 + wrap)


@shared
def gloss_of_light(lx, ly, lz, nx, ny, nz, vx, vy, vz, alpha, f0):
    """Reflected part of one light (GGX), times the cosine."""
    ndotl = nx * lx + ny * ly + nz * lz
    hx, hy, hz = normalise(lx + vx, ly + vy, lz + vz)
    ndoth = max(nx * hx + ny * hy + nz * hz, 0.0)
    ldoth = max(lx * hx + ly * hy + lz * hz, 0.1)
    a2 = alpha * alpha
    d = ndoth * ndoth * (a2 - 1.0) + 1.0
    m = 1.0 - ldoth
    m2 = m * m
    fresnel = f0 + (1.0 - f0) * m2 * m2 * m
    return max(ndotl, 0.0) * fresnel * a2 / (4.0 * d * d * ldoth * ldoth)


@shared
def tone(x):
    """Filmic curve on linear light: toe, nearly straight middle, shoulder to 1."""
    x = max(x, 0.0)
    return clamp(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0)


@shared
def surface(look, nx, ny, nz, vx, vy, vz, red, green, blue, gloss, flesh, openness, lit, f0):
    """A rough or glossy surface that light may bleed into: `flesh` 0 is plaster, 1 skin. Scene-referred linear RGB."""
    key = nx * look.key_x + ny * look.key_y + nz * look.key_z
    fill = nx * look.fill_x + ny * look.fill_y + nz * look.fill_z
    rim = nx * look.rim_x + ny * look.rim_y + nz * look.rim_z
    sky = 0.5 + 0.5 * ny
    bleed = look.bleed * flesh * lit * (1.0 - lit) * 4.0
    # The rim light casts no shadows here: keep it to the outline and out of hollows.
    ndotv = clamp(nx * vx + ny * vy + nz * vz, 0.0, 1.0)
    outline = smoothstep(0.85, 0.35, ndotv) * smoothstep(0.7, 1.0, openness)
    rim_lit = max(rim, 0.0) * outline
    wr = look.wrap_r * flesh
    wg = look.wrap_g * flesh
    wb = look.wrap_b * flesh
    # Occlusion loses less red than blue, for light scatters in the flesh of a crease.
    open_r = mix(openness, math.sqrt(openness), 0.6 * flesh)
    dr = look.key_r * wrapped(key, wr) * min(lit + bleed, 1.0) + look.fill_r * wrapped(fill, wr) * openness
    dg = look.key_g * wrapped(key, wg) * min(lit + 0.3 * bleed, 1.0) + look.fill_g * wrapped(fill, wg) * openness
    db = look.key_b * wrapped(key, wb) * lit + look.fill_b * wrapped(fill, wb) * openness
    dr += look.rim_r * rim_lit * openness + mix(look.floor_r, look.sky_r, sky) * open_r
    dg += look.rim_g * rim_lit * openness + mix(look.floor_g, look.sky_g, sky) * openness
    db += look.rim_b * rim_lit * openness + mix(look.floor_b, look.sky_b, sky) * openness
    rough = 1.0 - gloss
    alpha = rough * rough
    sheen_key = gloss_of_light(look.key_x, look.key_y, look.key_z, nx, ny, nz, vx, vy, vz, alpha, f0) * lit
    sheen_fill = gloss_of_light(look.fill_x, look.fill_y, look.fill_z, nx, ny, nz, vx, vy, vz, alpha, f0) * openness
    sheen_rim = 0.0
    if rim_lit > 0.0:
        sheen_rim = gloss_of_light(look.rim_x, look.rim_y, look.rim_z, nx, ny, nz, vx, vy, vz, alpha, f0) * outline
    m = 1.0 - ndotv
    m2 = m * m
    mirrored_y = 2.0 * (nx * vx + ny * vy + nz * vz) * ny - vy
    ambient = (f0 + (1.0 - f0) * m2 * m2 * m * gloss) * (0.5 + 0.5 * mirrored_y) * openness * openness
    r = red * dr + look.key_r * sheen_key + look.fill_r * sheen_fill + look.rim_r * sheen_rim + look.sky_r * ambient
    g = green * dg + look.key_g * sheen_key + look.fill_g * sheen_fill + look.rim_g * sheen_rim + look.sky_g * ambient
    b = blue * db + look.key_b * sheen_key + look.fill_b * sheen_fill + look.rim_b * sheen_rim + look.sky_b * ambient
    return r, g, b

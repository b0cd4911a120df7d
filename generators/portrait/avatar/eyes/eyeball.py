"""An eye of a photograph taken apart: the white as it is without the iris, the iris, and the light that it mirrors."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.ndimage import gaussian_filter, gaussian_filter1d, maximum_filter, zoom

from espressivo.generators.portrait.avatar.eyes.outline import KNOTS, REACH, Outline
from espressivo.generators.portrait.avatar.light import Light, luminance

FINE = 2
"""Samples of a patch per pixel."""

_WHITE = (214.0, 202.0, 192.0)
_SOFTEST_RIM, _SHARPEST_RIM = 0.45, 0.12
"""Width of the edge of the iris, in its radii."""
_LIKE_SKIN = 32.0
"""How far a colour may be from the skin around the eye to count as its lid, 0..255."""


@dataclass(frozen=True, eq=False)
class Eyeball:
    """Patches of the photograph at `FINE` samples per pixel, all of the same place. RGB, 0..255."""

    corner: Float[np.ndarray, "2"]
    """Left, top of the patches in the photograph, px."""
    photo: Float32[np.ndarray, "h w 3"]
    white: Float32[np.ndarray, "h w 3"]
    """The eyeball without its iris, also behind the lids."""
    iris: Float32[np.ndarray, "h w 4"]
    """Opacity last; whole, also where the lids hide it."""
    mirrored: Float32[np.ndarray, "h w 3"]
    """What the cornea mirrors: added, and it stays when the eye turns."""
    lid: Float32[np.ndarray, "knots 3"]
    """Skin of the upper lid without lashes and crease, along the axis of the outline."""

    @classmethod
    def of(cls, photo: Float32[np.ndarray, "h w 3"], outline: Outline, light: Light) -> "Eyeball":
        """Take the eye within an outline apart."""
        axis, width = outline.axis, outline.width_px
        reach = int(np.ceil(0.85 * width)) + 2
        left, top = int(axis.x) - reach, int(axis.y) - reach
        patch, places, pixels = _patch(photo, left, top, 2 * reach, outline)
        along, down = places
        upper = np.interp(along, outline.along, outline.upper)
        lower = np.interp(along, outline.along, outline.lower)
        lash = 0.035 * width
        seen = (down > upper + lash) & (down < lower - 0.02 * width)
        from_iris = np.hypot(pixels[0] - outline.iris[0], pixels[1] - outline.iris[1]) / outline.iris_px
        rim = float(np.clip(1.6 * light.blur_px / outline.iris_px, _SHARPEST_RIM, _SOFTEST_RIM))
        white = _filled(patch, seen & (from_iris > 1 + rim / 2), light, width)
        white *= (1 - 0.3 * np.exp(-np.maximum(lower - down, 0) / (0.05 * width)))[..., None]
        # Where the photograph shows the white it is taken as it is, with the shade at its edges.
        between = (down > upper + 0.05 * width) & (down < lower + 0.03 * width)
        own = gaussian_filter((between & (from_iris > 1 + rim / 2)).astype(np.float32), 0.8)[..., None]
        white += own * (patch - white)
        iris, mirrored = _iris(patch, seen, from_iris, rim)
        return cls(np.array([left, top], np.float64), patch, white, iris, mirrored, _lid(photo, outline, light))


def _patch(
    photo: Float32[np.ndarray, "h w 3"], left: int, top: int, side: int, outline: Outline
) -> tuple[Float32[np.ndarray, "n n 3"], Float[np.ndarray, "2 n n"], Float[np.ndarray, "2 n n"]]:
    """Cut out and refine a square; return it with where its samples lie along and down the outline's axis, and x, y."""
    rows = np.clip(np.arange(top, top + side), 0, photo.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, photo.shape[1] - 1)
    part = np.asarray(photo, np.float32)[rows[:, None], columns]
    fine = np.asarray(zoom(part, (FINE, FINE, 1), order=3, mode="nearest", grid_mode=True), np.float32).clip(0, 255)
    y, x = (np.mgrid[0 : side * FINE, 0 : side * FINE] + 0.5) / FINE + np.array([top, left])[:, None, None]
    places = outline.axis.turn(np.stack([x.ravel(), y.ravel()], axis=1)).T.reshape(2, *x.shape)
    return fine, places, np.stack([x, y])


def _filled(
    patch: Float32[np.ndarray, "n n 3"], shown: Bool[np.ndarray, "n n"], light: Light, width: float
) -> Float32[np.ndarray, "n n 3"]:
    """Spread the white that is shown over the whole patch; where there is none, it is a white in the same light."""
    spread = 0.16 * width * FINE
    # Dark pixels are lashes and the corners' shade, not the white: they count less.
    bright = luminance(patch)
    level = np.quantile(bright[shown], 0.7) if shown.any() else 0.0
    weight = shown * np.clip(bright / max(level, 1.0), 0.05, 1) ** 3
    total = gaussian_filter(weight, spread)
    share = 0.02 * max(float(total.max()), 1e-6) + 1e-6
    skin = luminance(light.skin)
    default = light.colour(np.array(_WHITE))
    default *= np.float32(np.clip(0.85 * skin / max(float(luminance(default)), 1.0), 0.4, 0.95))
    filled = [
        (gaussian_filter(weight * patch[..., k], spread) + share * default[k]) / (total + share) for k in range(3)
    ]
    return np.stack(filled, axis=-1).astype(np.float32)


def _iris(
    patch: Float32[np.ndarray, "n n 3"], seen: Bool[np.ndarray, "n n"], from_iris: Float[np.ndarray, "n n"], rim: float
) -> tuple[Float32[np.ndarray, "n n 4"], Float32[np.ndarray, "n n 3"]]:
    """Complete the iris ring by ring, and take the mirrored light off it."""
    inside = seen & (from_iris < 1.0)
    rings = np.minimum((from_iris * 16).astype(int), 19)
    bright = luminance(patch)
    profile = np.zeros((20, 3))
    overall = np.median(patch[inside], axis=0) if inside.any() else np.zeros(3)
    for ring in range(20):
        members = inside & (rings == ring)
        # The darker half of a ring is free of highlights and of the white.
        if members.sum() >= 4:
            limit = np.quantile(bright[members], 0.6)
            profile[ring] = patch[members & (bright <= limit)].mean(axis=0)
        else:
            profile[ring] = profile[ring - 1] if ring else overall
    profile = gaussian_filter1d(profile, 0.8, axis=0, mode="nearest")
    smooth = np.stack([np.interp(from_iris, (np.arange(20) + 0.5) / 16, profile[:, k]) for k in range(3)], axis=-1)
    excess = luminance(patch) - luminance(smooth)
    shining = np.clip((excess - 16) / 16, 0, 1) * np.clip((0.85 - from_iris) / 0.1, 0, 1) * seen
    shining = gaussian_filter(maximum_filter(shining, 3), 0.7)[..., None]
    mirrored = shining * np.maximum(patch - smooth, 0)
    known = gaussian_filter((seen & (from_iris < 1.0)).astype(np.float32), 0.8)[..., None]
    colour = smooth + known * (patch - mirrored - smooth)
    opacity = np.clip((1 + rim / 2 - from_iris) / rim, 0, 1)
    return np.concatenate([colour, opacity[..., None]], axis=-1).astype(np.float32), mirrored.astype(np.float32)


def _lid(photo: Float32[np.ndarray, "h w 3"], outline: Outline, light: Light) -> Float32[np.ndarray, "knots 3"]:
    """The skin above the lashes at each place, smoothed, without crease, lashes and spectacles.

    What is like the skin around the eye counts; the skin below the lower lid helps to tell what that is.
    """
    above = _beside(photo, outline, -np.linspace(0.07, 0.24, 14), outline.upper)
    below = _beside(photo, outline, np.linspace(0.06, 0.22, 14), outline.lower)
    inside = np.abs(outline.along) < 0.45 * outline.width_px
    around = np.median(np.concatenate([above[inside], below[inside]]).reshape(-1, 3), axis=0)
    # No lid is brighter than the lit skin of the cheeks.
    around *= min(1.0, float(luminance(light.skin) / max(luminance(around), 1.0)))
    weight = np.exp(-((above - around) ** 2).sum(axis=2) / (2 * _LIKE_SKIN**2)) * inside[:, None]
    reach = 0.10 / (2 * REACH) * KNOTS
    total = gaussian_filter1d(weight.sum(axis=1), reach, mode="nearest")
    colour = gaussian_filter1d((weight[..., None] * above).sum(axis=1), reach, axis=0, mode="nearest")
    doubt = 1.0
    return ((colour + doubt * around) / (total + doubt)[:, None]).astype(np.float32)


def _beside(
    photo: Float32[np.ndarray, "h w 3"],
    outline: Outline,
    shares: Float[np.ndarray, "n"],
    edge: Float[np.ndarray, "knots"],
) -> Float[np.ndarray, "knots n 3"]:
    """Read the photograph at some widths of the eye below an edge."""
    down = edge[:, None] + shares * outline.width_px
    pixels = outline.axis.back(np.stack([np.repeat(outline.along, len(shares)), down.ravel()], axis=1))
    x = np.clip(pixels[:, 0].astype(int), 0, photo.shape[1] - 1)
    y = np.clip(pixels[:, 1].astype(int), 0, photo.shape[0] - 1)
    return np.asarray(photo, np.float64)[y, x].reshape(len(edge), len(shares), 3)

"""The upper teeth that a photograph shows, cut out to stay on the head while the lips move over them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.ndimage import gaussian_filter, gaussian_filter1d, grey_closing, maximum_filter1d

from espressivo.generators.portrait.avatar.curves import Axis, smooth_curve
from espressivo.generators.portrait.avatar.light import Light, luminance, paleness

MIN_OPENING = 0.06
"""Least mean opening of the lips, in widths of the mouth, at which teeth are looked for."""

_CROWN_CM = 1.0
_GUM = (202.0, 118.0, 112.0)
_DRAWN = np.array([193.0, 179.0, 158.0])
"""What drawn front teeth look like on average, shaded, in white light."""
_ABOVE_CM, _BELOW_CM = 1.6, 0.3
_LONGEST_CM, _LEAST_CM, _ROW_CM = 1.5, 0.12, 0.03
"""Of the part of a front tooth that is in sight, and the steps at which it is looked for."""
_SHADE_CM, _DARK_CM, _GAP_CM = 0.6, 0.3, 0.07
"""How much lip and shade may lie above the teeth, how much of it as dark as a throat; and how wide a gap ends them."""
_KEPT_CM = 0.55
"""Least mean height at which they are kept; of a rim of teeth nothing can be told but where it ends and its colour."""
_SHADED, _LEAST_BRIGHT = 0.66, 0.45
"""Teeth are brighter than this share of the brightest around them, and of the skin."""
_ENOUGH = 0.08
"""Share of what is between the lips that has to be tooth for its colour to be read."""
_SHARES = (0.5, 1.45)
"""Teeth are no darker and no brighter than drawn ones by more, in any of red, green and blue."""
_FEW = 8
"""Columns through which no parabola is laid."""
_UNEVEN_CM = 0.16
"""How far single teeth end from the line of the row."""
_MIDDLE, _MOSTLY = 0.25, 0.6
"""Half of the part of the mouth that has to show them, in its widths, and in how much of it they have to be."""
_PALE, _DARK = 0.68, 0.4
"""Least paleness of a tooth; what is darker than this share of the teeth is a gap."""


@dataclass(frozen=True, eq=False)
class OwnTeeth:
    """A picture of the upper row, with gum added above it."""

    picture: Float32[np.ndarray, "h w 4"]
    """RGB, 0..255, and opacity, 0..1; empty where too little of the teeth is in sight to be kept."""
    corner: Float[np.ndarray, "2"]
    """Where it lies in the photograph: left, top, px."""
    edge_px: Float[np.ndarray, "2"]
    """A point on the cutting edge of the front teeth, in the photograph."""

    @classmethod
    def of(
        cls,
        photo: Float32[np.ndarray, "h w 3"],
        axis: Axis,
        knots: Float[np.ndarray, "11"],
        lips: Float[np.ndarray, "11 2"],
        to_rest: Float[np.ndarray, "3 4"],
        light: Light,
    ) -> "OwnTeeth | None":
        """Look for teeth between the lips; None where there are none.

        Args:
            photo: RGB, 0..255.
            axis: the line between the corners of the mouth.
            knots: places along it, px.
            lips: how far down the upper and the lower inner edge lie there, px.
            to_rest: from cm of the standard face to pixels.
            light: how the photograph was taken.
        """
        width = float(knots[-1] - knots[0])
        if (lips[:, 1] - lips[:, 0]).mean() < MIN_OPENING * width:
            return None
        unit = float(np.cbrt(abs(np.linalg.det(to_rest[:, :3]))))
        above, below = _ABOVE_CM * unit, _BELOW_CM * unit
        ends = axis.back(
            np.stack([np.repeat(knots[[0, -1]], 2), np.tile([lips.min() - above, lips.max() + below], 2)], axis=1)
        )
        low, high = np.floor(ends.min(axis=0)).astype(int), np.ceil(ends.max(axis=0)).astype(int)
        y, x = np.mgrid[low[1] : high[1], low[0] : high[0]]
        places = axis.turn(np.stack([x.ravel() + 0.5, y.ravel() + 0.5], axis=1))
        along, down = places[:, 0], places[:, 1]

        columns = np.linspace(knots[0], knots[-1], max(int(width), 8))
        edges = smooth_curve(knots, lips, columns)
        row = _upper_row(photo, axis, columns, edges, unit, _LEAST_BRIGHT * float(luminance(light.skin)))
        if row is None:
            return None
        end, there = row
        edge = axis.back(np.array([[0.0, np.interp(0.0, columns, end)]]))[0]
        middle = np.abs(columns) < _MIDDLE * width
        if np.median((end - edges[:, 0])[middle]) < _KEPT_CM * unit:
            return cls(np.zeros((0, 0, 4), np.float32), np.zeros(2), edge)
        top, bottom = np.interp(along, columns, edges[:, 0]), np.interp(along, columns, end)
        inner = np.minimum(top + 0.20 * unit, bottom)
        # Behind the upper lip the crown goes on as it is at the lip, then there is gum.
        source = np.clip(down, inner, np.maximum(bottom + 1.0, inner))
        colour = axis.read(photo, np.stack([along, source], axis=1))
        # Gum reaches down between the crowns, where the photograph is darker than to both sides.
        between = np.interp(along, columns, _between(photo, axis, columns, edges, end))
        crown = _CROWN_CM * np.clip(1.1 - 0.35 * (along / (width / 2)) ** 2, 0.5, 1.1)
        root = bottom - unit * (crown - 0.2 * between)
        gum = np.clip((root - down) / (0.15 * unit) + 0.5, 0, 1) * np.clip((top - down) / (0.1 * unit), 0, 1)
        gum_colour = light.colour(np.array(_GUM)) * np.float32(0.9)
        colour += gum[:, None] * (gum_colour - colour)
        feather = max(light.blur_px, 0.8)
        teeth = np.clip((bottom - down) / (2 * feather) + 0.5, 0, 1) * np.clip(
            (bottom - top) / (0.22 * unit) - 0.4, 0, 1
        )
        teeth *= np.interp(along, columns, there)
        teeth *= np.clip((down - root) / (0.35 * unit) + 1, 0, 1)
        ends_fade = np.clip((width / 2 - np.abs(along)) / (0.06 * width), 0, 1)
        opacity = gaussian_filter((teeth * ends_fade).reshape(y.shape), 0.6)
        picture = np.concatenate([colour.reshape(*y.shape, 3), opacity[..., None]], axis=2).astype(np.float32)
        return cls(np.ascontiguousarray(picture), low.astype(np.float64), edge)


def enamel_share(
    photo: Float32[np.ndarray, "h w 3"],
    axis: Axis,
    knots: Float[np.ndarray, "11"],
    lips: Float[np.ndarray, "11 2"],
    light: Light,
) -> Float32[np.ndarray, "3"]:
    """Return the colour of the teeth that a photograph shows, of either row, relative to drawn ones in its light.

    1 where it shows none. Arguments as of `OwnTeeth.of`.
    """
    width = float(knots[-1] - knots[0])
    columns, share = np.linspace(-0.35, 0.35, 48) * width, np.linspace(0.05, 0.95, 32)
    edges = smooth_curve(knots, lips, columns)
    gap = edges[:, 1] - edges[:, 0]
    if gap.mean() < MIN_OPENING * width:
        return np.ones(3, np.float32)
    down = edges[:, :1] + gap[:, np.newaxis] * share
    colour = axis.read(photo, np.stack([np.repeat(columns, len(share)), down.ravel()], axis=1))
    bright = luminance(colour)
    least = max(_SHADED * float(np.quantile(bright, 0.9)), _LEAST_BRIGHT * float(luminance(light.skin)))
    is_tooth = (bright > least) & (paleness(colour) > _PALE)
    if is_tooth.mean() < _ENOUGH:
        return np.ones(3, np.float32)
    seen = np.median(colour[is_tooth], axis=0) / np.maximum(light.colour(_DRAWN), 1)
    return np.clip(seen, *_SHARES).astype(np.float32)


def _upper_row(
    photo: Float32[np.ndarray, "h w 3"],
    axis: Axis,
    columns: Float[np.ndarray, "n"],
    edges: Float[np.ndarray, "n 2"],
    unit: float,
    least: float,
) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]] | None:
    """Find the upper row: where it ends, per column, and how far it is in sight there (0..1).

    It is what is bright and pale right under the upper lip, down to the first gap, and as even as a row of teeth is.
    Lower teeth, a tongue or a gloss on the lip are not taken for it. None where nothing is as bright as `least`, or
    where too little of it is in sight.
    """
    gap = edges[:, 1] - edges[:, 0]
    depth = (np.arange(round(_LONGEST_CM / _ROW_CM)) + 0.5) * _ROW_CM * unit
    down = edges[:, :1] + depth
    along = np.repeat(columns[:, np.newaxis], len(depth), axis=1)
    colour = axis.read(photo, np.stack([along.ravel(), down.ravel()], axis=1))
    colour = colour.reshape(*down.shape, 3)
    within = depth < gap[:, np.newaxis]
    bright = np.where(within, luminance(colour), 0)
    middle = np.abs(columns) < _MIDDLE * (columns[-1] - columns[0])
    # Side teeth lie in the shade of the cheeks: each column is held against what its neighbourhood reaches.
    reach = max(len(columns) // 4, 3)
    level = gaussian_filter1d(maximum_filter1d(_bright_part(bright, within), reach), reach / 4)
    level = np.maximum(level, 0.5 * float(np.median(level[middle])))
    is_tooth = within & (bright > np.maximum(_SHADED * level[:, np.newaxis], least)) & (paleness(colour) > _PALE)
    is_tooth[:, _bite(bright, within, middle) :] = False
    is_dark = within & (bright < _DARK * level[:, np.newaxis])
    end = np.array(list(map(_first_run, is_tooth, is_dark)), float) * _ROW_CM * unit
    seen = end > 0
    if not middle.any() or seen[middle].mean() < _MOSTLY:
        return None
    # The line of the edges is nearly straight, or bends with the arch; what leaves it is no tooth, or a gap in it.
    line = _even(columns / (columns[-1] - columns[0]), end, seen & middle)
    even = seen & (np.abs(end - line) < _UNEVEN_CM * unit)
    if even[middle].mean() < _MOSTLY:
        return None
    end = np.where(even, end, line)
    end = np.clip(gaussian_filter1d(end, 0.02 * len(columns), mode="nearest"), 0, gap)
    # Dark lines between teeth do not end the row: close what is narrower than a tooth.
    there = grey_closing(even.astype(float), max(len(columns) // 8, 3), mode="nearest")
    there = gaussian_filter1d(there, 0.02 * len(columns), mode="nearest")
    return edges[:, 0] + end, there


def _bright_part(bright: Float[np.ndarray, "n k"], within: Bool[np.ndarray, "n k"]) -> Float[np.ndarray, "n"]:
    """The upper seventh of each column's brightness."""
    return np.array([np.quantile(b[w], 0.85) if w.any() else 0.0 for b, w in zip(bright, within, strict=True)])


def _bite(bright: Float[np.ndarray, "n k"], within: Bool[np.ndarray, "n k"], middle: Bool[np.ndarray, "n"]) -> int:
    """Where upper and lower teeth that stand on each other part: a line all along that is darker than both; else all.

    In rows.
    """
    rows = within[middle].mean(axis=0) > 0.7
    profile = np.array([np.median(bright[middle, row][within[middle, row]]) for row in np.flatnonzero(rows)])
    margin = round(_LEAST_CM / _ROW_CM)
    for row in range(margin, len(profile) - margin):
        around = min(profile[:row].max(), profile[row + 1 :].max())
        dip = profile[row] == profile[max(row - 3, 0) : row + 4].min() and profile[row] < 0.9 * around
        if dip and around > 0.75 * profile.max():
            return row
    return bright.shape[1]


def _first_run(is_tooth: Bool[np.ndarray, "k"], is_dark: Bool[np.ndarray, "k"]) -> int:
    """Where the first run of tooth ends that begins near the lip, in rows; 0 where there is none.

    Lip and its shade may come first, but not the dark behind the teeth: what is below are lower ones.
    """
    run, missed, last = 0, 0, 0
    for row, tooth in enumerate(is_tooth):
        run, missed = (run + 1, 0) if tooth else (0 if not last else run, missed + 1)
        if run * _ROW_CM >= _LEAST_CM and tooth:
            last = row + 1
        if last and missed * _ROW_CM > _GAP_CM:
            break
        if not last and (row * _ROW_CM > _SHADE_CM + _LEAST_CM or is_dark[: row + 1].sum() * _ROW_CM > _DARK_CM):
            break
    return last


def _even(
    at: Float[np.ndarray, "n"], end: Float[np.ndarray, "n"], known: Bool[np.ndarray, "n"]
) -> Float[np.ndarray, "n"]:
    """A bent line through most of the known ends: those that lie farthest off have no say in the end."""
    for _ in range(2):
        off = np.abs(end - _bent(at, end, known))
        known = known & (off <= max(2.0 * float(np.median(off[known])), 1.0))
    return _bent(at, end, known)


def _bent(
    at: Float[np.ndarray, "n"], end: Float[np.ndarray, "n"], known: Bool[np.ndarray, "n"]
) -> Float[np.ndarray, "n"]:
    """The parabola through the known ends; their mean where they are few."""
    return np.polyval(np.polyfit(at[known], end[known], 2 if known.sum() > _FEW else 0), at)


def _between(
    photo: Float32[np.ndarray, "h w 3"],
    axis: Axis,
    columns: Float[np.ndarray, "n"],
    edges: Float[np.ndarray, "n 2"],
    end: Float[np.ndarray, "n"],
) -> Float[np.ndarray, "n"]:
    """How much a column lies between two teeth, 0..1."""
    share = np.linspace(0.15, 0.85, 12)
    down = edges[:, :1] + (end - edges[:, 0])[:, None] * share
    read = axis.read(photo, np.stack([np.repeat(columns, 12), down.ravel()], axis=1))
    bright = luminance(read).reshape(len(columns), 12).mean(axis=1)
    reach = max(len(columns) // 8, 3)
    peak = gaussian_filter1d(maximum_filter1d(bright, reach), reach / 3)
    dip = np.clip((peak - bright) / np.maximum(0.15 * peak, 1), 0, 1)
    return gaussian_filter1d(dip, 0.8)

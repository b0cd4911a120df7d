"""The upper teeth that a photograph shows, cut out to stay on the head while the lips move over them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy.ndimage import gaussian_filter, gaussian_filter1d, grey_closing, map_coordinates, maximum_filter1d

from espressivo.generators.portrait.avatar.curves import Axis, smooth_curve
from espressivo.generators.portrait.avatar.light import Light, luminance

MIN_OPENING = 0.06
"""Least mean opening of the lips, in widths of the mouth, at which teeth are looked for."""

_CROWN_CM = 1.0
_GUM = (202.0, 118.0, 112.0)
_DRAWN = np.array([196.0, 178.0, 152.0])
"""What drawn front teeth look like on average, shaded, in white light."""
_ABOVE_CM, _BELOW_CM = 1.6, 0.3


@dataclass(frozen=True, eq=False)
class OwnTeeth:
    """A picture of the upper row, with gum added above it."""

    picture: Float32[np.ndarray, "h w 4"]
    """RGB, 0..255, and opacity, 0..1."""
    corner: Float[np.ndarray, "2"]
    """Where it lies in the photograph: left, top, px."""
    enamel_share: Float32[np.ndarray, "3"]
    """Colour of these teeth relative to that of drawn ones in the same light."""
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
        end, enamel = _row_end(photo, axis, columns, edges, 0.45 * float(luminance(light.skin)))
        if enamel is None:
            return None
        top, bottom = np.interp(along, columns, edges[:, 0]), np.interp(along, columns, end)
        inner = np.minimum(top + 0.20 * unit, bottom)
        # Behind the upper lip the crown goes on as it is at the lip, then there is gum.
        source = np.clip(down, inner, np.maximum(bottom + 1.0, inner))
        pixels = axis.back(np.stack([along, source], axis=1))
        colour = _sampled(photo, pixels)
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
        teeth *= np.clip((down - root) / (0.35 * unit) + 1, 0, 1)
        ends_fade = np.clip((width / 2 - np.abs(along)) / (0.06 * width), 0, 1)
        opacity = gaussian_filter((teeth * ends_fade).reshape(y.shape), 0.6)
        picture = np.concatenate([colour.reshape(*y.shape, 3), opacity[..., None]], axis=2).astype(np.float32)
        share = np.clip(enamel / np.maximum(light.colour(_DRAWN), 1), 0.5, 1.2).astype(np.float32)
        edge = axis.back(np.array([[0.0, np.interp(0.0, columns, end)]]))[0]
        return cls(np.ascontiguousarray(picture), low.astype(np.float64), share, edge)


def _row_end(
    photo: Float32[np.ndarray, "h w 3"],
    axis: Axis,
    columns: Float[np.ndarray, "n"],
    edges: Float[np.ndarray, "n 2"],
    least: float,
) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "3"] | None]:
    """Where the upper row ends, per column, and the colour of its enamel (None: nothing is as bright as `least`).

    Teeth are what is bright and pale between the lips, going on from the upper lip downwards without a dark line.
    """
    rows = 48
    share = (np.arange(rows) + 0.5) / rows
    down = edges[:, :1] + (edges[:, 1:] - edges[:, :1]) * share
    along = np.repeat(columns[:, None], rows, axis=1)
    pixels = axis.back(np.stack([along.ravel(), down.ravel()], axis=1))
    colour = _sampled(photo, pixels).reshape(len(columns), rows, 3)
    bright = luminance(colour)
    pale = 1 - (colour[..., 0] - np.minimum(colour[..., 1], colour[..., 2])) / np.maximum(colour[..., 0], 1)
    middle = np.abs(columns) < 0.25 * (columns[-1] - columns[0])
    # Side teeth lie in the shade of the cheeks: each column is held against what its neighbourhood reaches.
    reach = max(len(columns) // 4, 3)
    level = gaussian_filter1d(maximum_filter1d(np.quantile(bright, 0.85, axis=1), reach), reach / 4)
    level = np.maximum(level, 0.5 * float(np.quantile(bright[middle], 0.85)))
    is_tooth = (bright > np.maximum(0.66 * level[:, None], least)) & (pale > 0.68)
    if is_tooth[middle].mean() < 0.25:
        return edges[:, 0], None
    enamel = np.median(colour[is_tooth], axis=0)
    # The last row that is still tooth. A rim of lip may shine at the top; a dark gap of more than a few rows below the
    # teeth ends the upper row for good.
    end = np.zeros(len(columns))
    for column in range(len(columns)):
        last, missed, run = 0, 0, 0
        for row in range(rows):
            if is_tooth[column, row]:
                run, missed = run + 1, 0
                if run >= rows // 6:
                    last = row + 1
            else:
                run, missed = 0, missed + 1
                if last and missed > rows // 8:
                    break
        end[column] = last / rows
    # Dark lines between teeth do not end the row: close what is narrower than a tooth.
    end = grey_closing(end, max(len(columns) // 8, 3), mode="nearest")
    end = np.clip(gaussian_filter1d(end, 0.02 * len(columns), mode="nearest"), 0, 1)
    return edges[:, 0] + end * (edges[:, 1] - edges[:, 0]), enamel


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
    pixels = axis.back(np.stack([np.repeat(columns, 12), down.ravel()], axis=1))
    bright = luminance(_sampled(photo, pixels)).reshape(len(columns), 12).mean(axis=1)
    reach = max(len(columns) // 8, 3)
    peak = gaussian_filter1d(maximum_filter1d(bright, reach), reach / 3)
    dip = np.clip((peak - bright) / np.maximum(0.15 * peak, 1), 0, 1)
    return gaussian_filter1d(dip, 0.8)


def _sampled(photo: Float32[np.ndarray, "h w 3"], pixels: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
    """Read a photograph between its pixels."""
    at = [pixels[:, 1] - 0.5, pixels[:, 0] - 0.5]
    return np.stack([map_coordinates(photo[..., k], at, order=1, mode="nearest") for k in range(3)], axis=1)

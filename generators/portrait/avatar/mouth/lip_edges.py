"""Where the inner edges of parted lips lie in a picture: the mesh takes teeth and the dark beside them for lip."""

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.ndimage import gaussian_filter1d, map_coordinates, median_filter

from espressivo.generators.portrait.avatar.contact import LIP_SHARES
from espressivo.generators.portrait.avatar.curves import Axis, smooth_curve
from espressivo.generators.portrait.avatar.light import luminance
from espressivo.generators.portrait.avatar.mesh import load_face_mesh

_RIGHT_CORNER, _LEFT_CORNER = 78, 308
_PARTED = 0.06
"""Least mean opening, in widths of the mouth, at which lips count as parted."""
_COLUMNS, _STEP = 61, 0.04
"""How many places along the lips are looked at, and at what steps of the way across them."""
_LIP = (0.35, 0.9)
"""Between these shares of the way from the inner to the outer edge lies lip and nothing else."""
_FARTHEST, _FARTHEST_IN, _OF_GAP = 0.55, 0.8, 0.4
"""How far off the edge may be outwards and inwards, in heights of the lip; and inwards, in openings."""
_TELLS = 0.08
"""Teeth that are paler than the lip by less cannot be told by it."""
_ONE_TONE = 0.55
"""Where half of what should be lip differs by more than this share of its brightness, it is a stencil, or no lip."""
_PALE, _DARK = 0.5, 0.55
"""Half way from the paleness of the lip to that of teeth begin teeth; a gap is darker than this share of the lip."""


def on_lip_edges(photo: Float32[np.ndarray, "h w 3"], points: Float[np.ndarray, "468 3"]) -> Float[np.ndarray, "468 3"]:
    """Return the points of the mesh with the inner edges of parted lips where the picture has them; others as they are.

    Lips that are not told apart from what is around them are left as the mesh has them.

    Args:
        photo: RGB, 0..255.
        points: of the mesh, px.
    """
    mesh = load_face_mesh()
    axis = Axis.between(points[_RIGHT_CORNER], points[_LEFT_CORNER])
    width = float(np.hypot(*(points[_LEFT_CORNER] - points[_RIGHT_CORNER])[:2]))
    rows = {-1: axis_rows(axis, points, mesh.upper_lip_rows), 1: axis_rows(axis, points, mesh.lower_lip_rows)}
    along = np.linspace(-0.44, 0.44, _COLUMNS) * width
    edges = {side: smooth_curve(row[0, :, 0], row[0, :, 1], along) for side, row in rows.items()}
    gap = edges[1] - edges[-1]
    if gap.mean() < _PARTED * width:
        return points
    inside = _across(photo, axis, along, edges[-1], gap, np.linspace(0.1, 0.9, 24))
    lips = {side: smooth_curve(row[-1, :, 0], row[-1, :, 1], along) - edges[side] for side, row in rows.items()}
    flesh = {side: _across(photo, axis, along, edges[side], lips[side], np.linspace(*_LIP, 16)) for side in rows}
    if not all(map(_is_one_tone, flesh.values())):
        return points
    moved = np.array(points, copy=True)
    down = np.array([-axis.sin, axis.cos])
    for side, row in rows.items():
        away = _from_edge(photo, axis, along, edges[side], lips[side], gap, flesh[side], inside)
        # Where a lip thins towards the corners its edge is the mesh's.
        away *= np.clip((0.44 * width - np.abs(along)) / (0.12 * width), 0, 1)
        lip_rows = mesh.upper_lip_rows if side < 0 else mesh.lower_lip_rows
        for share, place, each in zip(LIP_SHARES, row, lip_rows, strict=True):
            shift = share * np.interp(place[:, 0], along, away)
            moved[each, :2] += shift[:, np.newaxis] * down
    return moved


def axis_rows(axis: Axis, points: Float[np.ndarray, "468 3"], rows: np.ndarray) -> Float[np.ndarray, "rows pairs 2"]:
    """Return rows of points as (along, down)."""
    return np.stack([axis.turn(points[row]) for row in rows])


def _from_edge(
    photo: Float32[np.ndarray, "h w 3"],
    axis: Axis,
    along: Float[np.ndarray, "n"],
    edge: Float[np.ndarray, "n"],
    lip: Float[np.ndarray, "n"],
    gap: Float[np.ndarray, "n"],
    flesh: Float[np.ndarray, "n k 3"],
    inside: Float[np.ndarray, "n k 3"],
) -> Float[np.ndarray, "n"]:
    """How far from the edge of the mesh the picture's lies, px; `lip` is the way to the outer edge, `gap` between them.

    It lies farther out where teeth or the dark go on beyond it, farther in where lip does.
    """
    pale_lip, bright_lip = np.median(paleness(flesh)), np.median(luminance(flesh))
    bright = luminance(inside)
    teeth = inside[bright > 0.85 * np.quantile(bright, 0.9)]
    pale_teeth = np.quantile(paleness(teeth), 0.75)

    def is_other(start: Float[np.ndarray, "n"], way: Float[np.ndarray, "n"]) -> Bool[np.ndarray, "n k"]:
        colour = _across(photo, axis, along, start, way, np.arange(0, 1, _STEP))
        other = luminance(colour) < _DARK * bright_lip
        if pale_teeth - pale_lip > _TELLS:
            tooth = paleness(colour) > pale_lip + _PALE * (pale_teeth - pale_lip)
            other |= tooth & (luminance(colour) > 0.7 * bright_lip)
        return other

    outward, inward = _FARTHEST * lip, np.sign(-lip) * np.minimum(np.abs(_FARTHEST_IN * lip), _OF_GAP * gap)
    reach = _unbroken(is_other(edge, outward)) * outward + _unbroken(~is_other(edge, inward)) * inward
    # A gloss on the lip or a hair lies on single columns.
    return gaussian_filter1d(median_filter(reach, 9, mode="nearest"), 1.5, mode="nearest")


def _is_one_tone(flesh: Float[np.ndarray, "n k 3"]) -> bool:
    low, middle, high = np.quantile(luminance(flesh), (0.25, 0.5, 0.75))
    return bool(high - low <= _ONE_TONE * middle)


def _unbroken(steps: Bool[np.ndarray, "n k"]) -> Float[np.ndarray, "n"]:
    """How far from the edge on all steps are set, but for single ones; 0 where that does not end in sight."""
    reach = np.zeros(len(steps))
    for column, each in enumerate(steps):
        last, missed = 0, 0
        for step, is_set in enumerate(each):
            last, missed = (step + 1, 0) if is_set else (last, missed + 1)
            if missed > 1:
                break
        reach[column] = last if last < len(each) - 1 else 0
    return reach / steps.shape[1]


def paleness(colour: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n"]:
    """How far a colour is from red, 1 for grey: enamel .75 to 1, lips .4 to .7."""
    return 1 - (colour[..., 0] - np.minimum(colour[..., 1], colour[..., 2])) / np.maximum(colour[..., 0], 1)


def _across(
    photo: Float32[np.ndarray, "h w 3"],
    axis: Axis,
    along: Float[np.ndarray, "n"],
    start: Float[np.ndarray, "n"],
    way: Float[np.ndarray, "n"],
    share: Float[np.ndarray, "k"],
) -> Float[np.ndarray, "n k 3"]:
    """Read a picture at shares of the way across, for each place along."""
    down = start[:, np.newaxis] + way[:, np.newaxis] * share
    at = axis.back(np.stack([np.repeat(along, len(share)), down.ravel()], axis=1)) - 0.5
    read = [map_coordinates(photo[..., k], [at[:, 1], at[:, 0]], order=1, mode="nearest") for k in range(3)]
    return np.stack(read, axis=1).reshape(len(along), len(share), 3)

"""Where the inner edges of parted lips lie in a picture: the mesh takes teeth and the dark beside them for lip."""

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.ndimage import gaussian_filter1d, median_filter

from espressivo.generators.portrait.avatar.contact import LIP_SHARES
from espressivo.generators.portrait.avatar.curves import Axis, smooth_curve
from espressivo.generators.portrait.avatar.light import luminance, paleness
from espressivo.generators.portrait.avatar.mesh import load_face_mesh

_RIGHT_CORNER, _LEFT_CORNER = 78, 308
_PARTED = 0.06
"""Least mean opening, in widths of the mouth, at which lips count as parted."""
_COLUMNS, _STEPS = 61, 48
"""How many places along the lips are looked at, and at how many across them."""
_SHADES = 6.0
"""How far shades on a lip reach, in places along it."""
_STAYS = 0.15
"""So many steps have to be set right for an edge to go one step."""
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
    rows = {-1: _rows(axis, points, mesh.upper_lip_rows), 1: _rows(axis, points, mesh.lower_lip_rows)}
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


def _rows(axis: Axis, points: Float[np.ndarray, "468 3"], rows: np.ndarray) -> Float[np.ndarray, "rows pairs 2"]:
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
    # One side of a lip may lie in shade.
    bright_lip = gaussian_filter1d(np.median(luminance(flesh), axis=1), _SHADES)[:, np.newaxis]
    pale_lip = np.median(paleness(flesh))
    bright = luminance(inside)
    teeth = inside[bright > 0.85 * np.quantile(bright, 0.9)]
    pale_teeth = np.quantile(paleness(teeth), 0.75)

    inward, outward = np.minimum(_FARTHEST_IN * np.abs(lip), _OF_GAP * gap), _FARTHEST * np.abs(lip)
    share = np.linspace(0, 1, _STEPS)
    way = -inward[:, np.newaxis] + (inward + outward)[:, np.newaxis] * share
    start, whole = edge - np.sign(lip) * inward, np.sign(lip) * (inward + outward)
    colour = _across(photo, axis, along, start, whole, share)
    other = luminance(colour) < _DARK * bright_lip
    if pale_teeth - pale_lip > _TELLS:
        tooth = paleness(colour) > pale_lip + _PALE * (pale_teeth - pale_lip)
        other |= tooth & (luminance(colour) > 0.7 * bright_lip)
    reach = _parting(other, way)
    # A hair, a gloss or a tooth that juts out lies on some columns; where the mesh errs, it does so smoothly.
    return np.sign(lip) * gaussian_filter1d(median_filter(reach, _COLUMNS // 3, mode="nearest"), 1.5, mode="nearest")


def _parting(other: Bool[np.ndarray, "n k"], way: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n"]:
    """Where each row is best parted into what is no lip, first, and lip: as few as possible on the wrong side.

    A tongue that lies behind teeth, or a gloss on the lip, is outnumbered. 0 where all is the same. What is farther
    from 0 has to be better by more.
    """
    wrong = np.cumsum(~other, axis=1) - ~other + np.cumsum(other[:, ::-1], axis=1)[:, ::-1]
    step = np.abs(np.diff(way, axis=1)).mean(axis=1, keepdims=True)
    best = np.argmin(wrong + _STAYS * np.abs(way) / np.maximum(step, 1e-6), axis=1)
    found = np.take_along_axis(way, best[:, np.newaxis], axis=1)[:, 0]
    return np.where((best == 0) | (best == other.shape[1] - 1), 0.0, found)


def _is_one_tone(flesh: Float[np.ndarray, "n k 3"]) -> bool:
    low, middle, high = np.quantile(luminance(flesh), (0.25, 0.5, 0.75))
    return bool(high - low <= _ONE_TONE * middle)


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
    read = axis.read(photo, np.stack([np.repeat(along, len(share)), down.ravel()], axis=1))
    return read.reshape(len(along), len(share), 3)

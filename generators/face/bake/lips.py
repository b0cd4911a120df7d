"""Shuts the lips of a neutral face: MakeHuman's people leave a slit of a few tenths of a millimetre."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.bake.body import Body
from espressivo.generators.face.bake.views import seen
from espressivo.generators.face.bake.wheel import triangulated

_PIXEL_M = 0.0002
_HALF_WIDTH_M, _HALF_HEIGHT_M = 0.032, 0.008
_OVERLAP_M = 0.0001
_SPREAD_M = 0.006
_REACH_M = 0.022
_ROUNDS = 6
_UPPER_LIP, _LOWER_LIP = 520, 523


def with_shut_lips(body: Body, in_mouth: Float[np.ndarray, "body"]) -> Body:
    """Raise the lower lip wherever one looks between the lips from the front."""
    quads = body.wheel.quads["body"]
    middle = body.points_m[quads].mean(axis=1)
    quads = quads[(np.abs(middle[:, 0]) < 0.05) & (middle[:, 1] < -0.02) & (middle[:, 1] > -0.13)]
    lining = np.tile((in_mouth[quads] > 0.5).all(axis=1), 2)
    triangles = triangulated(quads)
    for _ in range(_ROUNDS):
        columns, heights, middles = _slit(body.points_m, triangles, lining)
        if not heights.any():
            break
        body = replace(body, points_m=body.points_m + _raised(body, columns, heights, middles))
    return body


def _slit(
    points_m: Float[np.ndarray, "body 3"], triangles: np.ndarray, lining: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns x, height of the slit in each, and the height y at which it lies; metres."""
    low = np.array([-_HALF_WIDTH_M, points_m[_UPPER_LIP, 1] - _HALF_HEIGHT_M])
    local = points_m.copy()
    local[:, :2] = (local[:, :2] - low) / _PIXEL_M
    _, shown = seen(local, triangles, (int(2 * _HALF_HEIGHT_M / _PIXEL_M), int(2 * _HALF_WIDTH_M / _PIXEL_M)))
    inside = lining[shown]
    count = inside.sum(axis=0)
    rows = (inside * (np.arange(len(inside)) + 0.5)[:, None]).sum(axis=0)
    columns = low[0] + (np.arange(inside.shape[1]) + 0.5) * _PIXEL_M
    middles = np.where(count > 0, low[1] + rows / np.maximum(count, 1) * _PIXEL_M, np.nan)
    return columns, count * _PIXEL_M, middles


def _raised(body: Body, columns: np.ndarray, heights: np.ndarray, middles: np.ndarray) -> Float[np.ndarray, "body 3"]:
    """Offsets that raise the lower lip by what the slit needs, spread so smoothly that no dent is seen."""
    from scipy.ndimage import gaussian_filter1d, maximum_filter1d

    known = np.isfinite(middles)
    needed = np.where(heights > 0, heights + _OVERLAP_M, 0.0)
    needed = gaussian_filter1d(maximum_filter1d(needed, int(_SPREAD_M / _PIXEL_M)), 0.5 * _SPREAD_M / _PIXEL_M)
    x, y, _ = body.points_m.T
    seam = np.interp(x, columns[known], middles[known])
    below = np.clip(1 - (seam - y) / _REACH_M, 0, 1)
    jaw = -body.wheel.target("faceunits/jawOpen")[:, 1]
    moved = np.zeros_like(body.points_m)
    moved[:, 1] = np.interp(x, columns, needed) * np.clip(jaw / jaw[_LOWER_LIP], 0, 1) * below * below * (3 - 2 * below)
    return moved

"""What is seen of a mesh from one direction: depth and region of each pixel, without perspective."""

import numpy as np
from jaxtyping import Float, Int
from numba import njit

NOTHING = -1


def seen(
    local: Float[np.ndarray, "vertices 3"],
    triangles: Int[np.ndarray, "triangles 3"],
    size: tuple[int, int],
) -> tuple[Float[np.ndarray, "height width"], Int[np.ndarray, "height width"]]:
    """Depth and number of the triangle that each pixel shows.

    Args:
        local: vertices as pixel column, pixel row and nearness (larger is nearer).
        triangles: corners.
        size: height and width of the picture; what lies outside is not drawn.
    """
    nearest = np.full(size, -np.inf)
    shown = np.full(size, NOTHING, np.int32)
    _draw(np.ascontiguousarray(local, np.float64), np.ascontiguousarray(triangles, np.int64), nearest, shown)
    return nearest, shown


def seen_in_window(
    points_m: Float[np.ndarray, "vertices 3"],
    triangles: Int[np.ndarray, "triangles 3"],
    centre_m: tuple[float, float],
    half_size_m: tuple[float, float],
    pixel_m: float = 0.0002,
) -> Int[np.ndarray, "height width"]:
    """Number of the triangle that each pixel of a window (x, y) shows, seen from the front."""
    local = points_m.astype(np.float64).copy()
    local[:, :2] = (local[:, :2] - np.subtract(centre_m, half_size_m)) / pixel_m
    width, height = (int(2 * half / pixel_m) for half in half_size_m)
    return seen(local, triangles, (height, width))[1]


@njit
def _draw(local, triangles, nearest, shown):  # pragma: no cover - compiled
    height, width = nearest.shape
    for t in range(len(triangles)):
        a, b, c = local[triangles[t, 0]], local[triangles[t, 1]], local[triangles[t, 2]]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if abs(area) < 1e-12:
            continue
        for y in range(max(int(min(a[1], b[1], c[1])), 0), min(int(max(a[1], b[1], c[1])) + 1, height)):
            for x in range(max(int(min(a[0], b[0], c[0])), 0), min(int(max(a[0], b[0], c[0])) + 1, width)):
                px, py = x + 0.5, y + 0.5
                wb = ((px - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (py - a[1])) / area
                wc = ((b[0] - a[0]) * (py - a[1]) - (px - a[0]) * (b[1] - a[1])) / area
                if wb >= 0 and wc >= 0 and wb + wc <= 1:
                    depth = a[2] + wb * (b[2] - a[2]) + wc * (c[2] - a[2])
                    if depth > nearest[y, x]:
                        nearest[y, x] = depth
                        shown[y, x] = t

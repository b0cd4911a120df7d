"""Ambient occlusion of the neutral head: from how many directions of the sky a vertex is seen."""

import numpy as np
from jaxtyping import Float, Int
from numba import njit

_DIRECTIONS = 96
_PIXEL_M = 0.0012
_SLACK_M = 0.0028  # behind the surface that a pixel shows, a vertex still counts as seen


def openness(
    points_m: Float[np.ndarray, "vertices 3"],
    normals: Float[np.ndarray, "vertices 3"],
    triangles: Int[np.ndarray, "triangles 3"],
) -> Float[np.ndarray, "vertices"]:
    """Cosine-weighted share of the half space over each vertex that `triangles` leave open, 0 to 1."""
    seen = np.zeros(len(points_m))
    total = np.full(len(points_m), 1e-9)
    for direction in _sphere(_DIRECTIONS):
        right = np.cross(direction, (0.3, 0.9, 0.31))
        right /= np.linalg.norm(right)
        axes = np.stack([right, np.cross(direction, right), direction])
        local = points_m @ axes.T
        local[:, :2] = (local[:, :2] - local[:, :2].min(axis=0)) / _PIXEL_M + 1
        size = local[:, :2].max(axis=0).astype(int) + 3
        nearest = np.full((size[1], size[0]), -np.inf)
        _draw(local, triangles, nearest)
        front = nearest[local[:, 1].astype(int), local[:, 0].astype(int)]
        cosine = np.maximum(normals @ direction, 0)
        seen += cosine * (local[:, 2] > front - _SLACK_M)
        total += cosine
    return seen / total


def _sphere(count: int) -> Float[np.ndarray, "count 3"]:
    """Even directions on the sphere: a Fibonacci spiral."""
    k = np.arange(count) + 0.5
    y = 1 - 2 * k / count
    angle = np.pi * (1 + 5**0.5) * k
    across = np.sqrt(1 - y * y)
    return np.stack([across * np.cos(angle), y, across * np.sin(angle)], axis=1)


@njit
def _draw(local, triangles, nearest):  # pragma: no cover - compiled
    """Write the largest third coordinate that each pixel shows."""
    for t in range(len(triangles)):
        a, b, c = local[triangles[t, 0]], local[triangles[t, 1]], local[triangles[t, 2]]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if abs(area) < 1e-12:
            continue
        for y in range(int(min(a[1], b[1], c[1])), int(max(a[1], b[1], c[1])) + 1):
            for x in range(int(min(a[0], b[0], c[0])), int(max(a[0], b[0], c[0])) + 1):
                px, py = x + 0.5, y + 0.5
                wb = ((px - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (py - a[1])) / area
                wc = ((b[0] - a[0]) * (py - a[1]) - (px - a[0]) * (b[1] - a[1])) / area
                if wb >= 0 and wc >= 0 and wb + wc <= 1:
                    depth = a[2] + wb * (b[2] - a[2]) + wc * (c[2] - a[2])
                    nearest[y, x] = max(nearest[y, x], depth)

"""Ambient occlusion of the neutral head: from how many directions of the sky a vertex is seen."""

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.face.bake.views import seen as seen_from

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
        nearest, _ = seen_from(local, triangles, (int(local[:, 1].max()) + 3, int(local[:, 0].max()) + 3))
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

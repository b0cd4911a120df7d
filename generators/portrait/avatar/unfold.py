"""A face mesh without folds at its rim.

On a face that is turned aside, the far cheek of the mesh goes on behind the outline, over pixels that show the near
side of the cheek or the background. Turned back towards the viewer, it would show those. Here such points are laid out
beside the outline instead, at a depth that goes back only so fast: the cheek is then stretched from what can be seen.
The same bound keeps cheeks and ears of frontal faces from being stretched too far.
"""

import numpy as np
from jaxtyping import Float, Float32, Int

from espressivo.generators.portrait.avatar.mesh import load_face_mesh

_STEEPEST = 2.0
"""Depth per breadth, between neighbouring points of the rim."""
_LEAST_AREA = 0.12
"""Of a triangle, as a share of its area in the standard face seen from the front."""
_INNER, _OUTER = 0.62, 0.86
"""Shares of the way from the middle of the face to its oval: points further in stay, points further out may move."""
_STEPS = 400


def unfolded(points_px: Float[np.ndarray, "468 3"], px_per_cm: float) -> Float32[np.ndarray, "468 3"]:
    """Return the mesh with its rim laid out; points that were in sight stay about where they were."""
    mesh = load_face_mesh()
    free = _free()
    triangles = mesh.triangles[free[mesh.triangles].max(axis=1) > 0]
    standard = _areas(mesh.vertices_cm[:, :2].astype(np.float64), triangles)
    least = _LEAST_AREA * px_per_cm**2 * np.clip(standard, 0.02, None)
    points = np.asarray(points_px, np.float64)
    flat = _spread(points[:, :2], triangles, least, free)
    return np.column_stack([flat, _held_forward(flat, points[:, 2], free)]).astype(np.float32)


def _spread(
    flat: Float[np.ndarray, "468 2"],
    triangles: Int[np.ndarray, "n 3"],
    least: Float[np.ndarray, "n"],
    free: Float[np.ndarray, "468"],
) -> Float[np.ndarray, "468 2"]:
    """Move free points until every triangle faces the viewer with at least a little area.

    Triangles that face the viewer go anticlockwise as seen: their signed area in a picture, where y points down, is
    negative.
    """
    flat = flat.copy()
    for _ in range(_STEPS):
        a, b, c = (flat[triangles[:, k]] for k in range(3))
        missing = least + _areas(flat, triangles)
        bad = missing > 0
        if not bad.any():
            break
        # The area grows fastest when a corner moves at right angles to the opposite side.
        push = np.zeros_like(flat)
        count = np.zeros(len(flat))
        sides = [c[bad] - b[bad], a[bad] - c[bad], b[bad] - a[bad]]
        total = np.square(sides).sum(axis=(0, 2)) + 1e-9
        for k, side in enumerate(sides):
            way = np.column_stack([side[:, 1], -side[:, 0]]) / total[:, np.newaxis]
            np.add.at(push, triangles[bad, k], way * (2 * missing[bad])[:, np.newaxis])
            np.add.at(count, triangles[bad, k], 1)
        flat += free[:, np.newaxis] * push / np.maximum(count, 1)[:, np.newaxis]
    return flat


def _held_forward(
    flat: Float[np.ndarray, "468 2"], depth: Float[np.ndarray, "468"], free: Float[np.ndarray, "468"]
) -> Float[np.ndarray, "468"]:
    """Return depths that grow by no more than `_STEEPEST` from neighbour to neighbour."""
    triangles = load_face_mesh().triangles
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    length = np.linalg.norm(flat[edges[:, 0]] - flat[edges[:, 1]], axis=1)
    bound = depth.copy()
    for _ in range(40):
        before = bound.copy()
        np.minimum.at(bound, edges[:, 1], before[edges[:, 0]] + _STEEPEST * length)
        if np.array_equal(before, bound):
            break
    return depth + free * (bound - depth)


def _areas(flat: Float[np.ndarray, "468 2"], triangles: Int[np.ndarray, "n 3"]) -> Float[np.ndarray, "n"]:
    """Return twice the signed areas."""
    a, b, c = flat[triangles[:, 0]], flat[triangles[:, 1]], flat[triangles[:, 2]]
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def _free() -> Float[np.ndarray, "468"]:
    """Return how far each point may move: 0 in the middle of the face, 1 at its rim."""
    mesh = load_face_mesh()
    flat = mesh.vertices_cm[:, :2].astype(np.float64)
    rim = flat[mesh.oval_ring]
    middle = rim.mean(axis=0)
    angle = np.arctan2(*(flat - middle).T)
    rim_angle = np.arctan2(*(rim - middle).T)
    order = np.argsort(rim_angle)
    reach = np.interp(angle, rim_angle[order], np.linalg.norm(rim - middle, axis=1)[order], period=2 * np.pi)
    share = (np.linalg.norm(flat - middle, axis=1) / reach - _INNER) / (_OUTER - _INNER)
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)

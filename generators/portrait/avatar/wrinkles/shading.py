"""How bright skin is for the way it faces, learnt from the photograph itself."""

import numpy as np
from jaxtyping import Float, Float32
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def vertex_normals(points, triangles):
    """Return unit normals of vertices, (n, 3), towards the viewer where the surface is seen from outside.

    Args:
        points: (n, 3) x right, y down, z away.
        triangles: (m, 3) counter-clockwise from outside with y up.
    """
    normals = np.zeros(points.shape, np.float64)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for k in (a, b, c):
            normals[k, 0] += nx
            normals[k, 1] += ny
            normals[k, 2] += nz
    for k in range(len(points)):
        length = np.sqrt(normals[k, 0] ** 2 + normals[k, 1] ** 2 + normals[k, 2] ** 2)
        if length > 0.0:
            for axis in range(3):  # not the row as a whole: numba takes seconds more to compile that
                normals[k, axis] /= length
    return normals


def fit_light(brightness: Float[np.ndarray, "n"], normals: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "4"]:
    """Fit brightness = a + b . normal; points that do not follow it (brows, beards, cast shadows) count less (Huber).

    The part with the normals is made weaker where it explains little.

    Returns:
        a, b.
    """
    design = np.column_stack([np.ones(len(normals)), normals])
    weight, answer = np.ones(len(normals)), np.zeros(4)
    for _ in range(12):
        weighted = design * weight[:, None]
        # A weak prior for no dependence keeps a face without relief from a light of any strength.
        answer = np.linalg.solve(weighted.T @ design + np.diag([0, 1, 1, 1]), weighted.T @ brightness)
        error = np.abs(brightness - design @ answer)
        limit = max(1.5 * float(np.median(error)), 1.0)
        weight = np.minimum(1, limit / np.maximum(error, 1e-6))
    error = brightness - design @ answer
    middle = np.average(brightness, weights=weight)
    explained = 1 - (weight @ error**2) / max(float(weight @ (brightness - middle) ** 2), 1e-6)
    share = float(np.clip(explained / 0.4, 0, 1))
    return np.concatenate([[answer[0] + (1 - share) * (normals.mean(axis=0) @ answer[1:])], share * answer[1:]])


def turned_gain(
    light: Float[np.ndarray, "4"], before: Float[np.ndarray, "n 3"], after: Float[np.ndarray, "n 3"]
) -> Float32[np.ndarray, "n"]:
    """Return how much brighter skin gets when its normals change, 1 where they do not."""
    had, has = light[0] + before @ light[1:], light[0] + after @ light[1:]
    least = 0.35 * abs(float(np.median(had))) + 1e-6
    return np.clip(np.maximum(has, least) / np.maximum(had, least), 0.7, 1.3).astype(np.float32)

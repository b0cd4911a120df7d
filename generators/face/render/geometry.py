"""What changes on the surface from frame to frame: normals, strain, projection to the picture."""

import numpy as np
from numba import njit

POSITION, NORMAL, LIT, STRAIN, RED, GLOSS, FLESH, OPENNESS, NOISE_X, TOOTH_U, COVER = (
    0,
    3,
    6,
    7,
    8,
    11,
    12,
    13,
    14,
    17,
    19,
)
COLUMNS = 20
"""Columns of the vertex table. The first eight change with every frame, the others belong to the head."""


@njit(cache=True, nogil=True, fastmath=True)
def move(vertices, triangles, rest_area, table):
    """Write position, area-weighted normal and change of area of every vertex into `table` (vertices, 20)."""
    for i in range(len(vertices)):
        table[i, 0] = vertices[i, 0]
        table[i, 1] = vertices[i, 1]
        table[i, 2] = vertices[i, 2]
        table[i, 3] = 0.0
        table[i, 4] = 0.0
        table[i, 5] = 0.0
        table[i, 7] = 0.0
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        wx = vertices[c, 0] - vertices[a, 0]
        wy = vertices[c, 1] - vertices[a, 1]
        wz = vertices[c, 2] - vertices[a, 2]
        nx = uy * wz - uz * wy
        ny = uz * wx - ux * wz
        nz = ux * wy - uy * wx
        area = np.sqrt(nx * nx + ny * ny + nz * nz)
        for corner in (a, b, c):
            table[corner, 3] += nx
            table[corner, 4] += ny
            table[corner, 5] += nz
            table[corner, 7] += area
    for i in range(len(vertices)):
        length = np.sqrt(table[i, 3] ** 2 + table[i, 4] ** 2 + table[i, 5] ** 2) + np.float32(1e-20)
        table[i, 3] /= length
        table[i, 4] /= length
        table[i, 5] /= length
        table[i, 7] = table[i, 7] / rest_area[i] - 1.0


@njit(cache=True, nogil=True, fastmath=True)
def project(vertices, axes, origin, focal, centre_x, centre_y, screen):
    """Perspective projection: pixel x, pixel y (down) and 1/depth into `screen` (vertices, 3)."""
    for i in range(len(vertices)):
        x = vertices[i, 0] - origin[0]
        y = vertices[i, 1] - origin[1]
        z = vertices[i, 2] - origin[2]
        inverse = 1.0 / (axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z)
        screen[i, 0] = centre_x + focal * (axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z) * inverse
        screen[i, 1] = centre_y + focal * (axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z) * inverse
        screen[i, 2] = inverse

"""Which part of the key light reaches each vertex: a small shadow map seen from the light, averaged softly."""

import numpy as np
from jaxtyping import Bool, Float, Int
from numba import njit

from espressivo.generators.face.render.look import Look
from espressivo.generators.face.render.raster import SAMPLES, bin_triangles, raster_rows

_SIZE = 192
_REACH_M = 0.19  # half the side of the square that the map covers
_OFFSET_M = 0.0035  # a surface does not shade what lies closer before it than this
_SOFT_M = 0.004


class KeyShadow:
    """Casts the shadows of the key light; the light shines in parallel rays."""

    def __init__(self, triangles: Int[np.ndarray, "faces 3"], casts: Bool[np.ndarray, "faces"], look: Look) -> None:
        self._triangles, self._casts = triangles, casts
        self._both_sides = np.ones(len(triangles), bool)
        self._seen = np.empty((_SIZE, _SIZE), np.int32)
        self._depth = np.empty((_SIZE, _SIZE), np.float32)
        light = np.array([look.key_x, look.key_y, look.key_z])
        right = np.cross([0.0, 1.0, 0.0], light)
        right /= np.linalg.norm(right)
        self._axes = np.ascontiguousarray(np.stack([right, -np.cross(light, right), light]), np.float32)
        self._centre = np.array([0.0, -0.03, 0.04], np.float32)

    def cast(self, table: Float[np.ndarray, "vertices 20"]) -> None:
        """Write the lit share of each vertex into column `LIT` of `table`."""
        screen = np.empty((len(table), 3), np.float32)
        _to_light(table, self._axes, self._centre, screen)
        rows = _SIZE // SAMPLES
        start, items = bin_triangles(screen, self._triangles, self._both_sides, self._casts, _SIZE, rows, rows)
        raster_rows(screen, self._triangles, items[: start[1]], 0, rows, self._seen, self._depth)
        _light_up(table, self._axes, screen, self._depth)


@njit(cache=True, nogil=True, fastmath=True)
def _to_light(table, axes, centre, screen):
    scale = _SIZE / (2.0 * _REACH_M)
    for i in range(len(table)):
        x = table[i, 0] - centre[0]
        y = table[i, 1] - centre[1]
        z = table[i, 2] - centre[2]
        screen[i, 0] = _SIZE / 2 + scale * (axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z)
        # The rasteriser's rows hold four lines each: a quarter of the height gives square cells.
        screen[i, 1] = (_SIZE / 2 + scale * (axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z)) / SAMPLES
        screen[i, 2] = 1.0 + axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z


@njit(cache=True, nogil=True, fastmath=True)
def _light_up(table, axes, screen, depth):
    scale = _SIZE / (2.0 * _REACH_M)
    for i in range(len(table)):
        lean = axes[2, 0] * table[i, 3] + axes[2, 1] * table[i, 4] + axes[2, 2] * table[i, 5]
        # Step off the surface along its normal, the farther the more it is turned away from the light.
        step = _OFFSET_M * (1.4 - min(max(lean, 0.0), 1.0))
        side = axes[0, 0] * table[i, 3] + axes[0, 1] * table[i, 4] + axes[0, 2] * table[i, 5]
        down = axes[1, 0] * table[i, 3] + axes[1, 1] * table[i, 4] + axes[1, 2] * table[i, 5]
        x = screen[i, 0] + scale * step * side - 0.5
        y = screen[i, 1] * SAMPLES + scale * step * down - 0.5
        z = screen[i, 2] + step * lean + 0.5 * _OFFSET_M
        left = int(np.floor(x))
        top = int(np.floor(y))
        tx = x - left
        ty = y - top
        total = 0.0
        # Box of three cells with linear ends: continuous in the position, so shadows glide rather than jump.
        for j in range(-1, 3):
            wy = 1.0 - ty if j == -1 else (ty if j == 2 else 1.0)
            row = top + j
            for k in range(-1, 3):
                wx = 1.0 - tx if k == -1 else (tx if k == 2 else 1.0)
                column = left + k
                if 0 <= row < _SIZE and 0 <= column < _SIZE:
                    blocked = (depth[row, column] - z) / _SOFT_M
                    total += wx * wy * (1.0 - min(max(blocked, 0.0), 1.0))
                else:
                    total += wx * wy
        table[i, 6] = total / 9.0

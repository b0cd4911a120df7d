"""The renderer that needs nothing but the CPU: numba kernels over bands of the picture, one thread a core."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
from jaxtyping import Float, Int, UInt8

from espressivo.generators.face.render.geometry import project
from espressivo.generators.face.render.look import as_record
from espressivo.generators.face.render.raster import SAMPLES, bin_triangles, raster_rows
from espressivo.generators.face.render.shading import shade_rows
from espressivo.generators.face.render.stage import Stage, srgb_table

_BAND_ROWS = 16


class CpuRenderer:
    """Renders with numba.

    Args:
        stage: the head before its camera.
        threads: how many draw; None for one a core, at most 8. The picture does not depend on it.
    """

    name = "cpu (numba)"

    def __init__(self, stage: Stage, threads: int | None = None) -> None:
        self._stage = stage
        self._pool = ThreadPoolExecutor(threads or min(os.cpu_count() or 1, 8), thread_name_prefix="render")
        self._srgb = srgb_table()
        self._look = as_record(stage.look)
        self._axes = stage.camera.axes.astype(np.float32)
        self._origin = stage.camera.position_m.astype(np.float32)
        self._local = threading.local()
        self._everything = np.ones(len(stage.surface.triangles), bool)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def frame(
        self, weights: Float[np.ndarray, "52"], head_rad: Float[np.ndarray, "3"], gaze_rad: Float[np.ndarray, "2"]
    ) -> UInt8[np.ndarray, "height width 3"]:
        """Render one moment as sRGB."""
        stage, surface = self._stage, self._stage.surface
        table, scene = stage.pose(weights, head_rad, gaze_rad)
        screen = np.empty((len(table), 3), np.float32)
        focal = stage.camera.focal_px(stage.width, stage.height)
        project(table, self._axes, self._origin, focal, 0.5 * stage.width, 0.5 * stage.height, screen)
        start, items = bin_triangles(
            screen, surface.triangles, surface.double_sided, self._everything, stage.width, stage.height, _BAND_ROWS
        )
        picture = np.empty((stage.height, stage.width, 3), np.uint8)

        def draw(band: int) -> None:
            row = band * _BAND_ROWS
            rows = min(_BAND_ROWS, stage.height - row)
            found = items[start[band] : start[band + 1]]
            seen, depth = self._buffers()
            raster_rows(screen, surface.triangles, found, row, rows, seen, depth)
            shade_rows(
                self._look, scene, stage.noise, seen, depth, row, rows, screen, surface.triangles,
                surface.material, table, stage.backdrop, self._srgb, picture,
            )  # fmt: skip

        list(self._pool.map(draw, range(len(start) - 1)))
        return picture

    def _buffers(self) -> tuple[Int[np.ndarray, "lines width"], Float[np.ndarray, "lines width"]]:
        """This thread's buffers for one band."""
        if not hasattr(self._local, "buffers"):
            shape = (SAMPLES * _BAND_ROWS, self._stage.width)
            self._local.buffers = np.empty(shape, np.int32), np.empty(shape, np.float32)
        return self._local.buffers

"""Pictures of a moving head: a numba renderer for the CPU and an OpenGL one, which show the same within rounding.

`open_renderer` and `render_motion` are what other code needs; the renderers themselves are imported when one is opened.
"""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, Protocol, Self

import numpy as np
from jaxtyping import Float, UInt8

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.render.camera import FRONT, Camera
from espressivo.generators.face.render.style import STUDIO, Style
from espressivo.generators.face.rig import Head

if TYPE_CHECKING:
    from espressivo.generators.face.render.stage import Stage

__all__ = ["FRONT", "STUDIO", "Backend", "Camera", "Renderer", "Style", "open_renderer", "render_motion"]

Backend = Literal["auto", "cpu", "opengl"]

_log = logging.getLogger(__name__)


class Renderer(Protocol):
    """Turns poses into pictures. A context manager: leaving it frees what it holds."""

    name: str
    """Which renderer and device draw, such as `cpu (numba)`."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def frame(
        self, weights: Float[np.ndarray, "52"], head_rad: Float[np.ndarray, "3"], gaze_rad: Float[np.ndarray, "2"]
    ) -> UInt8[np.ndarray, "height width 3"]:
        """Render one moment, given as in `FaceMotion`, as sRGB."""
        ...


def open_renderer(
    head: Head,
    width: int = 512,
    height: int = 512,
    backend: Backend = "auto",
    camera: Camera = FRONT,
    style: Style = STUDIO,
) -> Renderer:
    """Open a renderer for one head and one size.

    Args:
        head: whom to show.
        width: pixels, even.
        height: pixels, even.
        backend: `auto` takes a GPU if OpenGL finds one, else numba, which is faster on a CPU than OpenGL's software
            driver (`benchmarks/render.py` measures both).
        camera: from where.
        style: backdrop and eyes.

    Raises:
        InputError: a size that video cannot have, or an unknown backend.
        MissingDependencyError: `opengl` was asked for and cannot be opened.
    """
    from espressivo.generators.face.render.stage import Stage

    if backend not in ("auto", "cpu", "opengl"):
        raise InputError(f"There is no renderer '{backend}'; choose auto, cpu or opengl.")
    stage = Stage(head, width, height, camera, style)
    renderer = _on_gpu(stage, software_too=backend == "opengl") if backend != "cpu" else None
    if renderer is None:
        from espressivo.generators.face.render.cpu import CpuRenderer

        renderer = CpuRenderer(stage)
    _log.info("rendering with %s", renderer.name)
    return renderer


def _on_gpu(stage: "Stage", software_too: bool) -> Renderer | None:
    """The OpenGL renderer; None if it would run in software, or not at all, and `software_too` does not ask for it."""
    from espressivo.generators.face.render.opengl import OpenGLRenderer, create_context, is_hardware

    try:
        context = create_context()
    except MissingDependencyError as error:
        if software_too:
            raise
        _log.info("%s", error)
        return None
    if software_too or is_hardware(context):
        return OpenGLRenderer(stage, context)
    context.release()
    return None


def render_motion(motion: FaceMotion, renderer: Renderer) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Yield the frames of `motion` one by one, as they are asked for."""
    for weights, head_rad, gaze_rad in zip(motion.weights, motion.head_rad, motion.gaze_rad, strict=True):
        yield renderer.frame(weights, head_rad, gaze_rad)

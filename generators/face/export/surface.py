"""What a GLB needs of a head's surface and the rig does not hold: normals, how shapes bend them, and painted eyes."""

import io
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.face.rig import Head

_LIMBUS_RAD = 0.43
"""Angle between the gaze and the edge of the iris, seen from the centre of the eye."""
_PUPIL = 0.36  # of the radius of the iris
_EYE_PIXELS = 256
_WHITE = (0.80, 0.80, 0.78)


def normals_of_shapes(
    head: Head,
) -> tuple[Float[np.ndarray, "vertices 3"], Iterator[Float[np.ndarray, "vertices 3"]]]:
    """The neutral normals, and for each ARKit shape in turn by how much they differ at weight 1."""
    from scipy.sparse import csr_array

    corners = head.triangles.ravel()
    faces = np.repeat(np.arange(len(head.triangles)), 3)
    meets = csr_array(
        (np.ones(len(corners), np.float32), (corners, faces)), (len(head.vertices_m), len(head.triangles))
    )

    def normals(vertices_m: Float[np.ndarray, "vertices 3"]) -> Float[np.ndarray, "vertices 3"]:
        a, b, c = vertices_m[head.triangles.T]
        summed = meets @ np.cross(b - a, c - a)  # the cross product weighs each face by its area
        length = np.linalg.norm(summed, axis=1, keepdims=True)
        outward = np.where(length > 1e-12, summed / np.maximum(length, 1e-12), (0.0, 0.0, 1.0))
        return outward.astype(np.float32)

    neutral = normals(head.vertices_m)
    shapes = head.shapes.tocsc()

    def differences() -> Iterator[Float[np.ndarray, "vertices 3"]]:
        for column in range(len(ARKIT_NAMES)):
            offsets_m = shapes[:, [column]].toarray().reshape(-1, 3)
            yield normals(head.vertices_m + offsets_m) - neutral

    return neutral, differences()


def eye_picture_at(directions: Float[np.ndarray, "vertices 3"]) -> Float[np.ndarray, "vertices 2"]:
    """Where in the picture of `paint_eye` the points lie that are seen in `directions` from the centre of the eye.

    The eye is projected along its gaze, so that the iris stays round on a coarse eyeball.
    """
    across = directions[:, :2] / np.linalg.norm(directions, axis=1, keepdims=True)
    return (0.5 + 0.5 * across * (1.0, -1.0)).astype(np.float32)


def paint_eye(iris: Float[np.ndarray, "3"]) -> bytes:
    """PNG of an eye from in front: white, dark limbal ring, iris of the given linear colour with fibres, pupil."""
    from PIL import Image

    axis = (np.arange(_EYE_PIXELS) + 0.5) / _EYE_PIXELS * 2 - 1
    x, y = np.meshgrid(axis, axis)
    radius = np.hypot(x, y) / np.sin(_LIMBUS_RAD)
    fibres = 0.5 + 0.5 * np.sin(np.arctan2(y, x) * 37 + 9 * np.sin(3 * radius))
    bright = (0.9 + 0.9 * fibres + 0.9 * _ramp(0.75, _PUPIL, radius)) * (1 - 0.8 * _ramp(0.78, 1.0, radius))
    inside = bright[..., None] * np.asarray(iris) * _ramp(_PUPIL - 0.05, _PUPIL + 0.05, radius)[..., None]
    linear = inside + (np.array(_WHITE) - inside) * _ramp(0.94, 1.06, radius)[..., None]
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    png = io.BytesIO()
    Image.fromarray((srgb.clip(0, 1) * 255).round().astype(np.uint8)).save(png, "PNG", optimize=True)
    return png.getvalue()


def _ramp(start: float, end: float, value: np.ndarray) -> np.ndarray:
    share = ((value - start) / (end - start)).clip(0, 1)
    return share * share * (3 - 2 * share)

"""Spectacles: a mesh of skin would bend their frames, so what lies under them is held still."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8
from numba import njit
from scipy.ndimage import gaussian_filter, map_coordinates

from espressivo.generators.portrait.avatar.fit import Fit
from espressivo.generators.portrait.avatar.light import Light, luminance
from espressivo.generators.portrait.avatar.mesh import load_face_mesh

_THICK_BRIDGE, _THICK_TEMPLES = 0.8, 0.65
"""Steepest edges over the bridge of the nose and, on average, at the temples, in the brightness of the skin per cm,
that only thick and dark frames make."""
_WIRE_BRIDGE, _WIRE_TEMPLES = 0.45, 0.6
"""Those that thin ones make: less over the nose, but a way in and a way out at each temple, the least of the four. Of
80 portraits five wear spectacles; bare faces with so much over the nose have .53 or less at the temples."""

_BRIDGE_X_CM, _BRIDGE_Y_CM = np.linspace(-0.5, 0.5, 9), np.linspace(3.3, 0.6, 55)
_TEMPLE_X_CM, _TEMPLE_Y_CM = np.linspace(5.3, 6.6, 14), np.linspace(5.5, 0.8, 95)
_LIDS = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246,
)  # fmt: skip
_BESIDE_LIDS = (247, 30, 29, 27, 28, 56, 190, 25, 110, 24, 23, 22, 26, 112)
"""Edges of the right eye's lids and the rows next to them."""


@dataclass(frozen=True)
class Frames:
    """Where frames lie: between two heights of the standard face; skin beyond moves ever more."""

    low_cm: float
    high_cm: float
    fade_cm: float


THICK = Frames(-0.2, 4.9, 1.1)
"""Their upper rim hides the brows or lies over them."""
WIRE = Frames(-0.2, 3.6, 0.8)
"""Brows are seen above, and go on to say what they have to say."""


def frames_on(photo: UInt8[np.ndarray, "h w 3"], points_px: Float32[np.ndarray, "468 3"]) -> Frames | None:
    """Return the frames that a face wears, if they are dark or hard enough to be seen bending."""
    image = np.asarray(photo, np.float32)
    grey = gaussian_filter(luminance(image), 0.8)
    skin = max(float(luminance(Light.of(image, points_px).skin)), 1.0)
    bridge = _slopes(grey, points_px, 0) / skin
    over_nose = float(np.median(np.abs(bridge), axis=0).max())
    temples = []
    for temple in (1, 2):
        slopes = _slopes(grey, points_px, temple) / skin
        # A frame has two edges, into the dark and out of it.
        temples += [float(np.median(slopes.max(axis=1))), float(np.median(-slopes.min(axis=1)))]
    if over_nose > _THICK_BRIDGE and np.mean(temples) > _THICK_TEMPLES:
        return THICK
    return WIRE if over_nose > _WIRE_BRIDGE and min(temples) > _WIRE_TEMPLES else None


def held_under(fit: Fit, frames: Frames) -> Fit:
    """Return a fit whose brows, cheeks and bridge keep still where frames lie over them; lids still close."""
    mesh = load_face_mesh()
    height = mesh.vertices_cm[:, 1]
    outside = np.maximum(np.maximum(frames.low_cm - height, height - frames.high_cm), 0)
    moves = np.clip(outside / frames.fade_cm, 0, 1).astype(np.float32)
    for rows, share in ((_BESIDE_LIDS, 0.5), (_LIDS, 1.0)):
        moves[list(rows)] = share
        moves[mesh.mirror[list(rows)]] = share
    return replace(fit, shapes_px=fit.shapes_px * moves[np.newaxis, :, np.newaxis])


def _slopes(
    grey: Float32[np.ndarray, "h w"], points_px: Float32[np.ndarray, "468 3"], place: int
) -> Float[np.ndarray, "n m"]:
    """How steeply the brightness changes per cm along the lines of one of `_places`."""
    corners, weights, step_cm = _places()[place]
    pixels = (points_px[corners, :2] * weights[..., np.newaxis]).sum(axis=-2)
    values = map_coordinates(grey, [pixels[..., 1] - 0.5, pixels[..., 0] - 0.5], order=1, mode="nearest")
    return np.asarray(np.gradient(values, step_cm, axis=1))


@cache
def _places() -> list[tuple[Int[np.ndarray, "n m 3"], Float[np.ndarray, "n m 3"], float]]:
    """Lines down the bridge of the nose and the right and the left temple: the three points of the mesh around each
    sample, their weights, and how far samples are apart.
    """
    mesh, places = load_face_mesh(), []
    for across_cm, up_cm in (
        (_BRIDGE_X_CM, _BRIDGE_Y_CM),
        (-_TEMPLE_X_CM, _TEMPLE_Y_CM),
        (_TEMPLE_X_CM, _TEMPLE_Y_CM),
    ):
        samples = np.stack(np.meshgrid(across_cm, up_cm, indexing="ij"), axis=-1)
        number, weights = _around(samples.reshape(-1, 2), mesh.vertices_cm[:, :2].astype(np.float64), mesh.triangles)
        shape = (*samples.shape[:2], 3)
        places.append((mesh.triangles[number].reshape(shape), weights.reshape(shape), float(up_cm[0] - up_cm[1])))
    return places


@njit(cache=True, nogil=True, error_model="numpy")
def _around(samples, vertices, triangles):
    """Return the triangle that holds each sample, else the nearest to hold it, and its barycentric weights."""
    number = np.zeros(len(samples), np.int64)
    weights = np.zeros((len(samples), 3))
    # Scalars throughout: unpacking rows of arrays takes seconds more to compile.
    for k in range(len(samples)):
        best = -1e9
        for t in range(len(triangles)):
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            ax, ay = vertices[a, 0], vertices[a, 1]
            bx, by = vertices[b, 0], vertices[b, 1]
            cx, cy = vertices[c, 0], vertices[c, 1]
            area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            if area == 0.0:
                continue
            x, y = samples[k, 0], samples[k, 1]
            u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
            v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
            inside = min(u, v, 1.0 - u - v)
            if inside > best:
                best = inside
                number[k] = t
                weights[k, 0], weights[k, 1], weights[k, 2] = u, v, 1.0 - u - v
            if inside >= 0.0:
                break
    return number, weights

"""Spectacles: a mesh of skin would bend their frames, so what lies under them is held still."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Float32, UInt8
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import gaussian_filter, map_coordinates

from espressivo.generators.portrait.avatar.fit import Fit
from espressivo.generators.portrait.avatar.light import Light, luminance
from espressivo.generators.portrait.avatar.mesh import load_face_mesh

LEAST_BRIDGE, LEAST_TEMPLES = 0.8, 0.65
"""Steepest edges over the bridge of the nose and at the temples, in the brightness of the skin per cm, that only frames
make: thick and dark ones. Thin wire passes for skin, and hardly is seen to bend."""

_BRIDGE_X_CM, _BRIDGE_Y_CM = np.linspace(-0.5, 0.5, 9), np.linspace(3.3, 0.6, 55)
_TEMPLE_X_CM, _TEMPLE_Y_CM = np.linspace(5.3, 6.6, 14), np.linspace(5.5, 0.8, 95)
_LOW_CM, _HIGH_CM, _FADE_CM = -0.2, 4.9, 1.1
"""Frames lie between these heights of the standard face; skin beyond moves ever more."""
_LIDS = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246,
)  # fmt: skip
_BESIDE_LIDS = (247, 30, 29, 27, 28, 56, 190, 25, 110, 24, 23, 22, 26, 112)
"""Edges of the right eye's lids and the rows next to them."""


def wears_spectacles(photo: UInt8[np.ndarray, "h w 3"], points_px: Float32[np.ndarray, "468 3"]) -> bool:
    """Tell whether a face wears frames that are dark or hard enough to be seen bending."""
    image = np.asarray(photo, np.float32)
    grey = gaussian_filter(luminance(image), 0.8)
    skin = max(float(luminance(Light.of(image, points_px).skin)), 1.0)
    place = LinearNDInterpolator(load_face_mesh().vertices_cm[:, :2], points_px[:, :2])
    bridge = _slopes(grey, place, _BRIDGE_X_CM, _BRIDGE_Y_CM) / skin
    over_nose = float(np.median(np.abs(bridge), axis=0).max())
    temples = []
    for side in (-1, 1):
        slopes = _slopes(grey, place, side * _TEMPLE_X_CM, _TEMPLE_Y_CM) / skin
        # A frame has two edges, into the dark and out of it.
        temples += [np.median(slopes.max(axis=1)), np.median(-slopes.min(axis=1))]
    return over_nose > LEAST_BRIDGE and float(np.mean(temples)) > LEAST_TEMPLES


def held_under_spectacles(fit: Fit) -> Fit:
    """Return a fit whose brows, cheeks and bridge keep still where frames lie over them; lids still close."""
    mesh = load_face_mesh()
    height = mesh.vertices_cm[:, 1]
    outside = np.maximum(np.maximum(_LOW_CM - height, height - _HIGH_CM), 0)
    moves = np.clip(outside / _FADE_CM, 0, 1).astype(np.float32)
    for rows, share in ((_BESIDE_LIDS, 0.5), (_LIDS, 1.0)):
        moves[list(rows)] = share
        moves[mesh.mirror[list(rows)]] = share
    return replace(fit, shapes_px=fit.shapes_px * moves[np.newaxis, :, np.newaxis])


def _slopes(
    grey: Float32[np.ndarray, "h w"],
    place: LinearNDInterpolator,
    across_cm: Float[np.ndarray, "n"],
    up_cm: Float[np.ndarray, "m"],
) -> Float[np.ndarray, "n m"]:
    """How steeply the brightness changes per cm along lines down the face."""
    x, y = np.meshgrid(across_cm, up_cm, indexing="ij")
    pixels = place(np.stack([x.ravel(), y.ravel()], axis=1))
    values = map_coordinates(grey, [pixels[:, 1] - 0.5, pixels[:, 0] - 0.5], order=1, mode="nearest")
    return np.asarray(np.gradient(values.reshape(x.shape), up_cm[0] - up_cm[1], axis=1))

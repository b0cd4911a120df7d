"""Head pose from a face mesh: the similarity that lays the rigid parts of a standard face over it."""

import json
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Int

from espressivo.conditioning.faces.networks import FOLDER


@dataclass(frozen=True, eq=False)
class RigidShape:
    """The parts of the standard face that no expression moves: eye corners, nose, cheekbones, rim of the forehead."""

    points: Int[np.ndarray, "n"]
    """Their indices in the mesh."""
    weights: Float[np.ndarray, "n"]
    """They sum to 1."""
    positions_cm: Float[np.ndarray, "n 3"]
    """In the axes of a picture: x to the right, y down, z away."""


@dataclass(frozen=True, eq=False)
class HeadPoses:
    """Where heads are: mesh = scale * position_cm @ rotation + shift, row vectors in the axes of the picture."""

    rotation: Float[np.ndarray, "*frames 3 3"]
    scale: Float[np.ndarray, "*frames"]
    """Pixels per centimetre."""
    shift_px: Float[np.ndarray, "*frames 3"]
    """Where the origin of the standard face (between the eyes, inside the head) comes to lie."""

    @property
    def angles_deg(self) -> Float[np.ndarray, "*frames 3"]:
        """Turns about the axes of a head that looks at the viewer, as `FaceMotion.head_rad` has them but in degrees.

        Pitch (positive: chin down), yaw (to the subject's left) and roll (towards the subject's right shoulder), about
        X, then Y, then Z.
        """
        turned = np.swapaxes(self.rotation, -1, -2) * np.outer((1, -1, -1), (1, -1, -1))  # to y up, z to the viewer
        pitch = np.arctan2(turned[..., 2, 1], turned[..., 2, 2])
        yaw = np.arcsin(np.clip(-turned[..., 2, 0], -1, 1))
        roll = np.arctan2(turned[..., 1, 0], turned[..., 0, 0])
        return np.degrees(np.stack([pitch, yaw, roll], axis=-1))


def head_poses(points: Float[np.ndarray, "*frames 468 3"]) -> HeadPoses:
    """Fit the rigid parts of the standard face to meshes (weighted similarity, Umeyama 1991)."""
    shape = rigid_shape()
    target = np.asarray(points, np.float64)[..., shape.points, :]
    weights = shape.weights[:, np.newaxis]
    mean, model_mean = (weights * target).sum(axis=-2), (weights * shape.positions_cm).sum(axis=0)
    centred = shape.positions_cm - model_mean
    left, stretch, right = np.linalg.svd((weights * centred).T @ (target - mean[..., np.newaxis, :]))
    proper = np.ones_like(stretch)
    proper[..., 2] = np.sign(np.linalg.det(left @ right))
    rotation = (left * proper[..., np.newaxis, :]) @ right
    scale = (stretch * proper).sum(axis=-1) / (weights * centred**2).sum()
    shift = mean - scale[..., np.newaxis] * (model_mean @ rotation)
    return HeadPoses(rotation, scale, shift)


@cache
def rigid_shape() -> RigidShape:
    """Read the rigid parts from the card of the mesh's weights."""
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    return RigidShape(*(np.array(config[name]) for name in ("rigid_points", "rigid_weights", "rigid_cm")))

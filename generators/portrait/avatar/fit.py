"""How the standard face lies over a portrait, and where its points go when the portrait moves.

Coordinates are those of a picture: x right, y down, z away from the viewer, pixels of the frame that is drawn; 0 is
the outer edge of the first pixel, whose centre lies at 0.5.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Float, Float32
from numba import njit

from espressivo.conditioning.faces.pose import head_poses
from espressivo.generators.face.rig import load_head, rotation
from espressivo.generators.portrait.avatar.contact import LID_SHARES, LIP_SHARES, hold_apart, lid_rows
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.avatar.own_expression import OwnExpression
from espressivo.generators.portrait.avatar.shapes import fitted_shapes
from espressivo.generators.portrait.avatar.unfold import unfolded

MAX_WEIGHT = 1.5
"""Weights beyond are taken for this: shapes are straight lines, and a face is not."""
PIVOT_CM = (0.0, -3.5, -4.5)
"""What the head turns about, in the standard face: between the joint of the skull and the middle of the neck."""
CAMERA_CM = 70.0
"""From the pivot to the camera. Portraits are taken from 60 to 150 cm; nearer than 50 cm a turned nose swells."""
MAX_TURN_DEG = ((10.0, 14.0), (15.0, 22.0), (14.0, 22.0))
"""Pitch, yaw and roll: up to the first the head turns as asked, beyond it less and less, never by more than the second.
A photograph holds no more of the sides of a head."""
MAX_YAW_DEG = 42.0
"""The same for the yaw of the photograph and what is added to it, together."""

_SIGNS = np.array([1.0, -1.0, -1.0])
_SHUT_MM, _APART_MM = 0.2, 1.2
"""Below the first, weights mean shut lips; above the second, the lips are left where the shapes put them."""


@dataclass(frozen=True, eq=False)
class Pose:
    """The points of a portrait in one frame."""

    weights: Float32[np.ndarray, "52"]
    """As asked, held to [0, `MAX_WEIGHT`]."""
    gaze_rad: Float32[np.ndarray, "2"]
    """As `FaceMotion.gaze_rad`."""
    points_px: Float32[np.ndarray, "468 3"]
    """With expression and turn of the head."""
    flexed_px: Float32[np.ndarray, "468 3"]
    """With expression alone."""
    turn: Float32[np.ndarray, "3 3"]
    """What the head is turned by, for row vectors in picture axes about the pivot: q' = q @ turn."""
    pivot_px: Float32[np.ndarray, "3"]
    camera_px: float
    lift_px: Float32[np.ndarray, "2"]
    """Shift of the whole head (sway and breath)."""
    settled: float
    """How far the face has come to rest from what the photograph shows, 0..1."""
    folds_lost: float
    """How far the folds of a smile that the photograph shows have gone, 0..1."""

    @property
    def still(self) -> bool:
        """Whether the head is where the photograph has it."""
        return not self.lift_px.any() and bool((self.turn == np.eye(3, dtype=np.float32)).all())

    def turned(self, points_px: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Carry points of the photograph (`Fit.place`) with the head, without any expression."""
        points = np.asarray(points_px, np.float32)
        return points if self.still else _turned(points, self.turn, self.pivot_px, self.camera_px, self.lift_px)


@dataclass(frozen=True, eq=False)
class Fit:
    """The standard face, laid over a portrait."""

    points_px: Float32[np.ndarray, "468 3"]
    """The face as it is in the photograph, its rim laid out (`unfolded`)."""
    axes: Float32[np.ndarray, "3 3"]
    """Rows: where the head's left, up and front point, in picture axes; unit vectors."""
    px_per_cm: float
    origin_px: Float32[np.ndarray, "3"]
    """Where the origin of the standard face lies."""
    shapes_px: Float32[np.ndarray, "52 468 3"]
    """Offsets at weight 1, for this person (`fitted_shapes`)."""
    own: OwnExpression
    """What the photograph shows already."""

    @classmethod
    def of(cls, points_px: Float[np.ndarray, "468 3"]) -> "Fit":
        """Lay the standard face over the mesh of a portrait."""
        pose = head_poses(points_px)
        axes = (_SIGNS[:, np.newaxis] * pose.rotation).astype(np.float32)
        scale, origin = float(pose.scale), pose.shift_px.astype(np.float32)
        points = unfolded(points_px, scale)
        shapes = fitted_shapes(points, axes, scale)
        standard = load_face_mesh().vertices_cm @ axes * np.float32(scale) + origin
        own = OwnExpression.of(points_px, points, standard, shapes, -axes[1], scale)
        return cls(points, axes, scale, origin, shapes, own)

    @property
    def pivot_px(self) -> Float32[np.ndarray, "3"]:
        """The point the head turns about."""
        return self.place(np.array([PIVOT_CM]))[0]

    @property
    def camera_px(self) -> float:
        """From the pivot to the camera."""
        return CAMERA_CM * self.px_per_cm

    def place(self, points_cm: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Return where points of the standard face (cm; teeth, eyeballs) lie in the photograph."""
        return (np.asarray(points_cm) @ self.axes * self.px_per_cm + self.origin_px).astype(np.float32)

    def offsets(self, offsets_cm: Float[np.ndarray, "*m n 3"]) -> Float32[np.ndarray, "*m n 3"]:
        """Turn and scale offsets of the standard face (shapes of teeth, tongue) to pixels."""
        return (np.asarray(offsets_cm) @ self.axes * self.px_per_cm).astype(np.float32)

    def turn(self, head_rad: Float[np.ndarray, "3"]) -> Float32[np.ndarray, "3 3"]:
        """Return `Pose.turn` of a head rotation as in `FaceMotion`, about the axes of the portrait's own head."""
        if not np.any(head_rad):
            return np.eye(3, dtype=np.float32)
        return (self.axes.T @ rotation(self._held(np.asarray(head_rad))).T @ self.axes).astype(np.float32)

    def _held(self, head_rad: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
        """Return the rotation that the photograph has enough sides for (`MAX_TURN_DEG`)."""
        aside_deg = np.degrees(np.arcsin(np.clip(self.axes[2, 0], -1, 1)))
        held = np.empty(3)
        for axis, (free, most) in enumerate(MAX_TURN_DEG):
            asked = float(np.nan_to_num(np.degrees(head_rad[axis])))
            room = most if axis != 1 else float(np.clip(MAX_YAW_DEG - np.sign(asked) * aside_deg, 3.0, most))
            easy = free * room / most
            over = max(abs(asked) - easy, 0.0)
            held[axis] = np.sign(asked) * (min(abs(asked), easy) + (room - easy) * np.tanh(over / (room - easy)))
        return np.radians(held)

    def pose(
        self,
        weights: Float[np.ndarray, "52"],
        head_rad: Float[np.ndarray, "3"] | tuple[float, ...] = (0.0, 0.0, 0.0),
        gaze_rad: Float[np.ndarray, "2"] | tuple[float, ...] = (0.0, 0.0),
        lift_px: Float[np.ndarray, "2"] | tuple[float, ...] = (0.0, 0.0),
        settled: float = 0.0,
    ) -> Pose:
        """Return where everything goes. All zeros: where the photograph has it, to the bit.

        Args:
            weights: ARKit weights.
            head_rad: as in `FaceMotion`, relative to the photograph.
            gaze_rad: as in `FaceMotion`, relative to the photograph.
            lift_px: shift of the whole head.
            settled: how far the face has come to rest from what the photograph shows, before weights are added, 0..1.
        """
        held = np.clip(np.nan_to_num(np.asarray(weights)), 0, MAX_WEIGHT).astype(np.float32)
        rest = self.own.at(self.points_px, settled, held)
        flexed = self._flexed(rest, self.own.not_doubled(held, settled))
        turn, lift = self.turn(np.asarray(head_rad)), np.asarray(lift_px, np.float32)
        gaze = np.asarray(gaze_rad, np.float32)
        lost = self.own.folds_lost(settled, held)
        pose = Pose(held, gaze, flexed, flexed, turn, self.pivot_px, self.camera_px, lift, settled, lost)
        return pose if pose.still else replace(pose, points_px=pose.turned(flexed))

    def _flexed(
        self, rest: Float32[np.ndarray, "468 3"], weights: Float32[np.ndarray, "52"]
    ) -> Float32[np.ndarray, "468 3"]:
        """Add the shapes; lids and lips meet, but do not pass each other."""
        used = np.flatnonzero(weights)
        if not len(used):
            return rest
        points = rest + np.tensordot(weights[used], self.shapes_px[used], 1)
        down, mesh = -self.axes[1], load_face_mesh()
        for upper, lower in lid_rows().values():
            hold_apart(points, rest, upper, lower, LID_SHARES, down, 0.0)
        shut = float(np.clip((_APART_MM - weights @ _lip_gap_mm()) / (_APART_MM - _SHUT_MM), 0, 1))
        hold_apart(points, rest, mesh.upper_lip_rows, mesh.lower_lip_rows, LIP_SHARES, down, shut)
        return points


@cache
def _lip_gap_mm() -> Float32[np.ndarray, "52"]:
    """By how much each weight parts the lips of the head that articulation was made with."""
    return load_head().lip_gap_coefficients


@njit(cache=True, nogil=True)
def _turned(points, turn, pivot, camera, lift):
    """Turn points about the pivot as a camera sees them that looks at it."""
    out = np.empty_like(points)
    for k in range(len(points)):
        z = points[k, 2] - pivot[2]
        depth = 1.0 + z / camera
        x = (points[k, 0] - pivot[0]) * depth
        y = (points[k, 1] - pivot[1]) * depth
        new_z = x * turn[0, 2] + y * turn[1, 2] + z * turn[2, 2]
        new_depth = 1.0 + new_z / camera
        out[k, 0] = pivot[0] + (x * turn[0, 0] + y * turn[1, 0] + z * turn[2, 0]) / new_depth + lift[0]
        out[k, 1] = pivot[1] + (x * turn[0, 1] + y * turn[1, 1] + z * turn[2, 1]) / new_depth + lift[1]
        out[k, 2] = pivot[2] + new_z
    return out

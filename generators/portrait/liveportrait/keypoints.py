"""Implicit keypoints over time: what the motion extractor sees in a face, and what the warping module is told.

Arrays are numpy; networks get them as tensors where they are drawn.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

if TYPE_CHECKING:
    from espressivo.generators.portrait.liveportrait.motion import RawMotion

Keypoints = Float[np.ndarray, "frames k 3"]


@dataclass(frozen=True, eq=False)
class ImplicitMotion:
    """Keypoints of a face at rest, and how each frame turns, deforms, scales and shifts them.

    Units are half widths of the face crop: x to its right, y down; z is out of the picture's plane.
    """

    kp: Keypoints
    """At rest, facing the viewer."""
    exp: Keypoints
    """What the expression adds after the turn."""
    rotation: Float[np.ndarray, "frames 3 3"]
    """Applied from the right: kp @ rotation."""
    scale: Float[np.ndarray, "frames 1"]
    t: Float[np.ndarray, "frames 3"]
    """Shift in the plane; the third number is not used."""

    def __post_init__(self) -> None:
        frames, count = self.kp.shape[:2]
        expected = {"exp": (count, 3), "rotation": (3, 3), "scale": (1,), "t": (3,)}
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if found != (frames, *shape):
                raise ValueError(f"ImplicitMotion.{name} has shape {found}, expected {(frames, *shape)}.")

    def __len__(self) -> int:
        return len(self.kp)

    def __getitem__(self, frames: slice | list[int] | np.ndarray) -> "ImplicitMotion":
        return ImplicitMotion(
            self.kp[frames], self.exp[frames], self.rotation[frames], self.scale[frames], self.t[frames]
        )

    @property
    def undeformed(self) -> Keypoints:
        """Where the keypoints would lie without expression."""
        return self._placed(self.kp @ self.rotation)

    @property
    def keypoints(self) -> Keypoints:
        """Where the keypoints lie."""
        return self._placed(self.kp @ self.rotation + self.exp)

    def with_expression(self, exp: Keypoints) -> "ImplicitMotion":
        """Return the same motion with another expression."""
        return replace(self, exp=exp)

    def _placed(self, points: Keypoints) -> Keypoints:
        return self.scale[:, :, np.newaxis] * points + (self.t * (1, 1, 0)).astype(points.dtype)[:, np.newaxis]


def read_motion(raw: "RawMotion") -> ImplicitMotion:
    """Return the motion that the heads of the extractor describe, one frame per picture of the batch."""
    from espressivo.generators.portrait.liveportrait.motion import degrees

    frames = len(raw.kp)
    angles_rad = (np.radians(degrees(logits).numpy(force=True)) for logits in (raw.pitch, raw.yaw, raw.roll))
    return ImplicitMotion(
        kp=raw.kp.numpy(force=True).reshape(frames, -1, 3),
        exp=raw.exp.numpy(force=True).reshape(frames, -1, 3),
        rotation=rotations(*angles_rad),
        scale=raw.scale.numpy(force=True),
        t=raw.t.numpy(force=True),
    )


def rotations(
    pitch_rad: Float[np.ndarray, "n"], yaw_rad: Float[np.ndarray, "n"], roll_rad: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n 3 3"]:
    """Return the matrices that turn row vectors about X, then Y, then Z."""
    turns = (_about(axis, angle) for axis, angle in enumerate((pitch_rad, yaw_rad, roll_rad)))
    x, y, z = turns
    return np.swapaxes(z @ y @ x, -1, -2)


def _about(axis: int, angle_rad: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n 3 3"]:
    first, second = ((1, 2), (2, 0), (0, 1))[axis]
    turn = np.zeros((len(angle_rad), 3, 3), angle_rad.dtype)
    turn[:, axis, axis] = 1
    turn[:, first, first] = turn[:, second, second] = np.cos(angle_rad)
    turn[:, first, second], turn[:, second, first] = -np.sin(angle_rad), np.sin(angle_rad)
    return turn

"""From the frame at rest to another frame: how the filmed head carries points along."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float, Float32

from espressivo.conditioning.faces.pose import HeadPoses
from espressivo.generators.portrait.avatar.fit import Pose


@dataclass(frozen=True, eq=False)
class Carriage:
    """A similarity: p' = p @ turn + shift, pixels of one frame to pixels of another."""

    turn: Float[np.ndarray, "3 3"]
    shift_px: Float[np.ndarray, "3"]

    @classmethod
    def between(cls, poses: HeadPoses, one: int, other: int) -> Self:
        """Return how the head goes from frame `one` to frame `other`."""
        turn = poses.scale[other] / poses.scale[one] * poses.rotation[one].T @ poses.rotation[other]
        return cls(turn, poses.shift_px[other] - poses.shift_px[one] @ turn)

    def __call__(self, points_px: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Carry points along."""
        return (np.asarray(points_px) @ self.turn + self.shift_px).astype(np.float32)

    def offsets(self, offsets_px: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Turn and scale differences of points."""
        return (np.asarray(offsets_px) @ self.turn).astype(np.float32)


@dataclass(frozen=True, eq=False, kw_only=True)
class CarriedPose(Pose):
    """A pose whose head is where it was filmed."""

    carriage: Carriage

    @property
    def still(self) -> bool:
        """A filmed head is not."""
        return False

    def turned(self, points_px: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Carry points of the frame at rest along, without any expression."""
        return self.carriage(points_px)

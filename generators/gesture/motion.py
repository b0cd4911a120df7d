"""BodyMotion: how a body moves, in the joints and angles of SMPL-X."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from jaxtyping import Float

from espressivo.generators.gesture.joints import BODY_JOINTS, JOINTS, MIRRORED


@dataclass(frozen=True, eq=False)
class BodyMotion:
    """A body over time. Frame k shows the moment k / fps. Immutable.

    Axes: right-handed, +Y up, +Z where the body faces at rest, +X to its left. At rest (all angles 0) the arms are out
    to the sides, palms down. Fingers and face that are not known stay at 0.
    """

    poses_rad: Float[np.ndarray, "frames 55 3"]
    """Rotation of each joint of `JOINTS` in the frame of its parent, as rotation vector."""
    translation_m: Float[np.ndarray, "frames 3"]
    """Where the pelvis is."""
    fps: float

    def __post_init__(self) -> None:
        frames = len(self.poses_rad)
        for name, shape in (("poses_rad", (frames, len(JOINTS), 3)), ("translation_m", (frames, 3))):
            array = np.array(getattr(self, name), np.float32)
            if array.shape != shape:
                raise ValueError(f"BodyMotion.{name} has shape {array.shape}, expected {shape}.")
            if not np.isfinite(array).all():
                raise ValueError(f"BodyMotion.{name} holds values that are not finite.")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if not frames:
            raise ValueError("BodyMotion has no frames, expected at least 1.")
        if not 0 < self.fps < float("inf"):
            raise ValueError(f"BodyMotion.fps is {self.fps}, expected a finite number above 0.")

    @classmethod
    def from_body(
        cls, poses_rad: Float[np.ndarray, "frames 22 3"], translation_m: Float[np.ndarray, "frames 3"], fps: float
    ) -> Self:
        """Make a motion of the 22 joints of the body alone; face and fingers stay at rest."""
        full = np.zeros((len(poses_rad), len(JOINTS), 3), np.float32)
        full[:, : len(BODY_JOINTS)] = poses_rad
        return cls(full, translation_m, fps)

    def __len__(self) -> int:
        return len(self.poses_rad)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self) / self.fps

    @cached_property
    def times_s(self) -> Float[np.ndarray, "frames"]:
        """The moment each frame shows."""
        return np.arange(len(self)) / self.fps

    def cut(self, start: int, stop: int) -> "BodyMotion":
        """Return the frames `start` to `stop`, the latter not included."""
        return BodyMotion(self.poses_rad[start:stop], self.translation_m[start:stop], self.fps)

    def mirrored(self) -> "BodyMotion":
        """Return the motion as a mirror shows it: left and right change places."""
        poses = self.poses_rad[:, MIRRORED] * np.array([1, -1, -1], np.float32)
        return BodyMotion(poses, self.translation_m * np.array([-1, 1, 1], np.float32), self.fps)

    def resampled(self, fps: float) -> "BodyMotion":
        """Return the motion at another rate; rotations go the short way between frames, places straight.

        The last frame is at or before the last moment that is known; nothing is made up after it.
        """
        if fps == self.fps:
            return self
        from espressivo.generators.gesture.rotations import interpolate

        times = np.arange(int((len(self) - 1) / self.fps * fps + 1e-6) + 1) / fps * self.fps
        poses = interpolate(self.poses_rad, times)
        track = np.arange(len(self))
        places = np.stack([np.interp(times, track, column) for column in self.translation_m.T], axis=1)
        return BodyMotion(poses, places, fps)

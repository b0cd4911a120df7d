"""FaceMotion: how a face moves, in the channels every animation tool reads."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL


@dataclass(frozen=True, eq=False)
class FaceMotion:
    """A face over time. Frame k shows the moment k / fps.

    Axes are glTF's: right-handed, +Y up, +Z out of the face; +X is the performer's left.
    """

    weights: Float[np.ndarray, "frames 52"]
    """ARKit weights in [0, 1], columns as `ARKIT_NAMES`."""
    head_rad: Float[np.ndarray, "frames 3"]
    """Head rotation about X (+ = chin down), Y (+ = turn to the performer's left), Z (+ = tilt to the right)."""
    gaze_rad: Float[np.ndarray, "frames 2"]
    """Eye rotation in the head: yaw about Y (+ = performer's left), pitch about X (+ = down). Both eyes together."""
    fps: float

    def __post_init__(self) -> None:
        frames = len(self.weights)
        for name, shape in (
            ("weights", (frames, len(ARKIT_NAMES))),
            ("head_rad", (frames, 3)),
            ("gaze_rad", (frames, 2)),
        ):
            array = np.asarray(getattr(self, name), np.float32)
            if array.shape != shape:
                raise ValueError(f"FaceMotion.{name} has shape {array.shape}, expected {shape}.")
            if not np.isfinite(array).all():
                raise ValueError(f"FaceMotion.{name} holds values that are not finite.")
            array = array.copy()
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if not self.fps > 0:
            raise ValueError(f"FaceMotion.fps is {self.fps}, expected more than 0.")

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self) / self.fps

    @cached_property
    def times_s(self) -> Float[np.ndarray, "frames"]:
        """The moment each frame shows."""
        return np.arange(len(self)) / self.fps

    def channel(self, name: str) -> Float[np.ndarray, "frames"]:
        """One ARKit channel over time."""
        return self.weights[:, CHANNEL[name]]

"""A portrait camera: a long lens on the head, turned around it by yaw and pitch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Camera:
    """Where the picture is taken from. The defaults frame head and shoulders from the front."""

    yaw_rad: float = 0.0
    """Turn of the camera around the head; + shows the performer's left side."""
    pitch_rad: float = 0.0
    """Height of the camera; + looks down on the head."""
    field_of_view_rad: float = np.radians(20.0)
    """Vertical angle of view of a picture that is at least as wide as high, else horizontal."""
    height_m: float = 0.31
    """Length that the shorter side of the picture shows at the target."""
    target_m: tuple[float, float, float] = (0.0, -0.018, 0.05)
    """Point in the middle of the picture."""

    @property
    def distance_m(self) -> float:
        """Distance from the camera to the target."""
        return 0.5 * self.height_m / np.tan(0.5 * self.field_of_view_rad)

    @property
    def axes(self) -> Float[np.ndarray, "3 3"]:
        """Rows: right, down and forward of the picture in world axes."""
        cy, sy = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        cp, sp = np.cos(self.pitch_rad), np.sin(self.pitch_rad)
        forward = np.array([-sy * cp, -sp, -cy * cp])
        right = np.array([cy, 0.0, -sy])
        return np.stack([right, np.cross(forward, right), forward])

    @property
    def position_m(self) -> Float[np.ndarray, "3"]:
        """The centre of projection."""
        return np.asarray(self.target_m) - self.distance_m * self.axes[2]

    def focal_px(self, width: int, height: int) -> float:
        """Pixels per unit of tangent."""
        return 0.5 * min(width, height) / np.tan(0.5 * self.field_of_view_rad)


FRONT = Camera()
"""Head and shoulders from the front."""

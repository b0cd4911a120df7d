"""Eyeballs: spheres with a slight corneal bulge, their pole on the gaze axis."""

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.face.bake.body import Body
from espressivo.generators.face.bake.grid import grid_triangles

_RINGS, _SEGMENTS = 16, 24
_BACK_RAD = np.radians(115)  # the rest of the ball is never seen
_LIMBUS_RAD = np.radians(25)
_BULGE = 0.035  # of the radius, at the pole


class Eyeball:
    """One eye. No ARKit shape moves it; the rig turns it."""

    def __init__(self, side: str) -> None:
        self.region = f"eye_{side}"
        self._number = "lr".index(side)
        polar = np.linspace(0, 1, _RINGS)[:, None] ** 0.9 * _BACK_RAD
        azimuth = np.linspace(0, 2 * np.pi, _SEGMENTS, endpoint=False)
        radius = 1 + _BULGE * np.exp(-((polar / (0.75 * _LIMBUS_RAD)) ** 2))
        across = radius * np.sin(polar)
        ball = (across * np.cos(azimuth), across * np.sin(azimuth), radius * np.cos(polar) + 0 * azimuth)
        self._ball = np.stack(ball, axis=-1).reshape(-1, 3)
        self.triangles: Int[np.ndarray, "triangles 3"] = grid_triangles(_RINGS, _SEGMENTS, closed=True)

    def place(self, body: Body) -> Float[np.ndarray, "vertices 3"]:
        """The ball in a body's eye socket."""
        centre, radius = body.eyes[self._number]
        return centre + radius * self._ball

    def carry(self, offsets: Float[np.ndarray, "body 3"]) -> Float[np.ndarray, "vertices 3"]:
        """Nothing: the eyes turn by gaze alone."""
        return np.zeros_like(self._ball)

"""Edges of lids and lips as functions over an axis: smooth curves through a few points of the mesh."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy.ndimage import map_coordinates


@dataclass(frozen=True, eq=False)
class Axis:
    """A turned frame in the picture: `along` runs from the performer's right to the left, `down` across it."""

    x: float
    y: float
    """Its origin, px."""
    cos: float
    sin: float

    @classmethod
    def between(cls, right: Float[np.ndarray, "k"], left: Float[np.ndarray, "k"]) -> "Axis":
        """Lay the origin halfway between two points and `along` from the first to the second."""
        across, down = float(left[0] - right[0]), float(left[1] - right[1])
        length = max(float(np.hypot(across, down)), 1e-6)
        return cls(float(right[0] + left[0]) / 2, float(right[1] + left[1]) / 2, across / length, down / length)

    def turn(self, points: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n 2"]:
        """Return pixels as (along, down)."""
        x, y = points[:, 0] - self.x, points[:, 1] - self.y
        return np.stack([self.cos * x + self.sin * y, self.cos * y - self.sin * x], axis=1)

    def back(self, points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """Return (along, down) as pixels."""
        along, down = points[:, 0], points[:, 1]
        return np.stack([self.x + self.cos * along - self.sin * down, self.y + self.sin * along + self.cos * down], 1)

    def read(self, picture: Float32[np.ndarray, "h w k"], points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n k"]:
        """Return what a picture shows at (along, down), between its pixels."""
        at = self.back(points) - 0.5
        channels = range(picture.shape[2])
        read = [map_coordinates(picture[..., k], [at[:, 1], at[:, 0]], order=1, mode="nearest") for k in channels]
        return np.stack(read, axis=1)


def smooth_curve(
    knots: Float[np.ndarray, "k"], values: Float[np.ndarray, "k *c"], at: Float[np.ndarray, "n"]
) -> Float32[np.ndarray, "n *c"]:
    """Interpolate with cubic Hermite pieces whose slopes are those of the neighbours' chords (Catmull and Rom 1974).

    Knots need not be in order, as strong shapes may fold the ends of a lip; outside of them the ends go on.
    """
    order = np.argsort(knots, kind="stable")
    x, y = np.asarray(knots, np.float64)[order], np.asarray(values, np.float64)[order]
    x = x + np.arange(len(x)) * 1e-6
    wide = (slice(None), *[None] * (y.ndim - 1))
    slopes = np.empty_like(y)
    slopes[1:-1] = (y[2:] - y[:-2]) / (x[2:] - x[:-2])[wide]
    slopes[0], slopes[-1] = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])
    at = np.clip(at, x[0], x[-1])
    piece = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    width = (x[piece + 1] - x[piece])[wide]
    f = (at - x[piece])[wide] / width
    one, two, three = f, f * f, f * f * f
    return (
        (2 * three - 3 * two + 1) * y[piece]
        + (three - 2 * two + one) * width * slopes[piece]
        + (3 * two - 2 * three) * y[piece + 1]
        + (three - two) * width * slopes[piece + 1]
    ).astype(np.float32)

"""One person's body as MakeHuman shapes it, set so that the origin lies between the eyes; and parts that hang on it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.face.bake.wheel import Wheel, triangulated

EYE_DEPTH_M = 0.118
"""Distance of the eyes' centres before the origin."""


@dataclass(frozen=True, eq=False)
class Body:
    """Vertices of the base mesh in metres, glTF axes."""

    wheel: Wheel
    points_m: Float[np.ndarray, "vertices 3"]

    @classmethod
    def of(cls, wheel: Wheel, points_m: Float[np.ndarray, "vertices 3"]) -> "Body":
        """Move a person so that the origin lies between the eyes, `EYE_DEPTH_M` behind them."""
        eyes = [points_m[np.unique(wheel.quads[f"helper-{side}-eye"])].mean(axis=0) for side in "lr"]
        return cls(wheel, points_m - (eyes[0] + eyes[1]) / 2 + (0, 0, EYE_DEPTH_M))

    @cached_property
    def normals(self) -> Float[np.ndarray, "vertices 3"]:
        """Outward unit normals of the skin."""
        return vertex_normals(self.points_m, triangulated(self.wheel.quads["body"]))

    @cached_property
    def eyes(self) -> tuple[tuple[Float[np.ndarray, "3"], float], tuple[Float[np.ndarray, "3"], float]]:
        """Centre and radius of the sphere that fits the left, then the right eyeball best."""
        return self._eye("l"), self._eye("r")

    def _eye(self, side: str) -> tuple[Float[np.ndarray, "3"], float]:
        points = self.points_m[np.unique(self.wheel.quads[f"helper-{side}-eye"])]
        # |p|^2 = 2 p.c + (r^2 - |c|^2) is linear in centre and radius.
        columns = np.column_stack([2 * points, np.ones(len(points))])
        solution = np.linalg.lstsq(columns, (points**2).sum(axis=1), rcond=None)[0]
        centre = solution[:3]
        return centre, float(np.sqrt(solution[3] + centre @ centre))


@dataclass(frozen=True, eq=False)
class Hung:
    """A part whose vertices are weighted means of vertices of the body, lifted along the skin's normal."""

    region: str
    triangles: Int[np.ndarray, "triangles 3"]
    sources: Int[np.ndarray, "vertices n"]
    shares: Float[np.ndarray, "vertices n"]
    lift_m: Float[np.ndarray, "vertices"]

    def place(self, body: Body) -> Float[np.ndarray, "vertices 3"]:
        """Where the part lies on a body."""
        normals = self.carry(body.normals)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        return self.carry(body.points_m) + self.lift_m[:, None] * normals

    def carry(self, offsets: Float[np.ndarray, "body 3"]) -> Float[np.ndarray, "vertices 3"]:
        """How the part moves when the body's vertices move by `offsets`."""
        return np.einsum("vn,vnk->vk", self.shares, offsets[self.sources])


def taken(region: str, quads: Int[np.ndarray, "quads 4"]) -> Hung:
    """A part that is a piece of the body."""
    numbers, local = np.unique(triangulated(quads), return_inverse=True)
    count = len(numbers)
    return Hung(region, local.reshape(-1, 3), numbers[:, None], np.ones((count, 1)), np.zeros(count))


def vertex_normals(
    points_m: Float[np.ndarray, "vertices 3"], triangles: Int[np.ndarray, "triangles 3"]
) -> Float[np.ndarray, "vertices 3"]:
    """Unit normals, each the mean of its triangles' weighted by their area."""
    a, b, c = points_m[triangles.T]
    flat = np.cross(b - a, c - a)
    normals = np.zeros_like(points_m)
    for corner in triangles.T:
        np.add.at(normals, corner, flat)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)

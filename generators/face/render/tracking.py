"""Where head, eyes and lids are in a posed head, read off its vertices: renderers need not know how the rig moves."""

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.face.render import look as table
from espressivo.generators.face.rig import Head


class RigidPatch:
    """A set of vertices that moves as one piece."""

    def __init__(self, rest: Float[np.ndarray, "vertices 3"], chosen: Int[np.ndarray, "chosen"]) -> None:
        self._chosen = chosen
        points = rest[chosen].astype(np.float64)
        self._centre = points.mean(axis=0)
        self._solve = np.linalg.pinv(points - self._centre)

    def follow(self, posed: Float[np.ndarray, "vertices 3"]) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:
        """Return (linear, offset): a rest point p is now at p @ linear + offset."""
        points = posed[self._chosen].astype(np.float64)
        centre = points.mean(axis=0)
        linear = self._solve @ (points - centre)
        return linear, centre - self._centre @ linear


class Tracker:
    """Fills the `scene` table that the shading reads."""

    def __init__(self, head: Head, scalp: Float[np.ndarray, "3"]) -> None:
        rest = np.asarray(head.vertices_m, np.float64)
        members = {name: _vertices_of(head, name) for name in head.regions}
        self._skull = RigidPatch(rest, members["teeth_upper"])
        self._eyes = []
        for region, centre in (("eye_l", head.eye_centre_l), ("eye_r", head.eye_centre_r)):
            side = np.sign(centre[0])
            lids = [members[lash][rest[members[lash], 0] * side > 0] for lash in ("lash_upper", "lash_lower")]
            self._eyes.append((RigidPatch(rest, members[region]), np.asarray(centre, np.float64), lids))
        self._scalp = scalp

    def scene(
        self,
        posed: Float[np.ndarray, "vertices 3"],
        camera_m: Float[np.ndarray, "3"],
        crown_m: Float[np.ndarray, "3"],
        iris: tuple[float, float, float],
        pupil: float,
    ) -> Float[np.ndarray, "slots"]:
        """The scene table of one posed head; slots are named in `look`."""
        scene = np.zeros(table.SCENE_SIZE, np.float32)
        turn, offset = self._skull.follow(posed)
        scene[table.CAMERA :][:3] = camera_m
        scene[table.CROWN :][:3] = crown_m @ turn + offset
        scene[table.SCALP :][:3] = self._scalp
        scene[table.IRIS :][:3] = iris
        scene[table.PUPIL] = pupil
        sideways, upward = _unit(turn[0]), _unit(turn[1])
        for number, (ball, rest_centre, lids) in enumerate(self._eyes):
            eye = scene[table.EYES + number * table.EYE_SLOTS :]
            rolled, moved = ball.follow(posed)
            centre = rest_centre @ rolled + moved
            eye[table.EYE_CENTRE :][:3] = centre
            eye[table.EYE_RIGHT :][:3] = _unit(rolled[0])
            eye[table.EYE_UP :][:3] = _unit(rolled[1])
            eye[table.EYE_AXIS :][:3] = _unit(rolled[2])
            eye[table.EYE_HEAD_X :][:3] = sideways
            eye[table.EYE_HEAD_Y :][:3] = upward
            for slot, lid in zip((table.EYE_LID_UPPER, table.EYE_LID_LOWER), lids, strict=True):
                points = posed[lid] - centre
                eye[slot:][:3] = _parabola(points @ sideways, points @ upward)
        return scene


def _parabola(x: np.ndarray, y: np.ndarray) -> Float[np.ndarray, "3"]:
    """Coefficients of 1, x, x^2 by least squares."""
    columns = np.stack([np.ones_like(x), x, x * x])
    return np.linalg.solve(columns @ columns.T + 1e-15 * np.eye(3), columns @ y)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _vertices_of(head: Head, region: str) -> np.ndarray:
    return np.unique(head.triangles[head.triangle_region == list(head.regions).index(region)])

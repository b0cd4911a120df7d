"""What surrounds the face and goes along with it: forehead, ears, hair and neck; a mesh from the oval outwards."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int32

from espressivo.generators.portrait.avatar.fit import Fit
from espressivo.generators.portrait.avatar.mesh import load_face_mesh

_RINGS_CM = (0.7, 1.6, 2.8, 4.2, 5.6, 7.0, 8.4, 9.8, 11.4, 13.0, 14.8, 17.0, 20.0, 26.0, 40.0)
"""How far from the oval the rings lie."""
_SLOPE = 0.4
"""How fast the head goes back beyond the oval: enough that it turns like a body, too little for it to fold."""
_NEAR_CM, _FAR_CM = 9.0, 19.0
"""Above and beside the oval: up to where all goes along with the head, and from where on nothing does."""
_JAW_CM, _COLLAR_CM = -5.0, 8.5
"""The same under the chin."""
_NECK_CM, _SHOULDER_CM = 6.5, 12.0
"""The same to both sides of the neck, from the chin down."""
_EDGE_CM = 1.5
"""Over which what goes along with the head comes to rest at the edges of the picture."""
_FADE_CM = 4.5
"""Over which the pull of an expression on the oval fades outside of it."""


@dataclass(frozen=True, eq=False)
class Surround:
    """A mesh around the face. Its first vertices are the face's 468."""

    points_px: Float32[np.ndarray, "outer 3"]
    triangles: Int32[np.ndarray, "faces 3"]
    """Indices below 468 are the face's."""
    follow: Float32[np.ndarray, "outer"]
    """1: goes along with the head; 0: stays."""
    pull: Float32[np.ndarray, "outer 36"]
    """How far the oval's points drag each vertex along in an expression."""

    @classmethod
    def of(cls, fit: Fit, edges: tuple[float, float, float, float] | None = None) -> "Surround":
        """Lay rings around a face.

        Args:
            fit: the face.
            edges: left, top, right and bottom of the picture, px; None: far away.
        """
        oval = load_face_mesh().oval_ring
        rim = fit.points_px[oval]
        centre = rim[:, :2].mean(axis=0)
        outward = _outward(rim[:, :2])
        scale = fit.px_per_cm
        rings, away = [], []
        for distance_cm in _RINGS_CM:
            # Far rings become round, else they would cross where the oval is hollow.
            round_share = distance_cm / (distance_cm + 8.0)
            spoke = rim[:, :2] - centre
            spoke /= np.linalg.norm(spoke, axis=1, keepdims=True)
            way = outward * (1 - round_share) + spoke * round_share
            way /= np.linalg.norm(way, axis=1, keepdims=True)
            place = rim[:, :2] + way * distance_cm * scale
            depth = rim[:, 2] + _SLOPE * distance_cm * scale
            rings.append(np.column_stack([place, depth]))
            away.append(np.full(len(oval), distance_cm))
        points = np.concatenate(rings).astype(np.float32)
        distance = np.concatenate(away)
        follow = _follow(points, distance, rim, fit)
        if edges is not None:
            follow *= _inside(points, edges, scale)
        return cls(
            points,
            _strips(oval, len(_RINGS_CM)),
            follow,
            _pull(points, distance, rim, scale),
        )

    def moved(
        self, rest: Float32[np.ndarray, "468 3"], flexed: Float32[np.ndarray, "468 3"]
    ) -> Float32[np.ndarray, "outer 3"]:
        """Return the vertices as an expression (`rest` to `flexed`) drags them."""
        oval = load_face_mesh().oval_ring
        return self.points_px + self.pull @ (flexed[oval] - rest[oval])


def _outward(rim: Float[np.ndarray, "36 2"]) -> Float[np.ndarray, "36 2"]:
    """Return the unit normals of a closed line that goes clockwise as seen."""
    along = np.roll(rim, -1, axis=0) - np.roll(rim, 1, axis=0)
    normal = np.column_stack([along[:, 1], -along[:, 0]])
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def _strips(oval: Int32[np.ndarray, "36"], rings: int) -> Int32[np.ndarray, "faces 3"]:
    """Return triangles between the oval, the first ring, the second ..."""
    count = len(oval)
    ids = np.concatenate([oval[np.newaxis], 468 + np.arange(rings * count).reshape(rings, count)])
    inner, outer = ids[:-1], ids[1:]
    next_inner, next_outer = np.roll(inner, -1, axis=1), np.roll(outer, -1, axis=1)
    faces = [np.stack([inner, outer, next_inner], axis=-1), np.stack([next_inner, outer, next_outer], axis=-1)]
    return np.concatenate(faces).reshape(-1, 3).astype(np.int32)


def _follow(
    points: Float[np.ndarray, "outer 3"],
    distance_cm: Float[np.ndarray, "outer"],
    rim: Float[np.ndarray, "36 3"],
    fit: Fit,
) -> Float32[np.ndarray, "outer"]:
    """Return how far vertices go along: less with distance, soonest under the chin, where the shoulders are."""
    down = -fit.axes[1, :2] / np.linalg.norm(fit.axes[1, :2])
    across = np.array([down[1], -down[0]])
    chin = rim[np.argmax(rim[:, :2] @ down), :2]
    below_cm = (points[:, :2] - chin) @ down / fit.px_per_cm
    aside_cm = np.abs((points[:, :2] - chin) @ across) / fit.px_per_cm
    head = _fade(distance_cm, _NEAR_CM, _FAR_CM)
    neck = _fade(below_cm, _JAW_CM, _COLLAR_CM) * _fade(aside_cm, _NECK_CM, _SHOULDER_CM)
    is_neck = 1 - _fade(below_cm, -7.0, 0.0)
    return (head * (1 - is_neck + is_neck * neck)).astype(np.float32)


def _inside(
    points: Float[np.ndarray, "outer 3"], edges: tuple[float, float, float, float], px_per_cm: float
) -> Float32[np.ndarray, "outer"]:
    """Return 0 at the edges of the picture and 1 inside: hair that is cut off stays there, or it would come apart."""
    left, top, right, bottom = edges
    x, y = points[:, 0], points[:, 1]
    within_cm = np.minimum.reduce([x - left, right - x, y - top, bottom - y]) / px_per_cm
    return (1 - _fade(within_cm, 0.0, _EDGE_CM)).astype(np.float32)


def _fade(values: Float[np.ndarray, "n"], near: float, far: float) -> Float[np.ndarray, "n"]:
    """Return 1 below `near`, 0 beyond `far`, and a smooth way between."""
    share = np.clip((values - near) / (far - near), 0, 1)
    return 1 - share * share * (3 - 2 * share)


def _pull(
    points: Float[np.ndarray, "outer 3"],
    distance_cm: Float[np.ndarray, "outer"],
    rim: Float[np.ndarray, "36 3"],
    scale: float,
) -> Float32[np.ndarray, "outer 36"]:
    apart = np.linalg.norm(points[:, np.newaxis, :2] - rim[np.newaxis, :, :2], axis=2) / scale
    near = 1 / (apart**2 + 0.05)
    near /= near.sum(axis=1, keepdims=True)
    fade = np.exp(-((distance_cm / _FADE_CM) ** 2))
    return (near * fade[:, np.newaxis]).astype(np.float32)

"""What surrounds the face and goes along with it: forehead, ears, hair and neck; a mesh from the oval outwards."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int32
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates, median_filter, minimum_filter1d

from espressivo.generators.portrait.avatar.fit import Fit
from espressivo.generators.portrait.avatar.light import luminance
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
_NECK_FADE_CM = 2.8
"""The same under the chin: it moves over the neck, which must not fold under a jaw that drops by 3 cm."""
_CLOTH_FADE, _LEAST_FADE_CM = 1.5, 1.2
"""Where something that is not skin begins the pull has faded by a tenth; and what it fades over at the least."""
_ABOVE = -0.35
"""Least share of downwards in the way outwards for which skin is looked for: from the ears down; hair goes along."""
_SEEN_CM, _STEP_CM, _LASTS_CM = 6.0, 0.1, 0.4
"""How far from the oval skin is looked for, in which steps, and how long what is not skin lasts."""
_HUE_APART, _DARKER, _BRIGHTER = 0.28, 0.35, 1.5
"""Skin outside of the oval has about the hue of the skin inside and so much of its brightness; a neck lies in shade."""


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
    def of(
        cls,
        fit: Fit,
        edges: tuple[float, float, float, float] | None = None,
        clothed: tuple[Float32[np.ndarray, "size size 3"], Float32[np.ndarray, "size size"]] | None = None,
    ) -> "Surround":
        """Lay rings around a face.

        Args:
            fit: the face.
            edges: left, top, right and bottom of the picture, px; None: far away.
            clothed: the picture and how much of each pixel is the person, to hold still what is not skin; None: all
                that is near goes along.
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
            _pull(points, distance, rim, scale, np.tile(_fades_cm(fit, rim, outward, clothed), len(_RINGS_CM))),
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
    fade_cm: Float[np.ndarray, "outer"],
) -> Float32[np.ndarray, "outer 36"]:
    apart = np.linalg.norm(points[:, np.newaxis, :2] - rim[np.newaxis, :, :2], axis=2) / scale
    near = 1 / (apart**2 + 0.05)
    near /= near.sum(axis=1, keepdims=True)
    fade = np.exp(-((distance_cm / fade_cm) ** 2))
    return (near * fade[:, np.newaxis]).astype(np.float32)


def _fades_cm(
    fit: Fit,
    rim: Float[np.ndarray, "36 3"],
    outward: Float[np.ndarray, "36 2"],
    clothed: tuple[Float32[np.ndarray, "size size 3"], Float32[np.ndarray, "size size"]] | None,
) -> Float[np.ndarray, "36"]:
    """Return over which distance the pull fades at each point of the oval: collars and helmets stay where they are."""
    down = -fit.axes[1, :2] / np.linalg.norm(fit.axes[1, :2])
    below = 1 - _fade(outward @ down, 0.0, 0.7)
    fades = _FADE_CM + below * (_NECK_FADE_CM - _FADE_CM)
    if clothed is None:
        return fades
    # A shadow or a strand of hair ends the skin at a point or two, a collar at many.
    reach = median_filter(_skin_cm(*clothed, rim, outward, fit.px_per_cm), 5, mode="wrap")
    reach = np.maximum(reach / _CLOTH_FADE, _LEAST_FADE_CM)
    return gaussian_filter1d(np.where(outward @ down > _ABOVE, np.minimum(fades, reach), fades), 1.0, mode="wrap")


def _skin_cm(
    photo: Float32[np.ndarray, "size size 3"],
    matte: Float32[np.ndarray, "size size"],
    rim: Float[np.ndarray, "36 3"],
    outward: Float[np.ndarray, "36 2"],
    px_per_cm: float,
) -> Float[np.ndarray, "36"]:
    """Return how far from the oval, outwards, the person is skin; infinite where nothing else follows."""
    away = np.arange(-1.0, _SEEN_CM, _STEP_CM)
    places = rim[:, np.newaxis, :2] + outward[:, np.newaxis] * (away * px_per_cm)[:, np.newaxis] - 0.5
    soft = gaussian_filter(photo, (0.12 * px_per_cm, 0.12 * px_per_cm, 0))
    at = [places[..., 1], places[..., 0]]
    colour = np.stack([map_coordinates(soft[..., k], at, order=1, mode="nearest") for k in range(3)], axis=-1) + 8
    person = map_coordinates(matte, at, order=1, mode="nearest") > 0.5
    hue = np.diff(np.log(colour), axis=-1)
    bright = luminance(colour)
    inside = away < -0.2
    skin_hue = np.median(hue[:, inside], axis=1, keepdims=True)
    share = bright / np.median(bright[:, inside], axis=1, keepdims=True)
    other = np.linalg.norm(hue - skin_hue, axis=-1) > _HUE_APART
    other = (other | (share < _DARKER) | (share > _BRIGHTER)) & person & (away > 0)
    lasting = minimum_filter1d(other.astype(np.uint8), round(_LASTS_CM / _STEP_CM), axis=1, mode="nearest", origin=-2)
    found = lasting.any(axis=1)
    return np.where(found, away[lasting.argmax(axis=1)], np.inf)

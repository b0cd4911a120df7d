"""What an expression does to the brightness of a photographed skin."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32
from numba import njit
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.sparse import csr_matrix

from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL
from espressivo.generators.portrait.avatar.curves import smooth_curve
from espressivo.generators.portrait.avatar.fit import Pose
from espressivo.generators.portrait.avatar.layers import Stage
from espressivo.generators.portrait.avatar.light import luminance
from espressivo.generators.portrait.avatar.mesh import SKIN, load_face_mesh
from espressivo.generators.portrait.avatar.raster import draw_map
from espressivo.generators.portrait.avatar.wrinkles.creases import smile_creases
from espressivo.generators.portrait.avatar.wrinkles.folds import FOLDS, Fold
from espressivo.generators.portrait.avatar.wrinkles.shading import fit_light, turned_gain, vertex_normals
from espressivo.generators.portrait.avatar.wrinkles.skin import folded, roughness

_CELLS = 128
"""Turning skin is shaded on a grid of so many cells a side: it is smooth."""
_SOFT_CELLS = 1.2
_MOST = 1.4
"""Sum of what drives a fold is held below this, softly."""
_SMOOTH_WIDTH = 1.9
"""How wide folds of the smoothest skin are, as a share of those of the roughest."""
_UNSEEN = 0.001
"""Changes of brightness below this are not drawn."""
_EYES = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 247, 30, 29, 27, 28, 56, 190, 243, 112,
    26, 22, 23, 24, 110, 25, 130,
)  # fmt: skip
"""Lids of the right eye: they are drawn by a layer of their own."""


class Wrinkles:
    """The shading and the folds of one photograph. A `Relief`."""

    def __init__(self, stage: Stage) -> None:
        """Learn the light of the photograph and lay the folds over it."""
        mesh, points = load_face_mesh(), stage.fit.points_px
        self._size, self._triangles = stage.size, mesh.triangles
        self._before = vertex_normals(points.astype(np.float64), mesh.triangles)
        self._light = fit_light(*_samples(stage, self._before))
        self._share = _shares()
        self._cells = _grid(points * np.float32(_CELLS / stage.size))
        low = np.clip(np.floor(points[:, :2].min(axis=0)).astype(int) - 2, 0, stage.size)
        high = np.clip(np.ceil(points[:, :2].max(axis=0)).astype(int) + 2, 0, stage.size)
        self._left, self._top = (int(value) for value in low)
        self._columns, self._rows = (int(value) for value in np.maximum(high - low, 1))
        place = _places(stage)
        self._folds = _lay(stage, place)
        self._creases = _creases(stage, place)[self._top :, self._left :][: self._rows, : self._columns]

    def gain(self, pose: Pose) -> Float32[np.ndarray, "size size"] | None:
        """Return what the skin is multiplied by, at its place in the photograph at rest; None without expression."""
        if not (pose.weights.any() or pose.settled):
            return None
        after = vertex_normals(pose.flexed_px.astype(np.float64), self._triangles)
        turned = turned_gain(self._light, self._before, after)
        cells = (self._cells @ (self._share * (turned - 1))).reshape(_CELLS, _CELLS)
        cells = gaussian_filter(cells, _SOFT_CELLS).astype(np.float32)
        deep = np.float32(pose.folds_lost) * self._creases
        for fold in self._folds:
            amount = float(pose.weights @ fold.drivers)
            if amount > 0:
                _add(deep, fold.map, fold.top - self._top, fold.left - self._left, _MOST * np.tanh(amount / _MOST))
        out = np.ones((self._size, self._size), np.float32)
        _multiply(out, self._top, self._left, deep, cells, self._size / _CELLS)
        return out


@dataclass(frozen=True, eq=False)
class _LaidFold:
    map: Float32[np.ndarray, "h w"]
    """Logarithm of the gain at full strength."""
    left: int
    top: int
    drivers: Float32[np.ndarray, "52"]


def _samples(
    stage: Stage, normals: Float[np.ndarray, "468 3"]
) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n 3"]]:
    """Read the brightness at those points of the mesh that lie on skin and in the picture."""
    mesh, points = load_face_mesh(), stage.fit.points_px
    grey = gaussian_filter(luminance(stage.photo), 0.25 * stage.fit.px_per_cm)
    lips = np.concatenate([mesh.upper_lip_rows.ravel(), mesh.lower_lip_rows.ravel()])
    skin = np.setdiff1d(np.arange(468), np.concatenate([lips, _EYES, mesh.mirror[list(_EYES)], mesh.oval_ring]))
    inside = ((points[skin, :2] > 2) & (points[skin, :2] < stage.size - 2)).all(axis=1)
    # What the viewer hardly sees tells more of the hair beside it than of the skin.
    seen = skin[inside & (normals[skin, 2] < -0.25)]
    at = [points[seen, 1] - 0.5, points[seen, 0] - 0.5]
    return map_coordinates(grey, at, order=1, mode="nearest").astype(np.float64), normals[seen]


def _shares() -> Float32[np.ndarray, "468"]:
    """How much each point follows its shading: the rim and the eyes not at all, lips half."""
    mesh = load_face_mesh()
    share = np.ones(468, np.float32)
    neighbours = np.isin(mesh.triangles, mesh.oval_ring).any(axis=1)
    share[np.unique(mesh.triangles[neighbours])] = 0.5
    share[np.concatenate([mesh.upper_lip_rows.ravel(), mesh.lower_lip_rows.ravel()])] = 0.5
    share[mesh.oval_ring] = 0
    share[list(_EYES)] = 0
    share[mesh.mirror[list(_EYES)]] = 0
    return share


def _grid(points: Float32[np.ndarray, "468 3"]) -> csr_matrix:
    """The matrix that interpolates values at the points to the cells of a grid, 0 outside of the face."""
    triangles = load_face_mesh().triangles
    # Every triangle gets corners of its own, so that its number and two barycentric weights can be drawn as colours.
    corners = np.ascontiguousarray(points[triangles.ravel()])
    own = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    number = np.repeat(np.arange(len(triangles)), 3)
    first = np.tile([1.0, 0.0, 0.0], len(triangles))
    second = np.tile([0.0, 1.0, 0.0], len(triangles))
    drawn = []
    for source in (np.stack([number, first], axis=1), np.stack([number, second], axis=1)):
        origin = np.full((_CELLS, _CELLS, 2), -1, np.float32)
        depth = np.full((_CELLS, _CELLS), np.inf, np.float32)
        draw_map(corners, source.astype(np.float32), own, 0.0, origin, depth)
        drawn.append(origin)
    which = np.rint(drawn[0][..., 0]).astype(int).ravel()
    u, v = drawn[0][..., 1].ravel(), drawn[1][..., 1].ravel()
    cells = np.flatnonzero(which >= 0)
    values = np.stack([u, v, 1 - u - v], axis=1)[cells]
    columns = triangles[which[cells]]
    return csr_matrix(
        (values.ravel().astype(np.float32), (np.repeat(cells, 3), columns.ravel())), shape=(_CELLS * _CELLS, 468)
    )


def _places(stage: Stage) -> Float32[np.ndarray, "size size 2"]:
    """Return where in the standard face, seen from the front, each pixel of the photograph lies; NaN beyond it."""
    mesh = load_face_mesh()
    place = np.full((stage.size, stage.size, 2), np.nan, np.float32)
    depth = np.full(place.shape[:2], np.inf, np.float32)
    draw_map(stage.fit.points_px, mesh.vertices_cm[:, :2].copy(), mesh.triangles_of(SKIN), 0.0, place, depth)
    return place


def _creases(stage: Stage, place: Float32[np.ndarray, "size size 2"]) -> Float32[np.ndarray, "size size"]:
    if not stage.fit.own.weights.any():
        return np.zeros(place.shape[:2], np.float32)
    return smile_creases(luminance(stage.photo), place, stage.fit.px_per_cm)


def _lay(stage: Stage, place: Float32[np.ndarray, "size size 2"]) -> list[_LaidFold]:
    """Draw all folds over the photograph at rest."""
    points, size = stage.fit.points_px, stage.size
    low = np.clip(points[:, :2].min(axis=0).astype(int), 0, size - 1)
    high = np.clip(points[:, :2].max(axis=0).astype(int) + 2, low + 1, size)
    face = slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
    # Skin that is nearly white already cannot get much lighter.
    grey = luminance(stage.photo)
    room = np.clip((255 - grey) / 120, 0, 1)
    smooth = 1 - folded(roughness(grey[face], place[face], stage.fit.px_per_cm))
    width = 1 + smooth * (_SMOOTH_WIDTH - 1)
    soft = max(stage.light.blur_px - 0.6, 0.3)
    laid = []
    for standard in FOLDS:
        depth = standard.depth * (1 - smooth * (1 - standard.young))
        fold = replace(standard, depth=depth, width_cm=width * standard.width_cm)
        sides = ((1, "Right"), (-1, "Left")) if fold.two_sided else ((1, ""),)
        for sign, side in sides:
            drivers = np.zeros(len(ARKIT_NAMES), np.float32)
            for name, share in fold.drivers.items():
                if name in CHANNEL:
                    drivers[CHANNEL[name]] = share
                elif side:
                    drivers[CHANNEL[name + side]] = share
                else:
                    drivers[[CHANNEL[name + "Right"], CHANNEL[name + "Left"]]] = share / 2
            here = _draw(fold, sign, place[face], room[face], soft)
            if here is not None:
                laid.append(_LaidFold(here[0], here[1] + int(low[0]), here[2] + int(low[1]), drivers))
    return laid


def _draw(
    fold: Fold,
    sign: int,
    place: Float32[np.ndarray, "rows columns 2"],
    room: Float32[np.ndarray, "rows columns"],
    soft: float,
) -> tuple[Float32[np.ndarray, "h w"], int, int] | None:
    """Draw one fold; return its map and where that begins (left, top). None: it is not in the picture."""
    course = np.array(fold.course) * (sign, 1)
    knots = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(course, axis=0).T))])
    walk = np.linspace(0, knots[-1], 160)
    line = smooth_curve(knots, course, walk)
    reach = 5 * fold.width_cm * max(*fold.slopes, *fold.ends)
    x, y = place[..., 0], place[..., 1]
    near = np.abs(x - (line[:, 0].min() + line[:, 0].max()) / 2) < np.ptp(line[:, 0]) / 2 + reach
    near &= np.abs(y - (line[:, 1].min() + line[:, 1].max()) / 2) < np.ptp(line[:, 1]) / 2 + reach
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    if not len(rows):
        return None
    top, left = int(rows[0]), int(columns[0])
    here = slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1)
    near = near[here]
    at = place[here][near]
    distance, nearest = _nearest(line, at)
    ahead = np.gradient(line, axis=0)[nearest]
    beside = at - line[nearest]
    side = sign * (ahead[:, 0] * beside[:, 1] - ahead[:, 1] * beside[:, 0])
    along = walk[nearest] / knots[-1]
    taper = np.sin(np.pi * along ** (np.log(0.5) / np.log(fold.deepest)))
    end = fold.ends[0] + along * (fold.ends[1] - fold.ends[0])
    width = fold.width_cm * (end + (1 - end) * taper) * np.where(side < 0, *fold.slopes)
    furrow = -np.exp(-((distance / width) ** 2))
    ridge = np.exp(-(((distance - 2.1 * width) / (1.3 * width)) ** 2))
    ridge *= room[here][near]
    light = np.where(side < 0, fold.ridges[0], fold.ridges[1]) * ridge * np.clip(distance / width, 0, 1)
    drawn = np.zeros(near.shape, np.float32)
    drawn[near] = fold.depth * taper * (furrow + light)
    drawn = gaussian_filter(drawn, soft).astype(np.float32)
    seen = np.abs(drawn) > _UNSEEN
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return None
    drawn = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(drawn), left + int(columns[0]), top + int(rows[0])


@njit(cache=True, nogil=True, fastmath=True)
def _nearest(line, points):
    """Return the distance of each point to the nearest point of a line, and which that is."""
    distance = np.empty(len(points), np.float32)
    nearest = np.zeros(len(points), np.int64)
    for k in range(len(points)):
        least = np.inf
        for n in range(len(line)):
            across, down = points[k, 0] - line[n, 0], points[k, 1] - line[n, 1]
            square = across * across + down * down
            if square < least:
                least = square
                nearest[k] = n
        distance[k] = np.sqrt(least)
    return distance, nearest


@njit(cache=True, nogil=True, fastmath=True)
def _add(deep, fold, top, left, amount):
    """Add a fold to the logarithm of the gain, in place; both may begin anywhere."""
    share = np.float32(amount)
    for row in range(max(-top, 0), min(fold.shape[0], deep.shape[0] - top)):
        for column in range(max(-left, 0), min(fold.shape[1], deep.shape[1] - left)):
            deep[top + row, left + column] += share * fold[row, column]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _multiply(out, top, left, deep, cells, step):
    """Multiply `out` by the folds and by the shading of the grid's cells, in place."""
    last = cells.shape[0] - 1.001
    for row in range(deep.shape[0]):
        v = min(max((top + row + 0.5) / step - 0.5, 0.0), last)
        j = int(v)
        g = np.float32(v - j)
        for column in range(deep.shape[1]):
            u = min(max((left + column + 0.5) / step - 0.5, 0.0), last)
            i = int(u)
            f = np.float32(u - i)
            above = cells[j, i] + f * (cells[j, i + 1] - cells[j, i])
            below = cells[j + 1, i] + f * (cells[j + 1, i + 1] - cells[j + 1, i])
            x = deep[row, column]
            out[top + row, left + column] *= (np.float32(1.0) + above + g * (below - above)) * np.exp(x)

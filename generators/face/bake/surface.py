"""Parts that lie on the skin: the skin itself, clothes, brows and lashes."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.face.bake.body import Body, Hung
from espressivo.generators.face.bake.grid import grid_triangles
from espressivo.generators.face.bake.hair import under_hair
from espressivo.generators.face.bake.wheel import triangulated

_LOWEST_M, _WIDEST_M = -0.31, 0.27
_COLLAR_M, _COLLAR_SLOPE = -0.147, -0.30  # the collar lies in the plane y = a + b z
_SKIN_UNDER_CLOTH_M = 0.014
_BROW_ALONG, _BROW_ACROSS = 30, 5
_LASHES = {"upper": ("2", 0.30, 0.50, 34), "lower": ("1", 0.32, 0.22, 16)}
"""Group of MakeHuman's strip; where on it, from inner to free edge, lashes begin; how far they go on; how many."""


def above_collar(points_m: Float[np.ndarray, "vertices 3"]) -> Float[np.ndarray, "vertices"]:
    """Height above the plane of the collar in metres."""
    return points_m[:, 1] - _COLLAR_M - _COLLAR_SLOPE * points_m[:, 2]


def skin_and_cloth(mean: Body, in_mouth: Float[np.ndarray, "body"]) -> tuple[Hung, Hung, Hung]:
    """Skin down to a little below the collar, the lining of the mouth, and a plain shirt from the collar down."""
    quads = mean.wheel.quads["body"]
    shown = (mean.points_m[:, 1] > _LOWEST_M) & (np.abs(mean.points_m[:, 0]) < _WIDEST_M)
    quads = quads[shown[quads].all(axis=1) & ~under_hair(mean.points_m)[quads].all(axis=1)]
    lining = (in_mouth[quads] > 0.5).all(axis=1)
    height = above_collar(mean.points_m)
    skin = _clipped("skin", triangulated(quads[~lining]), height + _SKIN_UNDER_CLOTH_M)
    mouth = _clipped("inside_mouth", triangulated(quads[lining]), height + 1.0)
    cloth = _clipped("cloth", triangulated(quads[~lining]), -height)
    depth = -np.einsum("vn,vn->v", cloth.shares, height[cloth.sources])
    lift = np.interp(depth, [0.0, 0.004, 0.03, 0.10], [0.0022, 0.0030, 0.0050, 0.0090])
    return skin, mouth, Hung("cloth", cloth.triangles, cloth.sources, cloth.shares, lift)


def _clipped(region: str, triangles: Int[np.ndarray, "triangles 3"], keep: Float[np.ndarray, "body"]) -> Hung:
    """The part of `triangles` where `keep`, interpolated, is above 0."""
    numbers: dict[tuple[int, int], int] = {}
    kept: list[tuple[int, int, int]] = []

    def corner(a: int, b: int) -> int:
        return numbers.setdefault((min(a, b), max(a, b)), len(numbers))

    for triangle in triangles.tolist():
        outline = []
        for here, following in zip(triangle, triangle[1:] + triangle[:1], strict=True):
            if keep[here] > 0:
                outline.append(corner(here, here))
            if (keep[here] > 0) != (keep[following] > 0):
                outline.append(corner(here, following))
        kept.extend((outline[0], outline[k], outline[k + 1]) for k in range(1, len(outline) - 1))
    sources = np.array(list(numbers))
    a, b = keep[sources].T
    share = np.where(sources[:, 0] == sources[:, 1], 1.0, b / np.where(a == b, 1.0, b - a))
    return Hung(region, np.array(kept), sources, np.column_stack([share, 1 - share]), np.zeros(len(sources)))


def brows(mean: Body, fullness: float, tilt_m: float) -> Hung:
    """A tapered band over each eye: fuller at the nose, thin at the temple. Renderers draw hairs on it."""
    along = np.linspace(0, 1, _BROW_ALONG)
    across = np.linspace(1, -1, _BROW_ACROSS)
    x = 0.0115 + 0.0435 * along
    middle = np.interp(along, [0, 0.15, 0.4, 0.66, 0.85, 1.0], [0.0212, 0.0220, 0.0238, 0.0252, 0.0238, 0.0206])
    half = np.interp(along, [0, 0.08, 0.3, 0.6, 0.85, 1.0], [0.0016, 0.0032, 0.0036, 0.0030, 0.0018, 0.0004]) * fullness
    y = middle + tilt_m * (0.6 - along) + across[:, None] * half
    left = np.column_stack([np.broadcast_to(x, y.shape).ravel(), y.ravel()])
    right = left.reshape(_BROW_ACROSS, _BROW_ALONG, 2)[:, ::-1].reshape(-1, 2) * (-1, 1)
    lift = np.interp(np.abs(across), [0, 0.5, 1.0], [0.0006, 0.0005, 0.00012])[:, None] * np.ones(_BROW_ALONG)
    faces = grid_triangles(_BROW_ACROSS, _BROW_ALONG)
    sources, shares = _on_front(mean, np.concatenate([left, right]))
    return Hung("brow", np.concatenate([faces, faces + len(left)]), sources, shares, np.tile(lift.ravel(), 2))


def _on_front(
    mean: Body, places: Float[np.ndarray, "places 2"]
) -> tuple[Int[np.ndarray, "places 3"], Float[np.ndarray, "places 3"]]:
    """The triangle of skin that each place (x, y) shows seen from the front, and its barycentric weights."""
    triangles = triangulated(mean.wheel.quads["body"])
    corners = mean.points_m[triangles]
    near = (corners[:, :, 2].min(axis=1) > 0.03) & (np.abs(corners[:, :, 1]).max(axis=1) < 0.12)
    triangles, corners = triangles[near], corners[near]
    (ax, ay), (bx, by), (cx, cy) = (corners[:, k, :2].T for k in range(3))
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    area = np.where(np.abs(area) < 1e-15, 1e-15, area)
    found, shares = [], []
    for x, y in places:
        b = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
        c = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
        weights = np.stack([1 - b - c, b, c], axis=1)
        hit = np.flatnonzero((weights > -1e-9).all(axis=1))
        depth = (weights[hit] * corners[hit, :, 2]).sum(axis=1)
        front = hit[np.argmax(depth)]
        found.append(triangles[front])
        shares.append(weights[front])
    return np.array(found), np.array(shares)


def lashes(mean: Body, lid: str) -> Hung:
    """Fine tapered lashes and the thin dark line at their roots, in place of MakeHuman's solid strip."""
    group, begin, length, count = _LASHES[lid]
    parts = list(_fans(mean, group, begin, length, count))
    starts = np.concatenate([[0], np.cumsum([len(sources) for sources, _, _ in parts])])
    sources = np.concatenate([sources for sources, _, _ in parts])
    return Hung(
        f"lash_{lid}",
        np.concatenate([faces + start for start, (_, _, faces) in zip(starts, parts, strict=False)]),
        sources,
        np.concatenate([shares for _, shares, _ in parts]),
        np.zeros(len(sources)),
    )


def _fans(
    mean: Body, group: str, begin: float, length: float, count: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    for side in "lr":
        roots, tips = _strip_edges(mean, mean.wheel.quads[f"helper-{side}-eyelashes-{group}"])
        last = len(roots) - 1

        def at(place: float, out: float, roots: np.ndarray = roots, tips: np.ndarray = tips, last: int = last) -> tuple:
            left = int(np.clip(np.floor(place), 0, last - 1))
            t = np.clip(place - left, 0.0, 1.0)
            numbers = [roots[left], roots[left + 1], tips[left], tips[left + 1]]
            return numbers, [(1 - t) * (1 - out), t * (1 - out), (1 - t) * out, t * out]

        points, faces = [], []
        for k in range(count):
            place = (k + 0.5) / count * last
            taper = np.sin(np.pi * (0.12 + 0.83 * (k + 0.5) / count)) ** 0.5
            jitter = 1 + 0.22 * np.sin(2.4 * k)
            lean = 0.10 * np.sin(1.7 * k)
            width = 0.16 * last / count
            first = len(points)
            points += [
                at(place - width, begin),
                at(place + width, begin),
                at(place + lean, begin + length * taper * jitter),
            ]
            faces.append([first, first + 1, first + 2])
        first = len(points)
        line = np.linspace(0, last, 2 * last + 1)
        thick = 0.10 * np.sin(np.pi * (0.04 + 0.92 * line / last))
        points += [at(place, 0.0) for place in line] + [
            at(p, t * length / 0.45) for p, t in zip(line, thick, strict=True)
        ]
        faces += (grid_triangles(2, len(line)) + first).tolist()
        yield np.array([p[0] for p in points]), np.array([p[1] for p in points]), np.array(faces)


def _strip_edges(mean: Body, quads: Int[np.ndarray, "quads 4"]) -> tuple[np.ndarray, np.ndarray]:
    """The long edges of a strip of quads, both in the same direction: the one at the skin, the free one."""
    edges = np.sort(np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)]), axis=1)
    edges, uses = np.unique(edges, axis=0, return_counts=True)
    rim = edges[uses == 1]
    vertices, degrees = np.unique(edges, return_counts=True)
    corners = set(vertices[degrees == 2].tolist())
    around: dict[int, list[int]] = {}
    for a, b in rim.tolist():
        around.setdefault(a, []).append(b)
        around.setdefault(b, []).append(a)
    start = min(corners)
    loop, before = [start], None
    while len(loop) < len(around):
        here = loop[-1]
        following = next(n for n in around[here] if n != before and (len(loop) < 2 or n != loop[-2]))
        before = here
        loop.append(following)
    turns = [k for k, vertex in enumerate(loop) if vertex in corners] + [len(loop)]
    loop.append(loop[0])
    sides = [loop[a : b + 1] for a, b in pairwise(turns)]
    long = sorted(sides, key=len)[-2:]
    skin = mean.points_m[np.unique(quads_near_eyes(mean))]
    distance = [np.linalg.norm(mean.points_m[side][:, None] - skin, axis=2).min(axis=1).mean() for side in long]
    root, tip = (np.array(long[k]) for k in np.argsort(distance))
    if np.linalg.norm(mean.points_m[root[0]] - mean.points_m[tip[0]]) > np.linalg.norm(
        mean.points_m[root[0]] - mean.points_m[tip[-1]]
    ):
        tip = tip[::-1]
    return root, tip


def quads_near_eyes(mean: Body) -> Int[np.ndarray, "quads 4"]:
    """Quads of the skin around the eyes."""
    quads = mean.wheel.quads["body"]
    middle = mean.points_m[quads].mean(axis=1)
    return quads[(np.abs(middle[:, 1]) < 0.025) & (middle[:, 2] > 0.09)]

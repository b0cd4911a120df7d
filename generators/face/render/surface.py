"""What the renderers know of a head before it moves: materials, pigments, noise coordinates, where hair grows."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from espressivo.generators.face.render import look as table
from espressivo.generators.face.render.geometry import COLUMNS, COVER, FLESH, GLOSS, NOISE_X, OPENNESS, RED, TOOTH_U
from espressivo.generators.face.rig import Head

REGION_MATERIAL = {
    "skin": "skin", "inside_mouth": "inside_mouth", "eye_l": "eye_l", "eye_r": "eye_r", "teeth_upper": "teeth",
    "teeth_lower": "teeth", "tongue": "tongue", "lash_upper": "lash", "lash_lower": "lash", "brow": "brow",
    "hair": "hair", "cloth": "cloth",
}  # fmt: skip
DOUBLE_SIDED = ("hair", "brow", "lash", "cloth")
NO_SHADOW = ("brow", "lash", "eye_l", "eye_r")

_STRANDS_AROUND = 14  # periods of the noise around the crown, 32 cells each: strands about 1 mm wide at the temples
_STRAND_LENGTH_M = 0.030
_BROW_STRAND_M = (0.0009, 0.005)
_FRINGE_M = 0.011  # hair grows dense over this distance from the hairline


@dataclass(frozen=True, eq=False)
class Surface:
    """Arrays of a head that stay as they are while it moves."""

    triangles: Int[np.ndarray, "faces 3"]
    material: UInt8[np.ndarray, "faces"]
    double_sided: np.ndarray
    casts_shadow: np.ndarray
    attributes: Float[np.ndarray, "vertices 20"]
    """The vertex table (columns in `geometry`); those that change with the frame are 0."""
    rest_area: Float[np.ndarray, "vertices"]
    """Summed area of each vertex' triangles at rest."""


def surface_of(head: Head) -> Surface:
    """Derive the arrays from the neutral head."""
    regions = list(head.regions)
    names = np.array([REGION_MATERIAL[name] for name in regions])
    triangle_material = names[head.triangle_region]
    vertices = np.asarray(head.vertices_m, np.float64)
    vertex_region = np.zeros(len(vertices), np.int64)
    for index in range(len(regions)):
        vertex_region[head.triangles[head.triangle_region == index]] = index
    vertex_material = names[vertex_region]

    attributes = np.zeros((len(vertices), COLUMNS), np.float32)
    attributes[:, RED:GLOSS] = head.albedo
    attributes[:, GLOSS] = head.gloss
    attributes[:, FLESH] = head.subsurface
    attributes[:, OPENNESS] = head.occlusion
    attributes[:, NOISE_X : NOISE_X + 3] = vertices
    attributes[:, TOOTH_U : TOOTH_U + 2] = head.teeth_st
    if "cloth" not in regions:
        attributes[:, COVER] = _below_collar(vertices)
    hair, brow = vertex_material == "hair", vertex_material == "brow"
    attributes[hair, NOISE_X : NOISE_X + 3] = _combed(vertices[hair], crown_m(head))
    attributes[brow, NOISE_X : NOISE_X + 3] = _brow_strands(vertices[brow])
    for chosen, reach_m in ((hair, _FRINGE_M), (brow, None)):
        attributes[chosen, COVER] = _distance_from_edge(vertices, head.triangles, chosen, reach_m)[chosen]

    return Surface(
        triangles=np.ascontiguousarray(head.triangles, np.int32),
        material=np.array([table.MATERIALS.index(name) for name in triangle_material], np.uint8),
        double_sided=np.isin(triangle_material, DOUBLE_SIDED),
        casts_shadow=~np.isin(triangle_material, NO_SHADOW),
        attributes=attributes,
        rest_area=_vertex_areas(vertices, head.triangles),
    )


def crown_m(head: Head) -> Float[np.ndarray, "3"]:
    """The whorl of the hair: a point inside the skull under the back of the top of the head."""
    top = head.vertices_m[np.argmax(head.vertices_m[:, 1])]
    return np.array([0.012, top[1] - 0.035, top[2] - 0.025])


def _below_collar(points: np.ndarray) -> np.ndarray:
    """Distance below the neckline of a plain shirt, in centimetres: lowest in front, higher on the sides."""
    neckline = -0.152 + 9.0 * np.minimum(np.abs(points[:, 0]), 0.07) ** 2 + 0.22 * np.maximum(0.06 - points[:, 2], 0.0)
    return (neckline - points[:, 1]) * 100


def _combed(points: np.ndarray, crown: np.ndarray) -> np.ndarray:
    """Noise coordinates of hair: strands run away from the crown; the seam lies at the back of the head."""
    offset = points - crown
    around = np.arctan2(offset[:, 0], offset[:, 2]) / (2 * np.pi) * _STRANDS_AROUND
    along = np.linalg.norm(offset, axis=1) / _STRAND_LENGTH_M / 32
    # Strands of equal azimuth differ between the top and the sides, so locks do not run through as single lines.
    return np.stack([around, along, offset[:, 1] / 0.04 / 32], axis=1)


def _brow_strands(points: np.ndarray) -> np.ndarray:
    """Noise coordinates of brows: hairs stand up at the nose and lie outward at the temple."""
    side = np.abs(points[:, 0])
    lean = np.interp(side, [0.012, 0.03, 0.05], [1.1, 0.55, -0.15])
    across = (points[:, 1] * np.cos(lean) - side * np.sin(lean)) / _BROW_STRAND_M[0] / 32
    along = (points[:, 1] * np.sin(lean) + side * np.cos(lean)) / _BROW_STRAND_M[1] / 32
    return np.stack([across, along, np.sign(points[:, 0]) * 0.25], axis=1)


def _distance_from_edge(
    vertices: np.ndarray, triangles: np.ndarray, chosen: np.ndarray, reach_m: float | None
) -> Float[np.ndarray, "vertices"]:
    """Distance of the chosen vertices from the rim of their patch, 1 at `reach_m` (at the farthest vertex if None)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    patch = triangles[chosen[triangles].all(axis=1)]
    if not len(patch):
        return np.ones(len(vertices))
    edges = np.sort(np.concatenate([patch[:, [0, 1]], patch[:, [1, 2]], patch[:, [2, 0]]]), axis=1)
    edges, uses = np.unique(edges, axis=0, return_counts=True)
    rim = np.unique(edges[uses == 1])
    if not len(rim):
        return np.ones(len(vertices))
    lengths = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    graph = coo_array((lengths, (edges[:, 0], edges[:, 1])), shape=(len(vertices),) * 2).tocsr()
    distance = dijkstra(graph, directed=False, indices=rim, min_only=True)
    distance[~np.isfinite(distance)] = 0.0
    return np.minimum(distance / (reach_m or max(distance.max(), 1e-9)), 1.0)


def _vertex_areas(vertices: np.ndarray, triangles: np.ndarray) -> Float[np.ndarray, "vertices"]:
    corner = vertices[triangles]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    total = np.zeros(len(vertices), np.float32)
    for k in range(3):
        np.add.at(total, triangles[:, k], area)
    return np.maximum(total, 1e-12)

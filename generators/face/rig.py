"""The head: geometry, ARKit shapes and surface of one identity, and how a pose moves it.

The shipped heads are baked from CC0 MakeHuman data by `espressivo.generators.face.bake`. Lengths are metres, axes
glTF's (+Y up, +Z out of the face, +X the performer's left), the origin lies between the eyes.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from espressivo.errors import InputError
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL

if TYPE_CHECKING:
    from scipy.sparse import csr_array

EYE_REGIONS = ("eye_l", "eye_r")
GAZE_AT_FULL_WEIGHT_RAD = (np.radians(25.0), np.radians(20.0))
"""How far an eye turns sideways and up or down when its `eyeLook` weight is 1."""


@dataclass(frozen=True, eq=False)
class Head:
    """One identity of the rig. All arrays are read-only."""

    identity: str
    vertices_m: Float[np.ndarray, "vertices 3"]
    """The neutral face."""
    triangles: Int[np.ndarray, "triangles 3"]
    triangle_region: UInt8[np.ndarray, "triangles"]
    """Index into `regions`."""
    regions: tuple[str, ...]
    shapes: "csr_array"
    """Offsets in metres at weight 1: (3 * vertices, 52), row 3 v + axis. Eyeballs have none: gaze turns them."""
    albedo: Float[np.ndarray, "vertices 3"]
    """Diffuse colour, linear RGB in [0, 1]."""
    gloss: Float[np.ndarray, "vertices"]
    """0 dull to 1 wet."""
    subsurface: Float[np.ndarray, "vertices"]
    """How much light passes through: 1 flesh, 0 enamel and hair."""
    occlusion: Float[np.ndarray, "vertices"]
    """Share of ambient light that arrives: 1 in the open, near 0 deep in the mouth."""
    teeth_st: Float[np.ndarray, "vertices 2"]
    """On teeth: place along the arch (-1 to 1), and height from edge (0) to gum (1)."""
    eye_centre_l: Float[np.ndarray, "3"]
    eye_centre_r: Float[np.ndarray, "3"]
    eye_radius_m: float
    iris: Float[np.ndarray, "3"]
    """Colour of the iris, linear RGB."""
    head_pivot: Float[np.ndarray, "3"]
    """The point the head turns about."""
    neck_weight: Float[np.ndarray, "vertices"]
    """1 where a vertex follows the head, 0 where it stays with the shoulders."""
    landmarks: Mapping[str, int]
    """Vertices with a name, such as `lip_upper_inner`, `mouth_left` or `chin`."""

    def pose(
        self,
        weights: Float[np.ndarray, "52"],
        head_rad: Float[np.ndarray, "3"] | tuple[float, ...] = (0.0, 0.0, 0.0),
        gaze_rad: Float[np.ndarray, "2"] | tuple[float, ...] = (0.0, 0.0),
        slide_lids: bool = True,
    ) -> Float[np.ndarray, "vertices 3"]:
        """Return the posed vertices in metres.

        Args:
            weights: ARKit weights. `eyeLook*` moves the lids; the eyeballs follow `gaze_rad`.
            head_rad: rotation about X, Y, Z as in `FaceMotion`.
            gaze_rad: yaw and pitch of both eyes in the head.
            slide_lids: hold the lids off the eyeballs. Without it the pose is linear in `weights`, as in file formats
                that know nothing but shapes.
        """
        posed = self.vertices_m + (self.shapes @ np.asarray(weights, np.float32)).reshape(-1, 3)
        for lids, centre, nearest_m in self._lids if slide_lids else ():
            arm = posed[lids] - centre
            distance = np.sqrt(np.einsum("vk,vk->v", arm, arm))
            posed[lids] += arm * np.maximum(nearest_m / distance - _ONE, 0)[:, None]
        if np.any(gaze_rad):
            turn = rotation(np.array([gaze_rad[1], gaze_rad[0], 0.0]))
            for name, centre in zip(EYE_REGIONS, (self.eye_centre_l, self.eye_centre_r), strict=True):
                ball = self.region_vertices[name]
                posed[ball] = (self.vertices_m[ball] - centre) @ turn.T + centre
        if not np.any(head_rad):
            return posed
        turned = (posed - self.head_pivot) @ rotation(np.asarray(head_rad)).T + self.head_pivot
        follow = self.neck_weight[:, None]
        return posed + follow * (turned - posed)

    @cached_property
    def region_vertices(self) -> dict[str, Int[np.ndarray, "members"]]:
        """The vertices of each region, by its name."""
        return {
            name: np.unique(self.triangles[self.triangle_region == index]) for index, name in enumerate(self.regions)
        }

    @cached_property
    def _lids(self) -> list[tuple[Int[np.ndarray, "members"], Float[np.ndarray, "3"], Float[np.ndarray, "members"]]]:
        """For each eye: vertices of its lids, its centre, and how near each may come, so that lids slide over the ball.

        A lid that moves in a straight line, as shapes do, would cut through the ball half-way.
        """
        eye_channels = [CHANNEL[name] for name in ARKIT_NAMES if name.startswith("eye")]
        moves = np.asarray(abs(self.shapes.tocsc()[:, eye_channels]).sum(axis=1)).reshape(-1, 3).any(axis=1)
        lids = []
        for centre in (self.eye_centre_l, self.eye_centre_r):
            distance = np.linalg.norm(self.vertices_m - centre, axis=1)
            members = np.flatnonzero(moves & (distance < _LID_REACH * self.eye_radius_m))
            clear_m = self.eye_radius_m + _LID_CLEARANCE_M
            lids.append((members, centre, np.minimum(distance[members], clear_m).astype(np.float32)))
        return lids

    @cached_property
    def lip_gap_coefficients(self) -> Float[np.ndarray, "52"]:
        """By how many millimetres each ARKit weight parts the lips in their middle."""
        rows = [3 * self.landmarks[name] + 1 for name in ("lip_upper_inner", "lip_lower_inner")]
        upper, lower = self.shapes[rows].toarray() * 1e3
        return (upper - lower).astype(np.float32)

    def lip_gap_mm(self, weights: Float[np.ndarray, "frames 52"]) -> Float[np.ndarray, "frames"]:
        """Return how far the lips part in their middle; 0 in the neutral face, below 0 where they press together."""
        return np.asarray(weights) @ self.lip_gap_coefficients


def rotation(angles_rad: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """Return the matrix that rotates about X, then Y, then Z by the given angles."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles_rad), np.sin(angles_rad)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return (about_z @ about_y @ about_x).astype(np.float32)


_LID_REACH = 1.35  # of the radius of the eye: what lies farther away never touches it
_ONE = np.float32(1.00001)  # rounding must not push a lid that has not moved
_LID_CLEARANCE_M = 0.0007  # more than the bulge of the cornea
HEADS_FILE = Path(__file__).resolve().parents[2] / "assets" / "heads" / "heads.npz"
_VARIED = 0.55
"""Spread of the seeded variation, as a share of MakeHuman's own range of each feature."""


def list_identities() -> tuple[str, ...]:
    """Return the names of the heads that ship, the default first."""
    return tuple(str(name) for name in _baked()["identity_names"])


def load_head(identity: str = "default", seed: int = 0) -> Head:
    """Load one of the shipped heads.

    Args:
        identity: one of `list_identities()`.
        seed: varies the features a little around the named identity; 0 is the identity itself.

    Raises:
        InputError: there is no head of that name.
    """
    names = list_identities()
    if identity not in names:
        near = difflib.get_close_matches(identity, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names)}."
        raise InputError(f"'{identity}' is no head; {hint}")
    return _head(identity, names.index(identity), seed)


@cache
def _baked() -> Mapping[str, Any]:
    with np.load(HEADS_FILE, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _head(identity: str, number: int, seed: int) -> Head:
    baked = _baked()
    base = baked["vertices"].astype(np.float32)
    vertices = base + baked["identity_offset_mm"][number].astype(np.float32) * 1e-3
    eyes = baked["identity_eyes"][number].copy()
    if seed:
        amounts = np.random.default_rng(seed).uniform(-_VARIED, _VARIED, len(baked["variation_eyes"]))
        amounts = amounts.astype(np.float32)
        vertices += (_sparse_columns(baked, "variation", len(base)) @ amounts).reshape(-1, 3)
        eyes[:, :3] += np.tensordot(amounts, baked["variation_eyes"], 1)
    landmarks = {
        str(name): int(index) for name, index in zip(baked["landmark_names"], baked["landmark_index"], strict=True)
    }
    pigments = baked["pigments"].astype(np.float32)
    palette = baked["identity_palette"][number]
    head = Head(
        identity=identity,
        vertices_m=vertices,
        triangles=baked["triangles"].astype(np.int32),
        triangle_region=baked["triangle_region"].copy(),
        regions=tuple(str(name) for name in baked["regions"]),
        shapes=_with_lids_that_meet(_sparse_columns(baked, "delta", len(base)), base, vertices, landmarks),
        albedo=(pigments @ palette / pigments.sum(axis=1, keepdims=True)).astype(np.float32),
        gloss=baked["gloss"].astype(np.float32),
        subsurface=baked["subsurface"].astype(np.float32),
        occlusion=baked["occlusion"].astype(np.float32),
        teeth_st=baked["teeth_st"].astype(np.float32),
        eye_centre_l=eyes[0, :3].copy(),
        eye_centre_r=eyes[1, :3].copy(),
        eye_radius_m=float(eyes[:, 3].mean()),
        iris=baked["identity_iris"][number].copy(),
        head_pivot=baked["head_pivot"].copy(),
        neck_weight=baked["neck_weight"].astype(np.float32),
        landmarks=landmarks,
    )
    for value in vars(head).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return head


def _sparse_columns(baked: Mapping[str, Any], name: str, vertices: int) -> "csr_array":
    """The offsets of `name` in metres as columns over 3 * vertices rows."""
    from scipy.sparse import csr_array

    pointer = baked[f"{name}_ptr"]
    columns = np.repeat(np.arange(len(pointer) - 1), np.diff(pointer))[:, None].repeat(3, 1)
    rows = 3 * baked[f"{name}_index"].astype(np.int64)[:, None] + np.arange(3)
    values = baked[f"{name}_value"].astype(np.float32) * 1e-3
    return csr_array((values.ravel(), (rows.ravel(), columns.ravel())), shape=(3 * vertices, len(pointer) - 1))


def _with_lids_that_meet(
    shapes: "csr_array",
    base: Float[np.ndarray, "vertices 3"],
    vertices: Float[np.ndarray, "vertices 3"],
    landmarks: Mapping[str, int],
) -> "csr_array":
    """Scale each `eyeBlink` by how much wider the eye stands open than the one it was made for."""
    from scipy.sparse import csr_array, diags_array

    scale = np.ones(len(ARKIT_NAMES), np.float32)
    for side in ("left", "right"):
        upper, lower = landmarks[f"lid_upper_{side}"], landmarks[f"lid_lower_{side}"]
        channel = CHANNEL[f"eyeBlink{side.capitalize()}"]
        travel = shapes[[3 * lower + 1, 3 * upper + 1]].tocsc()[:, [channel]].toarray().ravel()
        wider = (vertices[upper, 1] - vertices[lower, 1]) - (base[upper, 1] - base[lower, 1])
        scale[channel] += wider / (travel[0] - travel[1])
    return csr_array(shapes @ diags_array(scale))

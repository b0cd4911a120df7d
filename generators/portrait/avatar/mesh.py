"""The mesh that is laid over a photograph: 468 points of MediaPipe's face mesh, and how ARKit's 52 shapes move them.

Read from `assets/portrait/mesh.npz`, which `espressivo.generators.portrait.avatar.convert` makes. Lengths are
centimetres of the standard face; axes are glTF's: +X the performer's left, +Y up, +Z to the viewer.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int32, UInt8

MESH_FILE = Path(__file__).resolve().parents[3] / "assets" / "portrait" / "mesh.npz"

SKIN, MOUTH, RIGHT_EYE, LEFT_EYE = range(4)
"""What a triangle of the mesh covers (`FaceMesh.covers`)."""
PARTS = ("teeth_upper", "teeth_lower", "tongue", "mouth_bag", "eye_left", "eye_right")


@dataclass(frozen=True, eq=False)
class Part:
    """A small mesh inside of the face."""

    vertices_cm: Float32[np.ndarray, "n 3"]
    triangles: Int32[np.ndarray, "m 3"]
    shapes_cm: Float32[np.ndarray, "52 n 3"]
    """Offsets at weight 1, rows as `ARKIT_NAMES`."""


@dataclass(frozen=True, eq=False)
class FaceMesh:
    """The standard face. All arrays are read-only.

    Sides are the performer's: the right eye lies left in a picture. Pairs are (upper, lower); rings go round.
    """

    vertices_cm: Float32[np.ndarray, "468 3"]
    shapes_cm: Float32[np.ndarray, "52 468 3"]
    """Offsets at weight 1, rows as `ARKIT_NAMES`; shapes that must not part the lips do not."""
    uv: Float32[np.ndarray, "468 2"]
    triangles: Int32[np.ndarray, "898 3"]
    covers: UInt8[np.ndarray, "898"]
    """For each triangle: `SKIN`, or the opening that it closes: `MOUTH`, `RIGHT_EYE`, `LEFT_EYE`."""
    mirror: Int32[np.ndarray, "468"]
    """For every point the one on the other side of the face."""
    mouth_ring: Int32[np.ndarray, "20"]
    """The inner edge of the lips."""
    right_eye_ring: Int32[np.ndarray, "16"]
    left_eye_ring: Int32[np.ndarray, "16"]
    oval_ring: Int32[np.ndarray, "36"]
    """The outline of the face."""
    lip_pairs: Int32[np.ndarray, "9 2"]
    """Inner lips, from the right corner to the left one."""
    right_lid_pairs: Int32[np.ndarray, "7 2"]
    left_lid_pairs: Int32[np.ndarray, "7 2"]
    upper_lip_rows: Int32[np.ndarray, "4 9"]
    """From the inner edge outwards."""
    lower_lip_rows: Int32[np.ndarray, "4 9"]
    eyeballs_cm: Float32[np.ndarray, "2 4"]
    """Centre and radius, right and left."""
    parts: dict[str, Part]
    """`PARTS`, standing where they belong in the standard face."""

    def triangles_of(self, what: int) -> Int32[np.ndarray, "n 3"]:
        """Return the triangles that cover `what`."""
        return self.triangles[self.covers == what]


@cache
def load_face_mesh() -> FaceMesh:
    """Read the mesh, once per process."""
    with np.load(MESH_FILE, allow_pickle=False) as archive:
        arrays = {name: _read_only(archive[name]) for name in archive.files}
    parts = {
        name: Part(*(arrays.pop(f"{name}_{field}") for field in ("vertices_cm", "triangles", "shapes_cm")))
        for name in PARTS
    }
    return FaceMesh(**arrays, parts=parts)


def _read_only(array: np.ndarray) -> np.ndarray:
    kind = {"f": np.float32, "i": np.int32, "u": np.uint8}[array.dtype.kind]
    array = array.astype(kind)
    array.setflags(write=False)
    return array

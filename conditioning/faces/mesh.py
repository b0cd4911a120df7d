"""A mesh of 468 points on a face: MediaPipe's plain face mesh (Kartynnik et al. 2019), without its attention head.

Landmarks that measures use: 33 and 263 outer eye corners (33: the subject's right, left in the picture), 61 and 291
mouth corners, 13 and 14 inner lips, 0 and 17 outer lips, 1 nose tip, 2 under the nose, 10 forehead, 152 chin.
"""

import json
from dataclasses import dataclass
from functools import cache
from math import atan2

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

from espressivo.conditioning.faces.crops import Square
from espressivo.conditioning.faces.detector import DetectedFace
from espressivo.conditioning.faces.networks import FOLDER, load_network
from espressivo.conditioning.faces.pose import head_poses

MIN_SCORE = 0.5

_SIZE = 192
_MARGIN = 1.5
"""Side of the looked-at square, in heights of the face. Less cuts off what the network goes by: on six GRID clips 1.3
loses the mouth of a bearded speaker, 1.7 blurs the lips."""


@dataclass(frozen=True, eq=False)
class _Shape:
    """What `config.json` says of the mesh: x to the right of the picture, y down, z away, cm."""

    mirror: Int[np.ndarray, "468"]
    """For every point the one on the other side of the face."""
    middle_cm: Float[np.ndarray, "3"]
    height_cm: float


def read_mesh(image: UInt8[np.ndarray, "h w 3"], face: DetectedFace) -> Float32[np.ndarray, "468 3"] | None:
    """Return the mesh of a detected face in pixels, z in the same unit (negative: nearer); None if it is no face."""
    mesh, score = read_square(image, face.square)
    if score < MIN_SCORE:
        return None
    mesh, score = read_square(image, square_around(mesh))
    return mesh if score >= MIN_SCORE else None


def read_square(image: UInt8[np.ndarray, "h w 3"], start: Square) -> tuple[Float32[np.ndarray, "468 3"], float]:
    """Return the mesh of the face in `start`, and how sure the network is that there is one (0..1).

    Two passes: the first only finds the square to look at, which then hardly depends on `start`. In the second the
    face is also read in a mirror and both meshes are averaged, which takes out the part of the error that has a side
    (on six GRID clips a tenth of the distance to MediaPipe's refined mesh).
    """
    rough, score = _look(start.read(image, _SIZE))
    if score < MIN_SCORE:
        return start.to_image(rough, _SIZE).astype(np.float32), score
    square = square_around(start.to_image(rough, _SIZE))
    view = square.read(image, _SIZE)
    plain, score = _look(view)
    mirrored, mirrored_score = _look(np.ascontiguousarray(view[:, ::-1]))
    mirrored = mirrored[_shape().mirror] * (-1, 1, 1) + (_SIZE, 0, 0)
    mesh = square.to_image((plain + mirrored) / 2, _SIZE)
    return mesh.astype(np.float32), min(score, mirrored_score)


def square_around(mesh: Float[np.ndarray, "468 3"]) -> Square:
    """Return the square to look at for a face whose mesh is about `mesh`: upright, with a margin.

    It is laid by the rigid parts of the face alone (weighted similarity, Umeyama 1991), where MediaPipe takes the box
    of all points: that box grows and sinks with the jaw, and the network then sees a smaller mouth just when it opens.
    On six GRID clips the correlation of mouth and sound of the hardest speaker rose from .47 to .58.
    """
    pose, shape = head_poses(mesh), _shape()
    x, y, _ = pose.scale * shape.middle_cm @ pose.rotation + pose.shift_px
    turn = atan2(pose.rotation[0, 1], pose.rotation[0, 0])
    return Square(float(x), float(y), float(_MARGIN * pose.scale * shape.height_cm), turn)


def _look(view: Float32[np.ndarray, "192 192 3"]) -> tuple[Float[np.ndarray, "468 3"], float]:
    points, logit = load_network("face_landmark")((view / np.float32(255))[np.newaxis])
    score = 1 / (1 + np.exp(-float(np.clip(logit.item(), -100, 100))))
    return points.reshape(468, 3).astype(np.float64), score


@cache
def _shape() -> _Shape:
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    return _Shape(np.array(config["mirror"]), np.array(config["middle_cm"]), config["height_cm"])

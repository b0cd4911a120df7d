"""Where the faces of a picture are: BlazeFace (Bazarevsky et al. 2019), the short-range model of MediaPipe."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import atan2

import numpy as np
from jaxtyping import Float, UInt8

from espressivo.conditioning.faces.crops import Square
from espressivo.conditioning.faces.networks import load_network

MIN_SCORE = 0.5
MAX_OVERLAP = 0.3
"""Of two boxes that overlap by more than this (intersection over union), the surer one is kept."""

_SIZE = 128
_ANCHORS = ((16, 2), (8, 6))
"""Cells per side and anchors per cell, in the order of the network's 896 rows."""


@dataclass(frozen=True, eq=False)
class DetectedFace:
    """A face as the detector sees it, in pixels of the picture."""

    box: tuple[float, float, float, float]
    """Left, top, right, bottom; from the brows to the chin."""
    keypoints: Float[np.ndarray, "6 2"]
    """The subject's right eye, left eye, nose tip, mouth, right ear, left ear."""
    score: float

    @property
    def size_px(self) -> float:
        """The longer side of the box."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)

    @property
    def square(self) -> Square:
        """The part of the picture that the mesh network looks at first: upright eyes, half as large again."""
        left, top, right, bottom = self.box
        across, down = self.keypoints[1] - self.keypoints[0]
        return Square((left + right) / 2, (top + bottom) / 2, 1.5 * self.size_px, atan2(down, across))


def find_faces(image: UInt8[np.ndarray, "h w 3"], at_least: int = 1) -> list[DetectedFace]:
    """Return the faces of `image`, the largest first; an empty list if there is none.

    The network sees faces between about a tenth and all of its field. Only where it finds fewer than `at_least` in the
    whole picture, it looks again with a margin around it (a face that fills the picture), then at parts of it (small
    faces).
    """
    height, width = image.shape[:2]
    whole = Square(width / 2, height / 2, float(max(width, height)))
    wider = Square(whole.x, whole.y, 1.6 * whole.side)
    found: list[DetectedFace] = []
    for views in ([whole], [wider], _parts(width, height, 2), _parts(width, height, 3)):
        found = _distinct([*found, *(face for view in views for face in _look(image, view))])
        if len(found) >= at_least:
            break
    return sorted(found, key=lambda face: -face.size_px)


def _parts(width: int, height: int, share: int) -> Iterator[Square]:
    """Yield squares whose side is 1 / `share` of the picture's longer one, and which overlap by half."""
    side = max(width, height) / share
    across, down = (max(1, round(2 * length / side) - 1) for length in (width, height))
    for row in range(down):
        for column in range(across):
            yield Square(width * (column + 1) / (across + 1), height * (row + 1) / (down + 1), side)


def _look(image: UInt8[np.ndarray, "h w 3"], view: Square) -> list[DetectedFace]:
    """Return every face that the network sees in `view`, overlapping ones included."""
    field = view.read(image, _SIZE)
    _blacken_outside(field, view, image.shape)
    regressors, logits = load_network("face_detection_short_range")((field / np.float32(127.5) - 1)[np.newaxis])
    scores = 1 / (1 + np.exp(-np.clip(logits.reshape(-1).astype(np.float64), -100, 100)))
    faces = []
    for index in np.flatnonzero(scores >= MIN_SCORE):
        numbers = regressors.reshape(-1, 16)[index].astype(np.float64).reshape(8, 2) / _SIZE
        points = (numbers + _anchors()[index]) * view.side + (view.x - view.side / 2, view.y - view.side / 2)
        (x, y), (half_width, half_height) = points[0], numbers[1] * view.side / 2
        box = (float(x - half_width), float(y - half_height), float(x + half_width), float(y + half_height))
        faces.append(DetectedFace(box, points[2:], float(scores[index])))
    return faces


def _blacken_outside(field: np.ndarray, view: Square, shape: tuple[int, ...]) -> None:
    """Show black beyond the picture, as the network was taught; a border that goes on can look like a face."""
    places = (np.arange(_SIZE) + 0.5) / _SIZE - 0.5
    for axis, centre in ((0, view.y), (1, view.x)):
        at = centre + places * view.side
        outside = (at < 0) | (at > shape[axis])
        field[(outside,) if axis == 0 else (slice(None), outside)] = 0


@cache
def _anchors() -> Float[np.ndarray, "896 2"]:
    """Return the centres (x, y) that boxes and key points are relative to, as shares of the field."""
    rows = [
        ((column + 0.5) / cells, (row + 0.5) / cells)
        for cells, per_cell in _ANCHORS
        for row in range(cells)
        for column in range(cells)
        for _ in range(per_cell)
    ]
    return np.array(rows)


def _distinct(faces: list[DetectedFace]) -> list[DetectedFace]:
    """Keep the surest of the faces that overlap (non-maximum suppression)."""
    kept: list[DetectedFace] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(_overlap(face.box, other.box) <= MAX_OVERLAP for other in kept):
            kept.append(face)
    return kept


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return intersection over union."""
    width, height = (min(a[k + 2], b[k + 2]) - max(a[k], b[k]) for k in (0, 1))
    both = max(0.0, width) * max(0.0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return both / (sum(areas) - both) if both else 0.0

"""A photograph or painting and the face in it that will move."""

from dataclasses import dataclass
from functools import lru_cache
from math import hypot
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from espressivo.conditioning.faces.detector import DetectedFace, find_faces
from espressivo.conditioning.faces.mesh import read_mesh
from espressivo.conditioning.faces.pose import head_poses
from espressivo.errors import FaceError
from espressivo.media.image import read_image

MIN_FACE_PX = 60
"""Brows to chin. A smaller face has too few pixels in the mouth to open it."""
MAX_YAW_DEG = 35.0
"""Beyond, the far half of the face is not in the picture. As the mesh tells it, which takes 57 degrees for 39; the girl
with the pearl earring looks over her shoulder at 33."""
MAX_PITCH_DEG = 35.0

MIN_CONTRAST = 0.15
"""Of eyes and of the mouth, as a share of the brightness of the skin. On twelve persons they have at least .32, masks
and bars drawn over them mostly below .11; the mesh sees faces there as well."""

_RIGHT_EYE, _LEFT_EYE, _MOUTH = (33, 133, 159, 145), (263, 362, 386, 374), (61, 291, 13, 14)
_LIPS = (61, 291, 0, 17, 37, 267, 84, 314)
_SKIN = (50, 280, 205, 425, 151, 9, 195, 5, 4, 117, 346, 108, 337)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Photograph:
    """A picture in full resolution and the mesh of one face in it."""

    image: UInt8[np.ndarray, "h w 3"]
    points_px: Float32[np.ndarray, "468 3"]
    """Pixels of `image`: x right, y down, z away from the viewer. 0 is the outer edge of the first pixel, whose centre
    lies at 0.5."""

    @classmethod
    def read(cls, path: Path, face: int | None = None) -> "Photograph":
        """Read a picture file and find the face in it; the last one is kept, for as long as the file does not change.

        Args:
            path: PNG, JPEG, WebP or BMP; grey, transparent or turned by its EXIF data as well.
            face: which face, counted from the largest, 0. None: the largest.

        Raises:
            MediaError: the file cannot be read.
            FaceError: no face, no face with this number, or one that is too small, turned away or covered.
        """
        return _read(path, path.stat().st_mtime_ns if path.is_file() else 0, face)

    @classmethod
    def of(cls, image: UInt8[np.ndarray, "h w 3"], face: int | None = None, name: str = "The picture") -> "Photograph":
        """Find the face in a picture that is in memory; `name` is what messages call it."""
        return cls(image, read_face(image, _chosen(find_faces(image, (face or 0) + 1), face, name), name))

    def reduced(self, scale: float) -> "Photograph":
        """Return the photograph at a smaller scale."""
        from PIL import Image

        height, width = (max(1, round(length * scale)) for length in self.image.shape[:2])
        small = Image.fromarray(self.image).resize((width, height), Image.Resampling.LANCZOS)
        exact = np.array([width / self.image.shape[1], height / self.image.shape[0], scale], np.float32)
        return Photograph(np.asarray(small), self.points_px * exact)


@lru_cache(maxsize=1)
def _read(path: Path, changed_at_ns: int, face: int | None) -> Photograph:
    return Photograph.of(read_image(path), face, str(path))


def read_face(image: UInt8[np.ndarray, "h w 3"], face: DetectedFace, name: str) -> Float32[np.ndarray, "468 3"]:
    """Return the mesh of a detected face, if it can be animated.

    Raises:
        FaceError: it is too small, turned away or covered.
    """
    if face.size_px < MIN_FACE_PX:
        raise FaceError(
            f"{name} shows a face of {face.size_px:.0f} px from brows to chin, too small to move; give a larger "
            f"picture, with at least {MIN_FACE_PX} px."
        )
    points = read_mesh(image, face)
    if points is None or _apart(points, face) > 0.35 * face.size_px:
        raise FaceError(
            f"{name} shows a face that is covered, turned away or upside down; give one that is upright, with eyes and "
            "mouth in sight."
        )
    pitch, yaw, _ = head_poses(points).angles_deg
    if abs(yaw) > MAX_YAW_DEG:
        raise FaceError(
            f"{name} shows a face from the side ({abs(yaw):.0f} degrees); give one that is turned by at most "
            f"{MAX_YAW_DEG:.0f}."
        )
    if abs(pitch) > MAX_PITCH_DEG:
        raise FaceError(
            f"{name} shows a face from {'above' if pitch > 0 else 'below'} ({abs(pitch):.0f} degrees); give one that "
            f"is tipped by at most {MAX_PITCH_DEG:.0f}."
        )
    if covered := _covered(image, points):
        raise FaceError(f"{name} shows a face whose {covered} cannot be seen; give one with eyes and mouth in sight.")
    inside = (points[:, :2] > 0).all(axis=1) & (points[:, :2] < (image.shape[1], image.shape[0])).all(axis=1)
    if inside.mean() < 0.9:
        raise FaceError(f"{name} cuts off the face; give a picture that shows all of it.")
    return points


def _chosen(faces: list[DetectedFace], number: int | None, name: str) -> DetectedFace:
    if not faces:
        raise FaceError(f"{name} shows no face that can be seen; give a portrait from the front, upright and lit.")
    if not 0 <= (number or 0) < len(faces):
        raise FaceError(f"{name} shows {len(faces)} face(s), so there is no face {number}; count from 0, the largest.")
    return faces[number or 0]


def _apart(points: Float32[np.ndarray, "468 3"], face: DetectedFace) -> float:
    """Return how far the detector and the mesh disagree about eyes and mouth, px: on a covered face the mesh drifts."""
    places = [points[list(part), :2].mean(axis=0) for part in (_RIGHT_EYE, _LEFT_EYE, _MOUTH)]
    return max(hypot(*(place - keypoint)) for place, keypoint in zip(places, face.keypoints[[0, 1, 3]], strict=True))


def _covered(image: UInt8[np.ndarray, "h w 3"], points: Float32[np.ndarray, "468 3"]) -> str | None:
    """Return which part of a face is as plain as cloth."""
    unit = float(np.ptp(points[:, 1])) / 100
    parts = {"right eye": _RIGHT_EYE, "left eye": _LEFT_EYE, "mouth": _LIPS}
    skin = float(np.median(_patch(image, points[list(_SKIN)], unit)[1]))
    for part, ids in parts.items():
        light, _ = _patch(image, points[list(ids)], unit)
        if np.subtract(*np.percentile(light, [95, 5])) < MIN_CONTRAST * (skin + 5):
            return part
    return None


def _patch(
    image: UInt8[np.ndarray, "h w 3"], points: Float32[np.ndarray, "n 3"], margin: float
) -> tuple[Float32[np.ndarray, "rows columns"], Float32[np.ndarray, "n"]]:
    """Return the brightness around points, without grain, and at them."""
    from scipy.ndimage import gaussian_filter

    height, width = image.shape[:2]
    left, top = np.clip(points[:, :2].min(axis=0) - margin, 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(points[:, :2].max(axis=0) + margin, (left + 1, top + 1), (width, height)).astype(int)
    light = gaussian_filter(image[top:bottom, left:right].astype(np.float32) @ _LUMA, 0.4 * margin)
    at = np.clip(points[:, :2].astype(int) - (left, top), 0, (right - left - 1, bottom - top - 1))
    return light, light[at[:, 1], at[:, 0]]

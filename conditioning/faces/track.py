"""A face followed through a video: one mesh per frame, each read from its own frame alone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import hypot
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from espressivo.conditioning.faces.crops import Square
from espressivo.conditioning.faces.detector import find_faces
from espressivo.conditioning.faces.mesh import MIN_SCORE, read_square, square_around
from espressivo.errors import FaceError

MAX_MISSED = 0.2
"""Share of frames in which the face may be out of sight."""
MIN_FACE_PX = 40
"""Brows to chin. On smaller faces the mouth has a handful of pixels, and a mesh of it is made up."""


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """The mesh of one face over time."""

    points_px: Float32[np.ndarray, "frames 468 3"]
    """Pixels of the picture; z in the same unit, negative is nearer. Frames without a face are interpolated."""
    found: Bool[np.ndarray, "frames"]
    """Whether the face was seen in the frame."""
    fps: float
    width: int
    height: int

    @property
    def missed(self) -> float:
        """Share of frames in which no face was seen."""
        return 1 - float(self.found.mean())

    def resampled(self, fps: float) -> "FaceTrack":
        """Return the track at another frame rate, interpolated linearly; frame k shows at k / fps."""
        if fps == self.fps:
            return self
        last = len(self.points_px) - 1
        places = np.minimum(np.arange(max(1, round((last + 1) / self.fps * fps))) * (self.fps / fps), last)
        found = self.found[np.floor(places).astype(int)] & self.found[np.ceil(places).astype(int)]
        return FaceTrack(_between(self.points_px, places), found, fps, self.width, self.height)


def track_face(frames: Iterable[UInt8[np.ndarray, "h w 3"]], fps: float, face: int = 0) -> FaceTrack:
    """Follow one face through `frames`.

    The last frame's mesh says where to look in the next one; the detector runs at the start and whenever the face is
    lost. Nothing is smoothed over time: smoothing delays a mouth and opens lips that were shut for a frame or two.

    Args:
        frames: RGB pictures of one size.
        fps: their rate.
        face: which face, counted from the largest of the first frame that shows any.

    Raises:
        FaceError: there are no frames, or no face (or none so large that a mesh means anything, or no face with this
            number) in more than `MAX_MISSED` of them.
    """
    seeker = FaceSeeker(face)
    meshes: list[np.ndarray | None] = []
    height = width = 0
    for image in frames:
        height, width = image.shape[:2]
        meshes.append(seeker.read(image))
    seen = [index for index, mesh in enumerate(meshes) if mesh is not None]
    if len(seen) < (1 - MAX_MISSED) * len(meshes) or not seen:
        raise seeker.complaint(len(meshes), len(seen))
    found = np.array([mesh is not None for mesh in meshes])
    # Before the first and after the last frame with a face, it holds still.
    places = np.interp(np.arange(len(meshes)), seen, np.arange(len(seen)))
    points = _between(np.stack([mesh for mesh in meshes if mesh is not None]), places)
    return FaceTrack(points, found, fps, width, height)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Let an error about faces say which file they were looked for in."""
    try:
        yield
    except FaceError as error:
        raise FaceError(f"{path}: {error}") from None


class FaceSeeker:
    """Knows where a face was last, and looks for it from there.

    Args:
        number: which face, counted from the largest of the first frame that shows any.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._square: Square | None = None  # where the face was in the frame before, None if it was lost
        self._last: Square | None = None  # where it was seen at all
        self.most_faces = 0
        self.largest_small_px = 0.0

    def read(self, image: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "468 3"] | None:
        """Return the mesh in the next frame, None if the face is not seen."""
        mesh = None if self._square is None else self._mesh_in(image, self._square)
        if mesh is None and (square := self._detected(image)) is not None:
            mesh = self._mesh_in(image, square)
        return mesh

    def complaint(self, frames: int, seen: int) -> FaceError:
        """Return the error that says best why a face was seen in so few of the frames."""
        if not frames:
            return FaceError("The video holds no frames; give one that shows a face.")
        if not seen and 0 < self.most_faces <= self._number:
            return FaceError(
                f"At most {self.most_faces} face(s) can be seen, so there is no face with this number; count from 0."
            )
        if not seen and self.largest_small_px:
            return FaceError(
                f"The largest face is {self.largest_small_px:.0f} px high, too small to read; give a larger picture, "
                f"with at least {MIN_FACE_PX} px from brows to chin."
            )
        if frames == 1:
            return FaceError("No face can be seen; give a picture that shows one from the front, upright and lit.")
        return FaceError(
            f"A face is seen in {seen} of {frames} frames, which is too few; give a picture or video that shows a face "
            f"from the front in at least {1 - MAX_MISSED:.0%} of its frames."
        )

    def _mesh_in(self, image: UInt8[np.ndarray, "h w 3"], square: Square) -> Float32[np.ndarray, "468 3"] | None:
        mesh, score = read_square(image, square)
        if score < MIN_SCORE:
            self._square = None
            return None
        self._square = self._last = square_around(mesh)
        return mesh

    def _detected(self, image: UInt8[np.ndarray, "h w 3"]) -> Square | None:
        faces = find_faces(image)
        large = [face for face in faces if face.size_px >= MIN_FACE_PX]
        self.most_faces = max(self.most_faces, len(large))
        if not large:
            self.largest_small_px = max([self.largest_small_px, *(face.size_px for face in faces)])
            return None
        if self._last is not None:
            x, y = self._last.x, self._last.y
            return min((face.square for face in large), key=lambda square: hypot(square.x - x, square.y - y))
        return large[self._number].square if self._number < len(large) else None


def _between(meshes: Float32[np.ndarray, "n 468 3"], places: np.ndarray) -> Float32[np.ndarray, "frames 468 3"]:
    """Interpolate linearly at `places` between the meshes."""
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, len(meshes) - 1)
    share = (places - before).astype(np.float32)[:, np.newaxis, np.newaxis]
    return meshes[before] * (1 - share) + meshes[after] * share

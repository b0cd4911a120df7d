"""A filmed face: where it is in every frame, and the frame in which it is most at rest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from jaxtyping import Float, UInt8

from espressivo.conditioning.faces.pose import HeadPoses, head_poses
from espressivo.conditioning.faces.track import FaceTrack, named, track_face
from espressivo.errors import FaceError, InputError
from espressivo.media.video import probe, read_video_frames
from espressivo.progress import ProgressCallback, track

SUFFIXES: Final = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ogv", ".mpg", ".mpeg", ".ts"})
"""Of files that are taken for videos."""
MIN_FPS: Final = 5.0
MIN_FACE_PX: Final = 60
"""Height of the face; a smaller one has too few pixels in the mouth to open it."""
_LATE_S: Final = 0.5
_STEADY_FRAMES: Final = 1.0
"""Width of the Gaussian that takes the trembling out of the head's pose."""
_FRONT_DEG: Final = 12.0
_UPPER_LIP, _LOWER_LIP, _FOREHEAD, _CHIN = 13, 14, 10, 152
_UPPER_LIDS, _LOWER_LIDS = (159, 386), (145, 374)


@dataclass(frozen=True, eq=False)
class Footage:
    """A video of somebody, followed from its beginning to its end."""

    path: Path
    face: FaceTrack
    poses: HeadPoses
    """Of every frame, steadied."""
    rest: int
    """The frame in which the lips are closed, the eyes open, and the head looks ahead, as nearly as there is one."""

    @classmethod
    def read(cls, path: Path, face: int = 0, progress: ProgressCallback | None = None) -> Self:
        """Follow a face through a video.

        Args:
            path: any video that FFmpeg's libraries decode.
            face: which one, counted from the largest of the first frame that shows any.
            progress: called while frames are read.

        Raises:
            MediaError: the file is no video.
            FaceError: no face is seen in most of it, or it is too small.
            InputError: the video has too few frames per second.
        """
        facts = probe(path)
        if facts.fps < MIN_FPS:
            raise InputError(f"{path} has {facts.fps:.1f} frames per second; a mouth needs at least {MIN_FPS:g}.")
        total = facts.frame_count or max(1, round(facts.duration_s * facts.fps))
        with named(path):
            found = track_face(track(read_video_frames(path), "follow the face", total, progress), facts.fps, face)
        heights = np.linalg.norm(found.points_px[:, _CHIN] - found.points_px[:, _FOREHEAD], axis=1)
        if np.median(heights) < MIN_FACE_PX:
            raise FaceError(
                f"{path} shows a face of {np.median(heights):.0f} px, too small to move; give a video with at least "
                f"{MIN_FACE_PX} px from chin to forehead."
            )
        poses = _steadied(head_poses(found.points_px))
        return cls(path, found, poses, _rest_frame(found, poses))

    def __len__(self) -> int:
        return len(self.face.points_px)

    def check_length(self, line_s: float) -> None:
        """Refuse a line that goes on when the video has ended.

        Raises:
            InputError: it is more than half a second longer.
        """
        check_length(self.path, len(self) / self.face.fps, line_s)

    def rest_image(self) -> UInt8[np.ndarray, "h w 3"]:
        """Return the picture of the frame at rest."""
        for number, frame in enumerate(read_video_frames(self.path)):
            if number == self.rest:
                return frame
        raise InputError(f"{self.path} has become shorter while it was read; leave it as it is and try again.")


def check_length(path: Path, length_s: float, line_s: float) -> None:
    """Refuse a line that goes on when a video of `length_s` has ended.

    Raises:
        InputError: it is more than half a second longer.
    """
    if line_s > length_s + _LATE_S:
        raise InputError(
            f"The line lasts {line_s:.1f} s, but {path.name} only {length_s:.1f} s; give a longer video or a shorter "
            "line."
        )


def check_line(portrait: Path, line_s: float) -> None:
    """Refuse a line that is longer than the video of a portrait, before the video is looked through.

    Raises:
        InputError: it is.
    """
    if is_footage(portrait):
        check_length(portrait, probe(portrait).duration_s, line_s)


def is_footage(path: Path) -> bool:
    """Whether a portrait is a video and no picture, by its name."""
    return path.suffix.lower() in SUFFIXES


def _rest_frame(face: FaceTrack, poses: HeadPoses) -> int:
    points = face.points_px / poses.scale[:, np.newaxis, np.newaxis]  # cm
    parted = np.linalg.norm(points[:, _LOWER_LIP] - points[:, _UPPER_LIP], axis=1)
    opened = np.linalg.norm(points[:, _LOWER_LIDS] - points[:, _UPPER_LIDS], axis=2).mean(axis=1)
    aside = np.abs(poses.angles_deg[:, :2]).max(axis=1) / _FRONT_DEG
    blinking = np.maximum(np.median(opened) - opened, 0.0)
    return int(np.argmin(parted + blinking + 0.1 * np.square(aside) + 10.0 * ~face.found))


def _steadied(poses: HeadPoses) -> HeadPoses:
    from scipy.ndimage import gaussian_filter1d

    def smooth(values: Float[np.ndarray, "frames *n"]) -> Float[np.ndarray, "frames *n"]:
        return gaussian_filter1d(values, _STEADY_FRAMES, axis=0, mode="nearest")

    left, _, right = np.linalg.svd(smooth(poses.rotation))  # the rotations nearest to the means
    return HeadPoses(left @ right, smooth(poses.scale), smooth(poses.shift_px))

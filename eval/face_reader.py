"""Reads mouth opening off video frames with Google's face landmarker, whose model file the user brings."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from espressivo.errors import MissingDependencyError

# MediaPipe's mesh: inner lips (pairs from corner to corner), outer lips, chin, nose tip, outer eye corners.
_INNER_UPPER = (81, 82, 13, 312, 311)
_INNER_LOWER = (178, 87, 14, 317, 402)
_OUTER_LIPS = (0, 17)
_CHIN_NOSE = (152, 1)
_EYE_CORNERS = (33, 263)
_MAX_MISSED = 0.2


@dataclass(frozen=True)
class MouthCurves:
    """What is seen of the mouth, one value per frame, in units of the distance between the outer eye corners."""

    inner: Float[np.ndarray, "frames"]
    """Mean gap between the inner lips."""
    jaw_lip: Float[np.ndarray, "frames"]
    """Mean of the z-scores of outer lip height and chin-to-nose distance: the steadiest signal for a lag."""
    missed: float
    """Share of frames in which no face was found (filled by interpolation)."""


def read_mouth(frames: Iterable[UInt8[np.ndarray, "h w 3"]], landmarker: Path) -> MouthCurves:
    """Follow the mouth through `frames`.

    Raises:
        MissingDependencyError: mediapipe is not installed or the model file is not there.
        ValueError: no face is found in more than a fifth of the frames.
    """
    try:
        import mediapipe as mp  # pyright: ignore[reportMissingImports] - the `measure` extra
        from mediapipe.tasks import python as tasks  # pyright: ignore[reportMissingImports]
        from mediapipe.tasks.python import vision  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise MissingDependencyError("Reading faces needs mediapipe: pip install 'espressivo[measure]'.") from None
    if not landmarker.is_file():
        raise MissingDependencyError(
            f"{landmarker} is missing: give the file face_landmarker_v2_with_blendshapes.task."
        )
    options = vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(landmarker)),
        # Frame by frame: the video mode smooths over time, which delays the mouth and opens closed lips.
        running_mode=vision.RunningMode.IMAGE,
        min_face_detection_confidence=0.3,
    )
    points: list[np.ndarray | None] = []
    with vision.FaceLandmarker.create_from_options(options) as reader:
        for frame in frames:
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(frame))
            found = reader.detect(image).face_landmarks
            scale = np.array([frame.shape[1], frame.shape[0], frame.shape[1]])
            points.append(np.array([(p.x, p.y, p.z) for p in found[0]]) * scale if found else None)
    return _curves(points)


def _curves(points: list[np.ndarray | None]) -> MouthCurves:
    seen = [index for index, mesh in enumerate(points) if mesh is not None]
    missed = 1 - len(seen) / max(len(points), 1)
    if missed > _MAX_MISSED:
        raise ValueError(f"no face in {missed:.0%} of the frames")
    meshes = np.stack([mesh for mesh in points if mesh is not None])
    unit = _distance(meshes, *_EYE_CORNERS)
    inner = np.mean([_distance(meshes, a, b) for a, b in zip(_INNER_UPPER, _INNER_LOWER, strict=True)], axis=0) / unit
    height, jaw = _distance(meshes, *_OUTER_LIPS) / unit, _distance(meshes, *_CHIN_NOSE) / unit
    frames = np.arange(len(points))
    return MouthCurves(
        inner=np.interp(frames, seen, inner),
        jaw_lip=np.interp(frames, seen, (_standard(height) + _standard(jaw)) / 2),
        missed=missed,
    )


def _distance(meshes: Float[np.ndarray, "frames points 3"], a: int, b: int) -> Float[np.ndarray, "frames"]:
    return np.linalg.norm(meshes[:, a] - meshes[:, b], axis=1)


def _standard(curve: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    return (curve - curve.mean()) / (curve.std() + 1e-9)

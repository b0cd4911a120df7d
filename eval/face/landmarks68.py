"""The 68 landmarks of the dlib scheme on the 468-point mesh, and distances between landmarks of two clips."""

import numpy as np
from jaxtyping import Float

from espressivo.eval.metric import Metric, NotMeasured, Values

# One row per part: jaw, right and left brow, nose ridge and base, right and left eye, outer and inner lips.
MESH_TO_68: tuple[int, ...] = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(71, 63, 105, 66, 107),
    *(336, 296, 334, 293, 301),
    *(168, 197, 5, 4),
    *(75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144),
    *(362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
)
"""Points of the mesh that stand for the 68, in their order; left and right are the subject's."""

MOUTH = slice(48, 68)
CROP_PX = 256.0
"""Side of the crop that distances in pixels refer to."""
_CROP_MARGIN = 1.25

METRICS: tuple[Metric, ...] = (
    Metric(
        "mouth_lmd_px",
        "M-LMD",
        "face",
        "lower",
        "Mean distance of the 20 mouth landmarks from the real clip's, each frame's landmarks centred on their own "
        f"mean, in pixels of a {CROP_PX:.0f} px face crop; after EAT's test_lmd.py, without its sum over points.",
        unit="px",
        decimals=2,
    ),
    Metric(
        "face_lmd_px",
        "F-LMD",
        "face",
        "lower",
        "The same over all 68 landmarks. EAT's script adds the mouth's distance to the face's by mistake.",
        unit="px",
        decimals=2,
    ),
)


def landmark_distance(one: Float[np.ndarray, "frames points 2"], other: Float[np.ndarray, "frames2 points 2"]) -> float:
    """Return the mean distance of corresponding landmarks, each frame's set centred on its own mean (no scale or turn).

    Frames are paired as the peer does: both clips are walked through evenly in as many steps as the shorter one has.
    """
    count = min(len(one), len(other))
    a, b = (clip[np.linspace(0, len(clip), count, endpoint=False).astype(int)] for clip in (one, other))
    a, b = (clip - clip.mean(axis=1, keepdims=True) for clip in (a, b))
    return float(np.linalg.norm(a - b, axis=2).mean())


def in_crop(points_px: Float[np.ndarray, "frames 468 _"]) -> Float[np.ndarray, "frames 68 2"]:
    """Return the 68 landmarks in pixels of an upright square crop around the face, `CROP_PX` wide.

    The crop is a quarter wider than the landmarks of that frame, so that distance to the camera does not count.
    """
    points = np.asarray(points_px)[:, list(MESH_TO_68), :2].astype(np.float64)
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    side = (high - low).max(axis=2, keepdims=True) * _CROP_MARGIN
    return (points - (low + high) / 2) / side * CROP_PX + CROP_PX / 2


def measure_landmarks(
    points_px: Float[np.ndarray, "frames 468 _"], real_px: Float[np.ndarray, "frames2 468 _"] | None
) -> Values:
    """Apply `METRICS` to a mesh and that of the real clip, both at one frame rate."""
    if real_px is None:
        return {metric.name: NotMeasured("needs the real clip (--real)") for metric in METRICS}
    one, other = in_crop(points_px), in_crop(real_px)
    return {
        "mouth_lmd_px": landmark_distance(one[:, MOUTH], other[:, MOUTH]),
        "face_lmd_px": landmark_distance(one, other),
    }

"""How the head moves, from the pose that the face mesh has in every frame."""

import numpy as np

from espressivo.conditioning.faces.pose import head_poses
from espressivo.conditioning.faces.track import FaceTrack
from espressivo.eval.face.theval import head_dynamics
from espressivo.eval.metric import Metric, NotMeasured, Values

METRICS: tuple[Metric, ...] = (
    Metric(
        "head_range_deg",
        "head range",
        "face",
        "reference",
        "Distance from the 5th to the 95th percentile of pitch, yaw and roll, mean of the three; pose from the rigid "
        "parts of the face mesh.",
        unit="°",
        decimals=1,
    ),
    Metric(
        "head_diversity_deg",
        "head diversity",
        "face",
        "reference",
        "Standard deviation of pitch, yaw and roll over the clip, mean of the three. SadTalker-style tables state the "
        "deviation of Hopenet's features, which is another number.",
        unit="°",
        decimals=2,
    ),
    Metric(
        "head_dynamics_mesh",
        "head dynamics (mesh)",
        "face",
        "reference",
        "THEval's head motion with this pose and the centre of the face in pixels of a face 256 px wide; THEval takes "
        "both from FaceXFormer and RetinaFace.",
        decimals=2,
    ),
)
_STANDARD_FACE_PX = 256.0


def measure_head(track: FaceTrack) -> Values:
    """Apply `METRICS` to a face."""
    if len(track.points_px) < 3:
        return {metric.name: NotMeasured("needs three frames") for metric in METRICS}
    angles = head_poses(track.points_px).angles_deg
    low, high = np.percentile(angles, [5, 95], axis=0)
    corners = track.points_px[:, :, :2].min(axis=1), track.points_px[:, :, :2].max(axis=1)
    width = np.median(corners[1][:, 0] - corners[0][:, 0])
    centres = (corners[0] + corners[1]) / 2 / width * _STANDARD_FACE_PX
    return {
        "head_range_deg": float((high - low).mean()),
        "head_diversity_deg": float(angles.std(axis=0).mean()),
        "head_dynamics_mesh": head_dynamics(angles, centres),
    }

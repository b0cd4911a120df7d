"""The way of a picture through face-api: detector, landmarks, expression and identity."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from espressivo.conditioning.faces.faceapi import weights
from espressivo.conditioning.faces.faceapi.boxes import Box, cut, face_box, identity_box
from espressivo.conditioning.faces.faceapi.detector import detect
from espressivo.conditioning.faces.faceapi.expression import SIDE_PX
from espressivo.conditioning.faces.faceapi.landmarks import read_landmarks
from espressivo.conditioning.faces.faceapi.preprocessing import face_batch
from espressivo.conditioning.faces.faceapi.recognition import describe
from espressivo.conditioning.judging import judging


@dataclass(frozen=True, eq=False)
class Face:
    """All that face-api says of one face."""

    box: Box
    score: float
    landmarks_px: Float[np.ndarray, "68 2"]
    face_box: Box
    identity_box: Box
    expression: Float[np.ndarray, "7"]
    """Probabilities in the order of `FaceExpressionNet`, uncalibrated as published."""
    descriptor: Float[np.ndarray, "128"]


def read_faces(image: UInt8[np.ndarray, "h w 3"], threshold: float = 0.5) -> list[Face]:
    """Return the faces of an RGB picture, the surest first.

    Args:
        image: RGB.
        threshold: lowest score of a detection.
    """
    faces = []
    for detection in detect(weights.detector(), image, threshold=threshold):
        crop = cut(image, detection.box)
        relative = read_landmarks(weights.landmark_net(), [crop])[0].astype(np.float64)
        # The crop was rounded down to whole pixels, but the points are put back from where the box was before.
        points = relative * (crop.shape[1], crop.shape[0]) + (detection.box.x, detection.box.y)
        around, aligned = face_box(points), identity_box(points)
        with judging():
            logits = weights.expression_net()(face_batch([cut(image, around)], SIDE_PX))[0]
        faces.append(
            Face(
                box=detection.box,
                score=detection.score,
                landmarks_px=points,
                face_box=around,
                identity_box=aligned,
                expression=logits.softmax(dim=0).numpy(),
                descriptor=identity_descriptor(image, points),
            )
        )
    return faces


def identity_descriptor(
    image: UInt8[np.ndarray, "h w 3"], points_px: Float[np.ndarray, "68 _"]
) -> Float[np.ndarray, "128"]:
    """Describe whose face has its 68 landmarks at `points_px` (only x and y count).

    Raises:
        ValueError: the face lies outside the picture.
    """
    return describe(weights.recognition_net(), [cut(image, identity_box(points_px[:, :2]))])[0]

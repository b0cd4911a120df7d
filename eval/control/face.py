"""Attributes of a moving face, measured on the shipped default head. Pure functions of a `FaceMotion`."""

from functools import cache, lru_cache

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.prosody import Prosody, analyse_prosody
from espressivo.conditioning.speech import Speech
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.rig import Head, load_head

FPS = 25.0
MOUTH_MARKS = ("mouth_left", "mouth_right")
BROW_MARKS = ("brow_inner_left", "brow_outer_left", "brow_inner_right", "brow_outer_right")

_LIVELY = [ARKIT_NAMES.index(name) for name in ARKIT_NAMES if name.startswith(("eyeBlink", "eyeLook"))]
_EYE_REGION = [ARKIT_NAMES.index(name) for name in ARKIT_NAMES if name.startswith(("eyeSquint", "eyeWide", "cheekSq"))]
_EVERY_VERTEX = 7
_BLINK_CLOSED = 0.5


def expression_mm(motion: FaceMotion, neutral: FaceMotion) -> Float[np.ndarray, "frames"]:
    """Return how far the face stands from the neutral take of the same line, mean over the head, frame by frame.

    The head is held still; blinks and the lids' following of the gaze are left out, since those belong to liveliness.
    """
    change = (motion.weights - neutral.weights).astype(float)
    change[:, _LIVELY] = 0
    moved = (change @ _dense_shapes_mm()).reshape(len(change), -1, 3)
    return np.linalg.norm(moved, axis=2).mean(axis=1)


def mean_move_mm(motion: FaceMotion, neutral: FaceMotion, marks: tuple[str, ...]) -> float:
    """Return how far landmarks of the head stand from the neutral take's, mean over frames and landmarks."""
    change = (motion.weights - neutral.weights).astype(float)
    change[:, _LIVELY] = 0
    moved = (change @ _landmark_shapes_mm(marks)).reshape(len(change), -1, 3)
    return float(np.linalg.norm(moved, axis=2).mean())


def eye_region_change(motion: FaceMotion, neutral: FaceMotion) -> float:
    """Return the mean change of the lids' and cheeks' weights (squint, wide, cheek) from the neutral take."""
    return float(np.abs(motion.weights - neutral.weights)[:, _EYE_REGION].mean())


def mouth_opening_mm(motion: FaceMotion) -> Float[np.ndarray, "frames"]:
    """Return the gap between the lips, 0 where they touch."""
    return np.maximum(_head().lip_gap_mm(motion.weights), 0).astype(float)


def jaw_drop_mm(motion: FaceMotion) -> Float[np.ndarray, "frames"]:
    """Return by how much the chin stands lower than at rest."""
    return -(motion.weights.astype(float) @ _landmark_shapes_mm(("chin",))[:, 1])


def lip_shape(motion: FaceMotion) -> Float[np.ndarray, "frames"]:
    """Return lip spreading minus rounding: mean of stretch and smile, less funnel and pucker."""
    spreading = ("mouthStretchLeft", "mouthStretchRight", "mouthSmileLeft", "mouthSmileRight")
    wide = motion.weights[:, [CHANNEL[name] for name in spreading]].sum(axis=1) / 2
    return (wide - motion.channel("mouthFunnel") - motion.channel("mouthPucker")).astype(float)


def opening_per_loudness_mm(motion: FaceMotion, speech: Speech) -> float:
    """Return the slope of mouth opening on loudness (0 to 1) while there is speech; 0 if loudness never changes."""
    prosody = _prosody(speech)
    speaking = prosody.at("speaking", motion.times_s) > 0
    loudness = prosody.at("loudness", motion.times_s)[speaking]
    if not len(loudness) or np.ptp(loudness) == 0:
        return 0.0
    centred = loudness - loudness.mean()
    return float(centred @ mouth_opening_mm(motion)[speaking] / (centred @ centred))


def blinks_per_minute(motion: FaceMotion) -> float:
    """Return how often both lids close more than half."""
    lids = np.minimum(motion.channel("eyeBlinkLeft"), motion.channel("eyeBlinkRight"))
    closed = np.concatenate([[False], lids > _BLINK_CLOSED])
    return float(np.count_nonzero(closed[1:] & ~closed[:-1]) / motion.duration_s * 60)


def gaze_travel_deg_s(motion: FaceMotion) -> float:
    """Return the angle that the gaze covers in a second."""
    steps = np.linalg.norm(np.diff(motion.gaze_rad.astype(float), axis=0), axis=1)
    return float(np.degrees(steps.sum()) / motion.duration_s)


def head_motion_deg(motion: FaceMotion) -> float:
    """Return the root of the summed variances of the three angles of the head."""
    return float(np.degrees(np.sqrt(motion.head_rad.astype(float).var(axis=0).sum())))


def spread(curve: Float[np.ndarray, "frames"]) -> float:
    """Return the range between the 5th and the 95th percentile: what the curve covers, without single frames."""
    low, high = np.percentile(curve, (5, 95))
    return float(high - low)


@lru_cache(maxsize=64)
def _prosody(speech: Speech) -> Prosody:
    return analyse_prosody(speech)


@cache
def _head() -> Head:
    return load_head()


@cache
def _dense_shapes_mm() -> Float[np.ndarray, "52 coordinates"]:
    """The shapes on every seventh vertex of the head."""
    vertices = np.arange(0, len(_head().vertices_m), _EVERY_VERTEX)
    return _shapes_mm(vertices)


@cache
def _landmark_shapes_mm(marks: tuple[str, ...]) -> Float[np.ndarray, "52 coordinates"]:
    return _shapes_mm(np.array([_head().landmarks[name] for name in marks]))


def _shapes_mm(vertices: np.ndarray) -> Float[np.ndarray, "52 coordinates"]:
    rows = (3 * vertices[:, None] + np.arange(3)).ravel()
    return np.asarray(_head().shapes[rows].toarray(), float).T * 1e3

"""Twelve numbers that say in what manner a body moves, whatever it does."""

import numpy as np
from jaxtyping import Float

from espressivo.eval.gesture.dynamics import WRISTS, body_positions, magnitude
from espressivo.generators.gesture.joints import JOINT
from espressivo.generators.gesture.motion import BodyMotion

FPS = 30.0
LEAST_FRAMES = 10

KINEMATICS = (
    "log_speed",
    "log_speed_p95",
    "log_acceleration",
    "log_jerk",
    "hand_height_max_m",
    "hand_height_mean_m",
    "reach_m",
    "hands_apart_m",
    "lean_rad",
    "head_pitch_rad",
    "elbow_rad",
    "shoulder_height_m",
)
"""What `kinematics` gives: speed, acceleration and jerk of the wrists; heights above the pelvis; angles + forward/down;
the elbow at pi is straight."""

_LEAST = 1e-3
_SHOULDERS = (JOINT["left_shoulder"], JOINT["right_shoulder"])
_ELBOWS = (JOINT["left_elbow"], JOINT["right_elbow"])


def kinematics(motion: BodyMotion) -> Float[np.ndarray, "12"]:
    """Return the numbers named in `KINEMATICS`, at 30 fps and seen from the pelvis. 10 frames are needed.

    Raises:
        ValueError: the motion is shorter.
    """
    at_rate = motion.resampled(FPS)
    if len(at_rate) < LEAST_FRAMES:
        raise ValueError(f"{len(at_rate)} frames are too few, expected {LEAST_FRAMES} or more.")
    places = body_positions(at_rate)
    wrists, elbows, shoulders = (places[:, list(joints)] for joints in (WRISTS, _ELBOWS, _SHOULDERS))
    speed = magnitude(places, FPS, 1)
    height = wrists[..., 1].max(axis=1)
    trunk, head = places[:, JOINT["neck"]], places[:, JOINT["head"]] - places[:, JOINT["neck"]]
    bend = _angle(shoulders - elbows, wrists - elbows)
    rates = np.array([speed.mean(), np.percentile(speed, 95), *(magnitude(places, FPS, k).mean() for k in (2, 3))])
    return np.array(
        [
            *np.log(rates + _LEAST),
            height.max(),
            height.mean(),
            np.linalg.norm(wrists - shoulders, axis=-1).max(axis=1).mean(),
            np.linalg.norm(wrists[:, 0] - wrists[:, 1], axis=-1).mean(),
            np.arctan2(trunk[:, 2], trunk[:, 1]).mean(),
            np.arctan2(head[:, 2], head[:, 1]).mean(),
            bend.mean(),
            (shoulders[..., 1].mean(axis=1) - places[:, JOINT["spine3"], 1]).mean(),
        ]
    )


def _angle(a: Float[np.ndarray, "*shape 3"], b: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape"]:
    cosine = (a * b).sum(axis=-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))
    return np.arccos(np.clip(cosine, -1, 1))

"""Gestures made up for tests: a standing body that swings its arms."""

import numpy as np

from espressivo.generators.gesture.joints import JOINT
from espressivo.generators.gesture.motion import BodyMotion

_REST = {
    "left_shoulder": (0.06, -0.48, -0.97),
    "right_shoulder": (0.16, 0.42, 1.07),
    "left_elbow": (0.11, -0.29, -0.33),
    "right_elbow": (0.18, 0.37, 0.08),
}
"""A neutral stance, arms hanging."""


def standing(frames: int, fps: float = 30.0) -> BodyMotion:
    """Make a body that stands still."""
    poses = np.zeros((frames, 55, 3))
    for joint, vector in _REST.items():
        poses[:, JOINT[joint]] = vector
    return BodyMotion(poses, np.tile([0.0, 0.9, 0.0], (frames, 1)), fps)


def gesturing(
    seconds: float = 10.0, rate_hz: float = 1.0, size: float = 1.0, fps: float = 30.0, seed: int = 0
) -> BodyMotion:
    """Make a body that swings arms and trunk about `rate_hz` times a second, each joint in its own time and way.

    It is made of smooth functions of time, so another `fps` shows the same motion.
    """
    rng = np.random.default_rng(seed)
    still = standing(round(seconds * fps), fps)
    poses = still.poses_rad.astype(np.float64)
    for joint in ("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "spine2", "neck", "left_knee"):
        reach = 0.25 if joint in _REST else 0.05
        rates, phases = rate_hz * rng.uniform(0.5, 1.2, 3), rng.uniform(0, 2 * np.pi, 3)
        swing = np.sin(2 * np.pi * rates * still.times_s[:, None] + phases)
        poses[:, JOINT[joint]] += size * reach * swing * rng.uniform(0.3, 1.0, 3)
    return BodyMotion(poses, still.translation_m, fps)


def with_noise(motion: BodyMotion, level_rad: float, seed: int = 0) -> BodyMotion:
    """Shake every joint of the body anew in each frame."""
    poses = motion.poses_rad.copy()
    poses[:, :22] += np.random.default_rng(seed).normal(0, level_rad, poses[:, :22].shape)
    return BodyMotion(poses, motion.translation_m, motion.fps)

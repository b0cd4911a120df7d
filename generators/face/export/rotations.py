"""Head rotation in the conventions of other programs."""

import numpy as np
from jaxtyping import Float


def yaw_pitch_roll(head_rad: Float[np.ndarray, "frames 3"]) -> Float[np.ndarray, "frames 3"]:
    """Turn angles about X, then Y, then Z (`FaceMotion`) into right-handed yaw (Y), pitch (X) and roll (Z).

    Yaw, pitch and roll turn the head in the opposite order, roll first, as a rotator of Unreal does.
    """
    from scipy.spatial.transform import Rotation

    roll_pitch_yaw = Rotation.from_euler("xyz", head_rad).as_euler("zxy")
    return roll_pitch_yaw[:, [2, 1, 0]]


def head_rad_from(yaw_pitch_roll_rad: Float[np.ndarray, "frames 3"]) -> Float[np.ndarray, "frames 3"]:
    """The inverse of `yaw_pitch_roll`."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_euler("zxy", yaw_pitch_roll_rad[:, [2, 1, 0]]).as_euler("xyz")


def quaternions(head_rad: Float[np.ndarray, "frames 3"]) -> Float[np.ndarray, "frames 4"]:
    """Unit quaternions x, y, z, w of the same rotations, each on the side of the one before.

    Without the latter a player that interpolates between two frames would turn the long way round.
    """
    from scipy.spatial.transform import Rotation

    quats = Rotation.from_euler("xyz", head_rad).as_quat()
    flips = np.where((quats[1:] * quats[:-1]).sum(axis=1) < 0, -1.0, 1.0)
    quats[1:] *= np.cumprod(flips)[:, None]
    return quats

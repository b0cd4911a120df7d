"""Rotations of joints: vectors, matrices, six numbers, and the heading of a body."""

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation


def matrices_from(rotation_vectors: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape 3 3"]:
    """Turn rotation vectors (rad) into matrices."""
    shape = rotation_vectors.shape[:-1]
    return Rotation.from_rotvec(rotation_vectors.reshape(-1, 3).astype(np.float64)).as_matrix().reshape(*shape, 3, 3)


def vectors_from(matrices: Float[np.ndarray, "*shape 3 3"]) -> Float[np.ndarray, "*shape 3"]:
    """Turn rotation matrices into rotation vectors (rad) no longer than pi."""
    shape = matrices.shape[:-2]
    return Rotation.from_matrix(matrices.reshape(-1, 3, 3)).as_rotvec().reshape(*shape, 3)


def six_numbers(matrices: Float[np.ndarray, "*shape 3 3"]) -> Float[np.ndarray, "*shape 6"]:
    """Return the first two rows of each matrix, row by row: the continuous 6-D form as pytorch3d orders it.

    Source: Zhou et al., "On the Continuity of Rotation Representations in Neural Networks" (2019), section 4.2; they
    and many others take columns.
    """
    return matrices[..., :2, :].reshape(*matrices.shape[:-2], 6)


def heading(matrices: Float[np.ndarray, "frames 3 3"]) -> Float[np.ndarray, "frames"]:
    """Return the angle (rad) about +Y by which each rotation is turned: the twist part of swing and twist."""
    quaternions = Rotation.from_matrix(matrices).as_quat()
    return 2 * np.arctan2(quaternions[:, 1], quaternions[:, 3])


def without_heading(matrices: Float[np.ndarray, "frames 3 3"]) -> Float[np.ndarray, "frames 3 3"]:
    """Turn each rotation back about +Y so that it faces +Z; its lean stays."""
    turned_back = Rotation.from_rotvec(-heading(matrices)[:, None] * np.array([0.0, 1.0, 0.0])).as_matrix()
    return turned_back @ matrices


def interpolate(
    rotation_vectors: Float[np.ndarray, "frames joints 3"], at: Float[np.ndarray, "moments"]
) -> Float[np.ndarray, "moments joints 3"]:
    """Return the rotations at fractional frames `at`, on the shortest way between the two frames beside each."""
    before = np.clip(np.floor(at).astype(int), 0, len(rotation_vectors) - 1)
    after = np.minimum(before + 1, len(rotation_vectors) - 1)
    shape = rotation_vectors[before].shape
    first = Rotation.from_rotvec(rotation_vectors[before].reshape(-1, 3).astype(np.float64))
    second = Rotation.from_rotvec(rotation_vectors[after].reshape(-1, 3).astype(np.float64))
    share = np.broadcast_to((at - before)[:, None, None], (*shape[:2], 1)).reshape(-1, 1)
    turn = Rotation.from_rotvec((first.inv() * second).as_rotvec() * share)
    return (first * turn).as_rotvec().reshape(shape)

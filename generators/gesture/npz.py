"""BodyMotion as the npz that SMPL-X tools share (AMASS, AMUSE, EMAGE), without loss."""

import io
import zipfile
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError
from espressivo.generators.gesture.joints import BODY_JOINTS, JOINTS
from espressivo.generators.gesture.motion import BodyMotion
from espressivo.media.whole_file import write_whole

Up = Literal["y", "z"]
"""The axis that points up: Y in this program, AMUSE and BEAT; Z in the files of AMASS."""

_RATES = ("mocap_frame_rate", "mocap_framerate")
_MAX_UNPACKED_BYTES = 1 << 30


def write_body_npz(path: Path, motion: BodyMotion) -> None:
    """Write `poses` (T, 165), `trans` (T, 3), `betas`, `gender` and the frame rate under both names in use; Y is up.

    Raises:
        OutputError: the file cannot be written.
    """
    archive = io.BytesIO()
    rate = np.float64(motion.fps)
    np.savez_compressed(
        archive,
        poses=motion.poses_rad.reshape(len(motion), -1),
        trans=motion.translation_m,
        betas=np.zeros(10, np.float32),
        gender=np.array("neutral"),
        mocap_frame_rate=rate,
        mocap_framerate=rate,
    )
    write_whole(path, archive.getvalue())


def read_body_npz(path: Path, up: Up = "y") -> BodyMotion:
    """Read a motion in SMPL-X joints: `poses` of 55 or 22 joints (flat or (T, joints, 3)), `trans` and the frame rate.

    `trans` is taken as the place of the pelvis; SMPL-X programs mean the place of the body's origin, which is a
    constant 0.35 m higher, so only heights above an unknown floor differ. Body shape (`betas`) is not read. Nothing in
    the file is executed.

    Args:
        path: the file.
        up: the axis that points up in it.

    Raises:
        InputError: the file is missing, damaged, too large, or holds no such motion.
    """
    try:
        with zipfile.ZipFile(path) as members:
            unpacked = sum(member.file_size for member in members.infolist())
        if unpacked > _MAX_UNPACKED_BYTES:
            raise InputError(f"{path} unpacks to more than {_MAX_UNPACKED_BYTES >> 20} MiB; give one take at a time.")
        with np.load(path, allow_pickle=False) as archive:
            rate = next((name for name in _RATES if name in archive), None)
            if rate is None or "poses" not in archive or "trans" not in archive:
                raise InputError(f"{path} lacks poses, trans or {_RATES[0]}; give a body motion in SMPL-X joints.")
            poses, translation, fps = archive["poses"], archive["trans"], float(archive[rate])
        motion = BodyMotion(_all_joints(poses), translation, fps)
    except (OSError, zipfile.BadZipFile, EOFError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise InputError(f"{path} cannot be read ({reason}); give a body motion in SMPL-X joints.") from error
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError, NotImplementedError) as error:
        raise InputError(f"{path} holds no body motion ({error}); give one in SMPL-X joints.") from error
    return motion if up == "y" else _y_up(motion)


def _all_joints(poses: np.ndarray) -> Float[np.ndarray, "frames 55 3"]:
    flat = poses.reshape(len(poses), -1) if len(poses) else poses.reshape(0, 0)
    known = flat.shape[1] // 3
    if flat.shape[1] % 3 or known not in (len(BODY_JOINTS), len(JOINTS)):
        raise ValueError(f"poses has shape {poses.shape}, expected 22 or 55 joints with 3 angles each")
    full = np.zeros((len(flat), len(JOINTS), 3), np.float32)
    full[:, :known] = flat.reshape(len(flat), known, 3)
    return full


def _y_up(motion: BodyMotion) -> BodyMotion:
    from espressivo.generators.gesture.rotations import matrices_from, vectors_from

    turn = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    poses = motion.poses_rad.copy()
    poses[:, 0] = vectors_from(turn @ matrices_from(motion.poses_rad[:, 0]))
    return BodyMotion(poses, motion.translation_m @ turn.T, motion.fps)

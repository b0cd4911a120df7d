"""FaceMotion as a NumPy archive, without loss."""

import io
import zipfile
from pathlib import Path

import numpy as np

from espressivo.errors import InputError
from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.face.motion import FaceMotion
from espressivo.media.whole_file import write_whole

_ARRAYS = ("weights", "head_rad", "gaze_rad", "fps", "names")
_MAX_UNPACKED_BYTES = 1 << 30


def write_motion_npz(path: Path, motion: FaceMotion) -> None:
    """Write `weights` (T, 52), `head_rad` (T, 3), `gaze_rad` (T, 2), `fps` and the 52 `names` of the columns.

    Raises:
        OutputError: the file cannot be written.
    """
    archive = io.BytesIO()
    np.savez_compressed(
        archive,
        weights=motion.weights,
        head_rad=motion.head_rad,
        gaze_rad=motion.gaze_rad,
        fps=np.float64(motion.fps),
        names=np.array(ARKIT_NAMES),
    )
    write_whole(path, archive.getvalue())


def read_motion_npz(path: Path) -> FaceMotion:
    """Read what `write_motion_npz` wrote; columns are found by name. Nothing in the file is executed.

    Raises:
        InputError: the file is missing, damaged, too large, or holds other arrays.
    """
    try:
        with zipfile.ZipFile(path) as members:
            unpacked = sum(member.file_size for member in members.infolist())
        if unpacked > _MAX_UNPACKED_BYTES:
            raise InputError(f"{path} unpacks to more than {_MAX_UNPACKED_BYTES >> 20} MiB; give one take at a time.")
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in _ARRAYS if name not in archive]
            if missing:
                raise InputError(f"{path} lacks {', '.join(missing)}; give a face motion of this program.")
            weights, head, gaze, fps, names = (archive[name] for name in _ARRAYS)
        columns = [names.tolist().index(name) for name in ARKIT_NAMES]
        return FaceMotion(weights[:, columns], head, gaze, float(fps))
    except (OSError, zipfile.BadZipFile, EOFError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise InputError(f"{path} cannot be read ({reason}); give a face motion of this program.") from error
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError, NotImplementedError) as error:
        raise InputError(f"{path} holds no face motion ({error}); give one of this program.") from error

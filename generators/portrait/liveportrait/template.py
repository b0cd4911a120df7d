"""Motion as a file: what a driver did, to be given to any portrait later."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError
from espressivo.generators.portrait.liveportrait.keypoints import ImplicitMotion
from espressivo.media.whole_file import unwritable, whole_file

_ARRAYS = {"exp": "exp", "rotation": "R", "scale": "scale", "t": "t"}
"""Our name -> the one that LivePortrait's templates use."""
_TAILS = {"rotation": (3, 3), "scale": (1,), "t": (3,)}
_MAX_BYTES = 2**30


@dataclass(frozen=True, eq=False)
class MotionTemplate:
    """How a face moved, without its shape; kept as an npz file: arrays only, nothing that could run."""

    exp: Float[np.ndarray, "frames k 3"]
    """As those of `ImplicitMotion`."""
    rotation: Float[np.ndarray, "frames 3 3"]
    scale: Float[np.ndarray, "frames 1"]
    t: Float[np.ndarray, "frames 3"]
    fps: float

    def __post_init__(self) -> None:
        frames = len(self.exp)
        if self.exp.ndim != 3 or self.exp.shape[2] != 3 or not frames:
            raise ValueError(f"MotionTemplate.exp has shape {self.exp.shape}, expected (frames, keypoints, 3).")
        for name, tail in _TAILS.items():
            if (found := getattr(self, name).shape) != (frames, *tail):
                raise ValueError(f"MotionTemplate.{name} has shape {found}, expected {(frames, *tail)}.")
        if not all(np.isfinite(getattr(self, name)).all() for name in _ARRAYS):
            raise ValueError("MotionTemplate holds values that are not finite.")
        if not 0 < self.fps < np.inf:
            raise ValueError(f"MotionTemplate.fps is {self.fps}, expected more than 0.")

    def __len__(self) -> int:
        return len(self.exp)

    @classmethod
    def of(cls, motion: ImplicitMotion, fps: float) -> Self:
        """Return what a face did, without its shape."""
        return cls(motion.exp, motion.rotation, motion.scale, motion.t, fps)

    def to_and_fro(self, frames: int, fps: float) -> "MotionTemplate":
        """Return so many frames at another rate: the motion, back to its start, and so on; each the one at its time."""
        there = np.minimum((np.arange(round(len(self) / self.fps * fps)) * self.fps / fps).astype(int), len(self) - 1)
        round_trip = np.concatenate([there, there[::-1]]) if len(there) else np.zeros(1, int)
        places = np.resize(round_trip, frames)
        return MotionTemplate(*(getattr(self, name)[places] for name in _ARRAYS), fps=fps)

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        arrays = {stored: getattr(self, name) for name, stored in _ARRAYS.items()}
        with whole_file(path) as partial:
            try:
                with partial.open("wb") as file:
                    np.savez_compressed(file, allow_pickle=False, fps=np.float32(self.fps), **arrays)
            except OSError as error:
                raise unwritable(path, error) from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read an npz file with the arrays exp, R, scale, t and fps, as `write` makes it.

        Raises:
            InputError: the file is missing or something else; a pickle is refused unread.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > _MAX_BYTES:
                raise InputError(f"{path} unpacks to more than {_MAX_BYTES >> 30} GiB; give a shorter motion.")
            with np.load(path, allow_pickle=False) as content:
                arrays = {name: content[stored].astype(np.float32) for name, stored in _ARRAYS.items()}
                return cls(**arrays, fps=float(content["fps"]))
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path} is no motion template; give an .npz file with exp, R, scale, t and fps (a template in a "
                "pickle is a program, which is not run)."
            ) from error

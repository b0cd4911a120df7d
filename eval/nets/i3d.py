"""The I3D that FVD is defined with (Carreira & Zisserman 2017), as StyleGAN-V and LatentSync run it.

It is published as `i3d_torchscript.pt` only. TorchScript is a program: opening and running it can do whatever this
process may. It is therefore opened only where a user said so (`--trust-programs`); see `espressivo.eval.brought`.
"""

import warnings
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8

from espressivo.conditioning.faces.detector import find_faces
from espressivo.conditioning.judging import judging
from espressivo.errors import InputError
from espressivo.eval.brought import SLOTS, why_missing
from espressivo.eval.metric import NotMeasured

SLOT = "i3d"
DIMENSIONS = 400
SIDE_PX = 224
FIRST, END = 20, 36
"""The frames of a clip that LatentSync looks at: 20 to 35, counted from 0, at the clip's own rate."""
TOO_SHORT = NotMeasured(f"shorter than the {END} frames that FVD looks at")


class I3D:
    """Gives 400 features of 16 frames. Building it opens and runs the program in the file.

    Raises:
        InputError: the file is no TorchScript, or does not take and give what I3D does.
    """

    def __init__(self, path: Path) -> None:
        with warnings.catch_warnings():
            # Torch advises against TorchScript in general.
            warnings.simplefilter("ignore")
            try:
                self._program = torch.jit.load(str(path), map_location="cpu").eval()
                told = self._run(np.zeros((END - FIRST, SIDE_PX, SIDE_PX, 3), np.uint8))
            except (RuntimeError, ValueError, TypeError, OSError) as error:
                lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
                raise InputError(_not_this(path, f"cannot be run as it is ({lines[-1].strip()[:120]})")) from None
        if not isinstance(told, torch.Tensor) or told.shape != (1, DIMENSIONS):
            shape = tuple(told.shape) if isinstance(told, torch.Tensor) else type(told).__name__
            raise InputError(_not_this(path, f"gives {shape} for one clip, not (1, {DIMENSIONS})"))

    def features(self, clip: UInt8[np.ndarray, "16 224 224 3"]) -> Float[np.ndarray, "400"]:
        """Return what it sees in 16 pictures of a face, RGB: values from 0 to 1 and no more, as LatentSync gives it."""
        return self._run(clip)[0].double().numpy()

    def _run(self, clip: UInt8[np.ndarray, "16 224 224 3"]) -> Any:
        pictures = torch.from_numpy(clip).permute(3, 0, 1, 2)[None].float() / 255
        with judging():
            return self._program(pictures, rescale=False, resize=False, return_features=True)


def brought_i3d(found: Mapping[str, Path]) -> I3D | NotMeasured:
    """Open the program that a user brought and trusts; or say what it needs.

    Raises:
        InputError: the file is there and is not this network.
    """
    return I3D(found[SLOT]) if SLOT in found else why_missing(SLOT)


def face_clip(
    frames: Iterable[UInt8[np.ndarray, "h w 3"]],
) -> UInt8[np.ndarray, "16 224 224 3"] | NotMeasured:
    """Cut the face out of the 16 frames that are looked at, each by the detector's own box, as LatentSync does.

    Of several faces the largest is taken, where LatentSync takes the surest.

    Returns:
        The faces, stretched to squares; or why there are none: too few frames, or one without a face.
    """
    faces = []
    for number, frame in enumerate(islice(frames, FIRST, END), start=FIRST):
        found = find_faces(frame)
        face = _cut(frame, found[0].box) if found else frame[:0]
        if not face.size:
            return NotMeasured(f"no face is found in frame {number}, which FVD looks at")
        faces.append(resized(face, SIDE_PX))
    return np.stack(faces) if len(faces) == END - FIRST else TOO_SHORT


def resized(image: UInt8[np.ndarray, "h w 3"], side_px: int) -> UInt8[np.ndarray, "side side 3"]:
    """Return a picture as a square of any size, every pixel the mean of the area that it covers (OpenCV's INTER_AREA).

    Raises:
        ValueError: the picture is empty.
    """
    height, width = image.shape[:2]
    if not (height and width):
        raise ValueError(f"A picture of {width} x {height} pixels cannot be resized.")
    rows, columns = _shares(height, side_px), _shares(width, side_px)
    mean = np.einsum("yh,hwc,xw->yxc", rows, image.astype(np.float64), columns, optimize=True)
    return np.rint(mean).clip(0, 255).astype(np.uint8)


def _cut(frame: UInt8[np.ndarray, "h w 3"], box: tuple[float, float, float, float]) -> UInt8[np.ndarray, "_h _w 3"]:
    """Return what a box holds; at the left and upper border it is moved inside, not cut, as LatentSync does."""
    left, top, right, bottom = box
    x, y = max(int(left), 0), max(int(top), 0)
    return frame[y : y + int(bottom - top), x : x + int(right - left)]


def _shares(length: int, pixels: int) -> Float[np.ndarray, "pixels length"]:
    """How much of each new pixel each old one covers; rows sum to 1."""
    edges = np.linspace(0, length, pixels + 1)
    old = np.arange(length)
    covered = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    return np.maximum(covered, 0) * (pixels / length)


def _not_this(path: Path, fault: str) -> str:
    slot = SLOTS[SLOT]
    return f"{path} is not {slot.name}: it {fault}; bring {slot.files[0]} of {slot.project}."

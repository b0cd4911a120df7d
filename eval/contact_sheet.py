"""One picture that shows what the face can do: `python -m espressivo.eval.contact_sheet SHEET.png`.

Rows: seven emotions at four intensities, fifteen visemes, eyes, views and mouths, the heads that ship.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.generators.face.arkit import weights_from
from espressivo.generators.face.expression.table import load_table
from espressivo.generators.face.render import FRONT, Backend, Camera, open_renderer
from espressivo.generators.face.rig import list_identities, load_head
from espressivo.generators.face.visemes import VISEME_WEIGHTS, VISEMES

EMOTIONS = ("happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
INTENSITIES = (0.0, 0.33, 0.66, 1.0)
COLUMNS = 7

_EYES = Camera(target_m=(0.0, 0.003, 0.1), height_m=0.13, field_of_view_rad=np.radians(8.5))
_MOUTH = Camera(target_m=(0.0, -0.06, 0.1), height_m=0.12, field_of_view_rad=np.radians(8.0))
_THREE_QUARTER = Camera(yaw_rad=0.6)
_SIDE = Camera(yaw_rad=1.4)


@dataclass(frozen=True)
class Cell:
    """One labelled picture of the sheet."""

    label: str
    weights: Float[np.ndarray, "52"]
    gaze_rad: tuple[float, float] = (0.0, 0.0)
    head_rad: tuple[float, float, float] = (0.0, 0.0, 0.0)
    camera: Camera = FRONT
    identity: str = "default"


def main(sheet: tyro.conf.Positional[Path], cell_px: int = 224, backend: Backend = "auto") -> None:
    """Draw the contact sheet.

    Args:
        sheet: PNG to write.
        cell_px: side of each picture, even.
        backend: renderer: auto, cpu or opengl.
    """
    pictures = [(cell, _draw(cell, cell_px, backend)) for cell in cells()]
    rows = -(-len(pictures) // COLUMNS)
    caption_px = 18
    canvas = Image.new("RGB", (COLUMNS * cell_px, rows * (cell_px + caption_px)), (18, 20, 24))
    pen = ImageDraw.Draw(canvas)
    for number, (cell, picture) in enumerate(pictures):
        x, y = number % COLUMNS * cell_px, number // COLUMNS * (cell_px + caption_px)
        canvas.paste(Image.fromarray(picture), (x, y))
        pen.text((x + cell_px // 2, y + cell_px + caption_px // 2), cell.label, (215, 220, 228), anchor="mm")
    sheet.parent.mkdir(parents=True, exist_ok=True)
    canvas.save(sheet)


def cells() -> Iterator[Cell]:
    """Yield the cells, row by row."""
    faces = load_table().mean
    for intensity in INTENSITIES:
        for emotion in EMOTIONS:
            weights = (intensity * faces[CATEGORIES.index(emotion)]).astype(np.float32)
            yield Cell(f"{emotion} {intensity:g}", weights)
    for name, weights in zip(VISEMES, VISEME_WEIGHTS, strict=True):
        yield Cell(f"viseme {name}", np.asarray(weights, np.float32), camera=_MOUTH)
    gazes = {
        "ahead": (0, 0),
        "performer's left": (0.35, 0),
        "performer's right": (-0.35, 0),
        "up": (0, -0.25),
        "down": (0, 0.25),
    }
    for name, gaze_rad in gazes.items():
        look = {"up": weights_from(eyeLookUp=0.6), "down": weights_from(eyeLookDown=0.6)}.get(name, weights_from())
        yield Cell(f"gaze {name}", look, gaze_rad, camera=_EYES)
    for phase in (0.25, 0.5, 0.75, 1.0):
        yield Cell(f"blink {phase:g}", weights_from(eyeBlink=phase), camera=_EYES)
    wide_smile = weights_from(mouthSmile=0.8, mouthUpperUp=0.3, cheekSquint=0.6, jawOpen=0.12, mouthLowerDown=0.2)
    yield Cell("smile", wide_smile, camera=_MOUTH)
    for name, camera in (("front", FRONT), ("three-quarter", _THREE_QUARTER), ("side", _SIDE)):
        yield Cell(f"smile, {name}", wide_smile, camera=camera)
    yield Cell("open, three-quarter", weights_from(jawOpen=0.6), camera=_THREE_QUARTER)
    yield Cell("head turned and bowed", weights_from(), head_rad=(0.2, 0.5, 0.0))
    yield Cell("head tilted", weights_from(), head_rad=(0.0, 0.0, 0.3))
    for identity in list_identities():
        yield Cell(f"head '{identity}'", weights_from(), camera=_THREE_QUARTER, identity=identity)


def _draw(cell: Cell, cell_px: int, backend: Backend) -> UInt8[np.ndarray, "height width 3"]:
    head = load_head(cell.identity)
    with open_renderer(head, cell_px, cell_px, backend, cell.camera) as renderer:
        return renderer.frame(cell.weights, np.array(cell.head_rad), np.array(cell.gaze_rad))


if __name__ == "__main__":
    tyro.cli(main)

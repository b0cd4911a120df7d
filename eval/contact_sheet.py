"""Pictures that show what the face can do: `python -m espressivo.eval.contact_sheet SHEET.jpg`.

The sheet "face" has rows of seven emotions at four intensities, fifteen visemes, eyes, blinks and views; "heads" has
the heads that ship, each with an emotion.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np
import tyro
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.generators.face.arkit import weights_from
from espressivo.generators.face.articulation.closure import LipGap, enforce_closures
from espressivo.generators.face.articulation.motion import SpeechMotion
from espressivo.generators.face.expression.table import load_table
from espressivo.generators.face.render import FRONT, Backend, Camera, open_renderer
from espressivo.generators.face.rig import list_identities, load_head
from espressivo.generators.face.visemes import VISEME_WEIGHTS, VISEMES

EMOTIONS = ("happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
INTENSITIES = (0.0, 0.33, 0.66, 1.0)

_FACE = Camera(target_m=(0.0, -0.02, 0.08), height_m=0.235)
_EYES = Camera(target_m=(0.0, 0.003, 0.1), height_m=0.13, field_of_view_rad=np.radians(8.5))
_MOUTH = Camera(target_m=(0.0, -0.06, 0.1), height_m=0.12, field_of_view_rad=np.radians(8.0))
_THREE_QUARTER = Camera(yaw_rad=0.6)
_SIDE = Camera(yaw_rad=1.4)


@dataclass(frozen=True)
class Cell:
    """One labelled picture of the sheet."""

    label: str
    weights: Float[np.ndarray, "52"]
    row: str
    """Cells of one name stand in one row, or in several full ones."""
    gaze_rad: tuple[float, float] = (0.0, 0.0)
    head_rad: tuple[float, float, float] = (0.0, 0.0, 0.0)
    camera: Camera = FRONT
    identity: str = "default"


def main(
    sheet: tyro.conf.Positional[Path],
    show: Literal["face", "heads"] = "face",
    cell_px: int = 240,
    columns: int = 7,
    backend: Backend = "auto",
) -> None:
    """Draw the contact sheet.

    Args:
        sheet: picture to write, PNG or JPEG.
        show: what is on it.
        cell_px: side of each picture, even.
        columns: pictures in a row.
        backend: renderer: auto, cpu or opengl.
    """
    rows = [
        row
        for _, group in groupby(SHEETS[show](), key=lambda cell: cell.row)
        for cells in [list(group)]
        for row in (cells[start : start + columns] for start in range(0, len(cells), columns))
    ]
    caption_px = 20
    canvas = Image.new("RGB", (columns * cell_px, len(rows) * (cell_px + caption_px)), (18, 20, 24))
    pen = ImageDraw.Draw(canvas)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            left, top = x * cell_px, y * (cell_px + caption_px)
            canvas.paste(Image.fromarray(_draw(cell, cell_px, backend)), (left, top))
            place = (left + cell_px // 2, top + cell_px + caption_px // 2)
            pen.text(place, cell.label, (215, 220, 228), anchor="mm", font_size=13)
    sheet.parent.mkdir(parents=True, exist_ok=True)
    canvas.save(sheet, quality=90)


def heads() -> Iterator[Cell]:
    """Yield every head that ships, with an emotion."""
    faces = load_table().mean
    for identity, emotion in zip(list_identities(), ("neutral", *EMOTIONS), strict=False):
        weights = (0.8 * faces[CATEGORIES.index(emotion)]).astype(np.float32)
        yield Cell(f"{identity}: {emotion}", weights, "heads", camera=_FACE, identity=identity)


def face() -> Iterator[Cell]:
    """Yield what one head can do, row by row."""
    faces = load_table().mean
    for intensity in INTENSITIES:
        for emotion in EMOTIONS:
            weights = (intensity * faces[CATEGORIES.index(emotion)]).astype(np.float32)
            yield Cell(f"{emotion} {intensity:g}", weights, "emotions", camera=_FACE)
    for name, weights in zip(VISEMES[1:], _viseme_faces()[1:], strict=True):  # the first is silence: a face at rest
        yield Cell(f"viseme {name}", np.asarray(weights, np.float32), "visemes", camera=_MOUTH)
    gazes = {
        "ahead": (0, 0),
        "performer's left": (0.35, 0),
        "performer's right": (-0.35, 0),
        "up": (0, -0.25),
        "down": (0, 0.25),
    }
    for name, gaze_rad in gazes.items():
        look = {"up": weights_from(eyeLookUp=0.6), "down": weights_from(eyeLookDown=0.6)}.get(name, weights_from())
        yield Cell(f"gaze {name}", look, "eyes", gaze_rad, camera=_EYES)
    for phase in (0.5, 1.0):
        yield Cell(f"blink {phase:g}", weights_from(eyeBlink=phase), "eyes", camera=_EYES)
    smile = faces[CATEGORIES.index("happiness")].astype(np.float32)
    yield Cell("smile", smile, "views", camera=_MOUTH)
    for name, camera in (("front", FRONT), ("three-quarter", _THREE_QUARTER), ("side", _SIDE)):
        yield Cell(f"smile, {name}", smile, "views", camera=camera)
    yield Cell("open, three-quarter", weights_from(jawOpen=0.6), "views", camera=_THREE_QUARTER)
    yield Cell("head turned and bowed", weights_from(), "views", head_rad=(0.2, 0.5, 0.0))
    yield Cell("head tilted", weights_from(), "views", head_rad=(0.0, 0.0, 0.3))


SHEETS: dict[str, Callable[[], Iterator[Cell]]] = {"face": face, "heads": heads}


def _viseme_faces() -> Float[np.ndarray, "15 52"]:
    """Return the face of each viseme, with the contact that P, B, M and F, V make."""
    none = np.zeros(len(VISEMES))
    motion = SpeechMotion(
        weights=VISEME_WEIGHTS,
        closure=np.equal(VISEMES, "PP"),
        labiodental=np.equal(VISEMES, "FF"),
        sibilant=none,
        times_s=none,
    )
    return enforce_closures(motion.weights, motion, LipGap.of(load_head().lip_gap_mm))


def _draw(cell: Cell, cell_px: int, backend: Backend) -> UInt8[np.ndarray, "height width 3"]:
    head = load_head(cell.identity)
    with open_renderer(head, cell_px, cell_px, backend, cell.camera) as renderer:
        return renderer.frame(cell.weights, np.array(cell.head_rad), np.array(cell.gaze_rad))


if __name__ == "__main__":
    tyro.cli(main)

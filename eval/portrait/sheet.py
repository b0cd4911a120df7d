"""Pictures of what portraits do: `python -m espressivo.eval.portrait.sheet SHEET.jpg PORTRAITS...`.

The sheet "emotions" has a row per portrait: as it is, and six emotions; "intensity" has rows of one emotion at five
intensities; "turns" turns the head as far as it should go, without and with an emotion.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import tyro
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from espressivo.eval.portrait.faces import EMOTIONS, INTENSITIES, face_of, read_expression
from espressivo.eval.portrait.identity import TURNS_DEG
from espressivo.eval.portrait.sitters import read_sitters
from espressivo.eval.portrait.sitting import STRAIGHT, Sitting
from espressivo.generators.portrait.avatar.expression import PortraitExpression

SIZE = 512
_MARGIN = 0.36
"""Beyond the mesh of the face, in its height."""
_CAPTION_PX = 18
_PAPER = (18, 20, 24)
_INK = (215, 220, 228)

Frame = UInt8[np.ndarray, "size size 3"]
Show = Literal["emotions", "intensity", "turns"]


def main(
    sheet: tyro.conf.Positional[Path],
    portraits: tyro.conf.Positional[tuple[Path, ...]],
    show: Show = "emotions",
    expression: Path | None = None,
    strength: float = 1.0,
    cell_px: int = 160,
    quality: int = 86,
) -> None:
    """Draw the sheet.

    Args:
        sheet: picture to write, PNG or JPEG.
        portraits: folders with portraits, or single pictures.
        show: what is on it.
        expression: expression table; the one that ships if none is given.
        strength: intensity of the emotions of "emotions" and "turns".
        cell_px: side of each picture.
        quality: of a JPEG.
    """
    table = read_expression(expression)
    rows = []
    for sitter in read_sitters(portraits):
        sitting = Sitting.of(sitter, SIZE)
        rows += [
            [(label, _face(sitting, frame, cell_px)) for label, frame in row]
            for row in SHEETS[show](sitting, table, strength)
        ]
    columns = max(map(len, rows))
    canvas = Image.new("RGB", (columns * cell_px, len(rows) * (cell_px + _CAPTION_PX)), _PAPER)
    pen = ImageDraw.Draw(canvas)
    for y, row in enumerate(rows):
        for x, (label, picture) in enumerate(row):
            left, top = x * cell_px, y * (cell_px + _CAPTION_PX)
            canvas.paste(Image.fromarray(picture), (left, top))
            place = (left + cell_px // 2, top + cell_px + _CAPTION_PX // 2)
            pen.text(place, label, _INK, anchor="mm", font_size=12)
    sheet.parent.mkdir(parents=True, exist_ok=True)
    canvas.save(sheet, quality=quality)


Row = Iterator[tuple[str, Frame]]


def emotions(sitting: Sitting, table: PortraitExpression, strength: float) -> Iterator[Row]:
    """One row: the portrait as it is, and every emotion."""

    def row() -> Row:
        yield sitting.sitter.name, sitting.photo
        for emotion in EMOTIONS:
            yield emotion, sitting.frame(face_of(table, emotion, strength))

    yield row()


def intensity(sitting: Sitting, table: PortraitExpression, strength: float) -> Iterator[Row]:
    """A row per emotion, from nothing to `strength`."""
    for emotion in EMOTIONS:
        yield (
            (f"{emotion} {share * strength:g}", sitting.frame(face_of(table, emotion, share * strength)))
            for share in INTENSITIES
        )


def turns(sitting: Sitting, table: PortraitExpression, strength: float) -> Iterator[Row]:
    """Two rows: the head turned, without emotion and with one."""
    for emotion, weights in (("", np.zeros(52)), ("happiness", face_of(table, "happiness", strength))):
        yield (
            (f"{name} {emotion}", sitting.frame(weights, STRAIGHT + np.radians(angles_deg)))
            for name, angles_deg in TURNS_DEG.items()
        )


SHEETS: dict[Show, Callable[[Sitting, PortraitExpression, float], Iterator[Row]]] = {
    "emotions": emotions,
    "intensity": intensity,
    "turns": turns,
}


def _face(sitting: Sitting, frame: Frame, side: int) -> UInt8[np.ndarray, "side side 3"]:
    """Cut the face with its surroundings out of a frame."""
    points = sitting.avatar.fit.points_px[:, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    reach = (0.5 + _MARGIN) * (high - low).max()
    x, y = np.clip((low + high) / 2, reach, len(frame) - reach) if 2 * reach < len(frame) else (len(frame) / 2,) * 2
    reach = min(reach, len(frame) / 2)
    picture = Image.fromarray(frame)
    box = (x - reach, y - reach, x + reach, y + reach)
    return np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS, box))


if __name__ == "__main__":
    tyro.cli(main)

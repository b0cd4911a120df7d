"""A grid of small takes: the same line or length by every system, at every intensity, with every seed."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.demo import PORTRAIT, demo_lines, demo_request
from espressivo.errors import InputError
from espressivo.generators.base import Kind
from espressivo.generators.inputs import as_words
from espressivo.generators.registry import generator_class, list_generators
from espressivo.portraiture import PHOTOGRAPH
from espressivo.progress import ProgressCallback
from espressivo.take import Take
from espressivo.ui.studio.sessions import Session

if TYPE_CHECKING:
    from espressivo.performance import PerformanceRequest

MOST_CELLS = 24
USUAL_LINE = "joy"
FOLDER = ".grid"
"""Of a session: the cells of its last grid, numbered; no takes of the library unless they are kept."""
EMOTIONS = CATEGORIES[1:]
_SIZE_PX, _FPS = 192, 20.0
_BARS = 4
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Cell:
    """One small take of the grid."""

    system: str
    kind: Kind
    emotion: str
    intensity: float
    seed: int

    @property
    def label(self) -> str:
        """What it is, in a line."""
        return f"{self.system} · {self.emotion} {self.intensity:g} · seed {self.seed}"


def systems() -> dict[str, Kind]:
    """Return the registered generators that a grid can be made of, with their kinds."""
    return {
        listing.name: listing.spec.kind
        for listing in list_generators()
        if listing.ready and listing.spec is not None and listing.spec.kind in _MAKERS
    }


def cells_of(chosen: Sequence[str], emotion: str, intensities: str, seeds: str) -> list[Cell]:
    """Return the cells of a grid, system by system.

    Args:
        chosen: names of systems.
        emotion: one of `EMOTIONS`.
        intensities: numbers from 0 to 1, as they were typed.
        seeds: whole numbers, as they were typed.

    Raises:
        InputError: nothing is chosen, a number cannot be read, or there would be too many.
    """
    known = systems()
    if not chosen:
        raise InputError("No system is chosen; choose at least one.")
    unknown = next((name for name in chosen if name not in known), None)
    if unknown is not None:
        raise InputError(f"'{unknown[:40]}' is no system that a grid can be made of; choose one of the list.")
    if emotion not in EMOTIONS:
        raise InputError(f"'{emotion[:40]}' is no emotion of the grid; choose one of the list.")
    strengths = [_number(text, "intensity", 0, 1) for text in _parts(intensities, "intensity")]
    numbers = [int(_number(text, "seed", 0, _LARGEST_SEED)) for text in _parts(seeds, "seed")]
    count = len(set(chosen)) * len(strengths) * len(numbers)
    if count > MOST_CELLS:
        raise InputError(f"This grid would have {count} cells; at most {MOST_CELLS} are made, so leave some out.")
    return [
        Cell(system, known[system], emotion, strength, seed)
        for system, strength, seed in product(dict.fromkeys(chosen), strengths, numbers)
    ]


def lines() -> tuple[str, ...]:
    """Return the names of the lines that ship."""
    return demo_lines()


def line_of(session: Session, choice: str) -> Path | str:
    """Return what is said: a line that ships, by name, or the folder of a take whose line is said again.

    Raises:
        InputError: there is no such line or take, or the take holds no speech.
    """
    if choice in demo_lines():
        return choice
    take = session.take(choice)
    if not take.file("speech.wav").is_file():
        raise InputError("This take holds no speech to say again; choose a line, or a take of a face.")
    return take.folder


def make_cell(cell: Cell, line: Path | str, out: Path, progress: ProgressCallback) -> None:
    """Make one cell, for a worker.

    Raises:
        EspressivoError: it cannot be made.
    """
    _MAKERS[cell.kind](cell, line, out, progress)


def grid_cells(session: Session) -> list[Path]:
    """Return the folders of the last grid's finished cells, in their order."""
    folder = session.folder / FOLDER
    found = [path for path in folder.iterdir() if (path / "take.json").is_file()] if folder.is_dir() else []
    return sorted(found, key=lambda path: int(path.name.split("-", 1)[0]))


def label_of(cell: Path) -> str:
    """Return what a finished cell is, from its folder."""
    system, emotion, intensity, seed = cell.name.split("-", 1)[1].rsplit("-", 3)
    return Cell(system, "face", emotion, float(intensity), int(seed)).label


def _face(cell: Cell, line: Path | str, out: Path, progress: ProgressCallback) -> None:
    _perform(cell, _spoken(line), {"face": cell.system, "formats": ("mp4", "npz")}, out, progress)


def _portrait(cell: Cell, line: Path | str, out: Path, progress: ProgressCallback) -> None:
    """Move the picture of the take whose line is said again, as far as it has one; else ours."""
    about = {"portraitist": cell.system, "formats": ("npz",)} | _pictured(line)
    _perform(cell, _spoken(line), about, out, progress)


def _perform(
    cell: Cell, spoken: "PerformanceRequest", about: dict[str, Any], out: Path, progress: ProgressCallback
) -> None:
    from espressivo.performance import perform

    emotion = f"{cell.emotion}:{cell.intensity:g}"
    request = {"emotion": emotion, "seed": cell.seed, "size": _SIZE_PX, "fps": _FPS} | about
    perform(spoken.model_copy(update=request), out, progress=progress)


def _spoken(line: Path | str) -> "PerformanceRequest":
    if isinstance(line, str):
        return demo_request(line)
    take = Take.open(line)
    words = take.record["request"].get("transcript")
    said = {"speech": take.file("speech.wav"), "transcript": as_words(words) if isinstance(words, str) else None}
    return demo_request().model_copy(update=said)


def _pictured(line: Path | str) -> dict[str, Any]:
    """Return the picture that speaks, with what was stated of it."""
    if isinstance(line, Path):
        take = Take.open(line)
        picture, consent = take.file(PHOTOGRAPH), take.record["request"].get("consent")
        if picture.is_file():
            return {"portrait": picture, "consent": consent if isinstance(consent, str) else None}
    return {"portrait": PORTRAIT}


def _music(cell: Cell, line: Path | str, out: Path, progress: ProgressCallback) -> None:
    from espressivo.generation import generate

    options = {"emotion": f"{cell.emotion}:{cell.intensity:g}", "seed": cell.seed, "bars": _BARS}
    if "best_of" in generator_class(cell.system).Request.model_fields:
        options["best_of"] = 1
    generate(cell.system, options, out, progress=progress)


_MAKERS: dict[Kind, Callable[[Cell, Path | str, Path, ProgressCallback], None]] = {
    "face": _face,
    "portrait": _portrait,
    "music": _music,
}


def _parts(text: str, what: str) -> list[str]:
    parts = list(dict.fromkeys(re.findall(r"[^\s,;]+", text)))
    if not parts:
        raise InputError(f"No {what} is given; write one or more numbers with commas between them.")
    return parts


def _number(text: str, what: str, low: int, high: int) -> float:
    try:
        value = float(text) if what == "intensity" else int(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise InputError(f"'{text[:20]}' is no {what}; write numbers from {low} to {high}.")
    return value

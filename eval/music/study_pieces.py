"""The pieces of a study: what is asked of a generator, and a folder in which its answers are kept.

The folder holds `asked/Q1-0000.mid` and so on (a quadrant each), `neutral/0000.mid` (no emotion), `curve/rise-0000.mid`
(an emotion that changes), and in `made.json` who made them and how. A piece that is there is not made again.
"""

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.notation import parse_emotion
from espressivo.errors import EspressivoError, InputError
from espressivo.eval.music.judges import QUADRANTS, signed_halves
from espressivo.generators.base import Generator
from espressivo.generators.music.score import write_midi
from espressivo.generators.registry import load_generator
from espressivo.media.notes import Notes, read_notes

ASKED, NEUTRAL, CURVE = "asked", "neutral", "curve"
REACH = 0.6
"""How far from neutral valence and arousal are: the vocabulary's emotions at full strength lie as far."""
BARS = 16
CURVE_S = 72.0
"""Some 32 bars."""
_MADE = "made.json"

_CIRCLE = tuple(
    (place, float(np.sin(2 * np.pi * place)), float(np.cos(2 * np.pi * place)), "linear")
    for place in np.linspace(0, 1, 17).tolist()
)
_SHAPES: Mapping[str, Sequence[tuple[float, float, float, str]]] = {
    "rise": ((0.0, 0.0, -1.0, "linear"), (1.0, 0.0, 1.0, "linear")),
    "fall": ((0.0, 0.0, 1.0, "linear"), (1.0, 0.0, -1.0, "linear")),
    "brighten": ((0.0, -1.0, 0.0, "step"), (0.5, 1.0, 0.0, "step")),
    "darken": ((0.0, 1.0, 0.0, "step"), (0.5, -1.0, 0.0, "step")),
    "circle": _CIRCLE,
}
"""Share of the piece, valence and arousal in units of `REACH`, and the way to the next point."""
SHAPES = tuple(_SHAPES)
"""Arousal that rises or falls, valence that changes sign in the middle, and a circle through all four quadrants."""


@dataclass(frozen=True)
class Order:
    """One piece to ask for."""

    kind: str
    """`ASKED`, `NEUTRAL` or `CURVE`."""
    name: str
    request: Mapping[str, Any]

    def path(self, folder: Path) -> Path:
        """Where the piece is kept."""
        return folder / self.kind / f"{self.name}.mid"


@dataclass(frozen=True, eq=False)
class MadePiece:
    """A piece that is there."""

    name: str
    label: str
    """The quadrant or shape that was asked for; "" for neutral."""
    notes: Notes


def orders_of(pieces: int, neutral: int, curves: int) -> tuple[Order, ...]:
    """Return what to ask for: `pieces` over the four quadrants in turn, `neutral` ones, `curves` of every shape."""
    signs = signed_halves(np.eye(4))
    asked = [
        Order(
            ASKED,
            f"{QUADRANTS[seed % 4]}-{seed:04d}",
            {"emotion": _vad(*(REACH * signs[seed % 4])), "bars": BARS, "seed": seed},
        )
        for seed in range(pieces)
    ]
    plain = [Order(NEUTRAL, f"{seed:04d}", {"bars": BARS, "seed": seed}) for seed in range(neutral)]
    curved = [
        Order(CURVE, f"{shape}-{seed:04d}", {"emotion": curve_text(shape), "seconds": CURVE_S, "seed": seed})
        for seed in range(curves)
        for shape in SHAPES
    ]
    return (*asked, *plain, *curved)


def curve_text(shape: str, seconds: float = CURVE_S) -> str:
    """Return a shape of `SHAPES` in the notation of emotions."""
    points = _SHAPES[shape]
    return " ".join(f"@{at * seconds:g}~{ease} {_vad(REACH * v, REACH * a)}" for at, v, a, ease in points)


def asked_curve(shape: str, times_s: Float[np.ndarray, "n"], seconds: float = CURVE_S) -> Float[np.ndarray, "n 2"]:
    """Return the valence and arousal that a shape asks for at some times."""
    return parse_emotion(curve_text(shape, seconds)).sample(times_s).vad[:, :2].astype(float)


def loaded(name: str, checkpoint: Path | None) -> Generator:
    """Load a generator by its registered name, or by MODULE:CLASS.

    Raises:
        InputError: there is no such generator.
    """
    module, _, class_name = name.partition(":")
    if not class_name:
        return load_generator(name, checkpoint)
    try:
        found = getattr(importlib.import_module(module), class_name)
    except (ImportError, AttributeError) as error:
        raise InputError(f"{name} cannot be imported ({error}); name it as MODULE:CLASS.") from None
    return found.from_pretrained(checkpoint)


def make_pieces(
    generator: Generator, orders: Sequence[Order], options: Mapping[str, Any], source: str, folder: Path
) -> dict[str, str]:
    """Let a generator answer orders, but those whose piece is in the folder.

    Args:
        generator: of music.
        orders: what to ask for.
        options: further fields of its request.
        source: who it is; kept in the folder.
        folder: is made.

    Returns:
        Why a piece could not be made, by its name.

    Raises:
        InputError: the folder holds pieces of somebody else, or made in another way.
    """
    _claim(folder, {"generator": source, "options": dict(options)})
    refused = {}
    for order in orders:
        path = order.path(folder)
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_midi(path, generator.generate(generator.Request(**{**order.request, **options})))
        except EspressivoError as error:
            refused[f"{order.kind}/{order.name}"] = str(error)
    return refused


def made_by(folder: Path) -> dict[str, Any]:
    """Return who made the pieces of a folder; unknown if nobody wrote it down."""
    path = folder / _MADE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"generator": "unknown", "options": {}}


def read_made(folder: Path, kind: str) -> tuple[list[MadePiece], dict[str, str]]:
    """Read the pieces of a kind, by name.

    Returns:
        The pieces, and why others could not be read, by name.

    Raises:
        InputError: a file is not named by a quadrant or shape.
    """
    pieces, broken = [], {}
    for path in sorted((folder / kind).glob("*.mid")):
        label = path.stem.partition("-")[0] if kind != NEUTRAL else ""
        if (kind == ASKED and label not in QUADRANTS) or (kind == CURVE and label not in SHAPES):
            raise InputError(f"{path} does not say what was asked for; name it Q1-0000.mid or {SHAPES[0]}-0000.mid.")
        try:
            pieces.append(MadePiece(path.stem, label, read_notes(path)))
        except InputError as error:
            broken[f"{kind}/{path.stem}"] = str(error)
    return pieces, broken


def _vad(valence: float, arousal: float) -> str:
    return f"vad:{valence + 0.0:.4f},{arousal + 0.0:.4f},0"


def _claim(folder: Path, maker: dict[str, Any]) -> None:
    path = folder / _MADE
    if path.is_file() and (known := json.loads(path.read_text(encoding="utf-8"))) != maker:
        raise InputError(f"{folder} holds pieces of {known}, not of {maker}; name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(maker, indent=1) + "\n", encoding="utf-8")

"""Speaking styles: how a person talks, whatever they say and feel, and a bank of them.

```
enunciating                 a style of the bank
mumbling:0.5                half of the way from neutral to it
broad:0.6+reserved:0.4      between styles, as PC-Talk mixes the embeddings of speakers
of:clip.mp4                 the style of whoever speaks in a video (`style_reading`)
opening=1.2,head=0.5        numbers of one's own; those left out are neutral
```

A style is six numbers about movement and none about a face, so it fits anybody.
"""

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

from espressivo.errors import InputError

LARGEST: Final = 3.0
"""No number of a style is larger, whatever it was read from or mixed of."""


@dataclass(frozen=True)
class Style:
    """Factors of a neutral speaker's movements."""

    opening: float = 1.0
    """How far the mouth opens (`articulation.DIRECTIONS`)."""
    widening: float = 1.0
    """How far the lips spread."""
    pursing: float = 1.0
    """How far they round."""
    brows: float = 0.0
    """How high the brows rise on stressed syllables; 1 is as high as in full surprise, 0 is no rise."""
    head: float = 1.0
    """How far the head moves."""
    loudness: float = 0.0
    """How much the size of lip movement follows the voice (`loudness.lip_scale`)."""

    @classmethod
    def mixed(cls, parts: Iterable[tuple["Style", float]]) -> "Style":
        """Return neutral, moved by each part's difference from it times its share; shares need not sum to 1."""
        rest = np.array(astuple(NEUTRAL))
        moved = rest + sum((share * (np.array(astuple(style)) - rest) for style, share in parts), np.zeros(len(rest)))
        return cls(*np.clip(moved, 0.0, LARGEST).tolist())


NEUTRAL: Final = Style()
STYLES: Final[dict[str, Style]] = {
    "neutral": NEUTRAL,
    "mumbling": Style(opening=0.4, widening=0.55, pursing=0.65, head=0.7),
    "reserved": Style(opening=0.75, widening=0.7, pursing=0.85, head=0.4),
    "enunciating": Style(opening=1.15, widening=1.45, pursing=1.4, brows=0.15),
    "broad": Style(opening=1.2, widening=1.8, pursing=0.8, brows=0.1, head=1.1),
    "pouting": Style(opening=0.85, widening=0.5, pursing=1.8),
    "loud": Style(opening=1.5, widening=1.15, pursing=1.1, brows=0.2, head=1.2, loudness=0.5),
    "animated": Style(opening=1.2, widening=1.2, pursing=1.2, brows=0.45, head=1.6, loudness=0.5),
    "deadpan": Style(opening=0.9, widening=0.8, pursing=0.9, head=0.15),
}
"""Estimates, looked at. Mumbling, enunciating and loud lie in the corners of JALI's field of jaw and lips (Edwards et
al. 2016): little of both, much lip, much jaw."""

READ_FROM: Final = "of"
_NUMBERS: Final = tuple(field.name for field in fields(Style))
_NUMBER: Final = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)
_TERM: Final = re.compile(r"(?P<name>[a-z-]+)\s*(:\s*(?P<share>\d+\.?\d*|\.\d+))?", re.ASCII)


def parse_style(text: str) -> Style | Path:
    """Read a style in the notation of this module: the style, or the video that it is to be read from.

    Raises:
        InputError: there is no such style or no such file.
    """
    kind, colon, name = text.partition(":")
    if colon and kind.strip().lower() == READ_FROM:
        if not name.strip():
            raise InputError(f"{text!r} names no file; write for example {READ_FROM}:clip.mp4.")
        path = Path(name.strip())
        if not path.is_file():
            raise InputError(f"{path} does not exist or is no file; {READ_FROM}: needs a video of somebody who speaks.")
        return path
    if "=" in text:
        return _from_numbers(text)
    return Style.mixed(_part(term.strip().lower(), text) for term in text.split("+"))


def format_style(style: Style) -> str:
    """Write a style by its name or its numbers; `parse_style` reads the same style from it."""
    named = next((name for name, one in STYLES.items() if one == style), None)
    return named or ",".join(f"{name}={value!r}" for name, value in asdict(style).items())


def _from_numbers(text: str) -> Style:
    values: dict[str, float] = {}
    for term in text.split(","):
        name, _, value = (part.strip().lower() for part in term.partition("="))
        if name not in _NUMBERS or not _NUMBER.fullmatch(value) or float(value) > LARGEST:
            raise InputError(
                f"{term.strip()!r} in style {text!r} is none of {', '.join(_NUMBERS)} with a number from 0 to "
                f"{LARGEST:g}."
            )
        values[name] = float(value)
    return Style(**values)


def _part(term: str, text: str) -> tuple[Style, float]:
    match = _TERM.fullmatch(term)
    if match is None:
        raise InputError(
            f"{term!r} in style {text!r} is no style; write for example broad, mumbling:0.5 or of:clip.mp4."
        )
    name = match["name"]
    if name not in STYLES:
        near = difflib.get_close_matches(name, STYLES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(STYLES)}."
        raise InputError(f"{name!r} is no speaking style; {hint}")
    share = float(match["share"] or 1.0)
    if not math.isfinite(share) or share > 2.0:
        raise InputError(f"{term!r} in style {text!r} asks for more than twice a style; use 0 to 2.")
    return STYLES[name], share

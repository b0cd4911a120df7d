"""What the dials of `LipControls` say, read and checked."""

from dataclasses import dataclass
from pathlib import Path

from espressivo.generators.portrait.pctalk.conditions import Condition, parse_condition
from espressivo.generators.portrait.pctalk.controls import LipControls
from espressivo.generators.portrait.pctalk.edits import Edit, parse_edits
from espressivo.generators.portrait.pctalk.styles import NEUTRAL, Style, parse_style
from espressivo.progress import ProgressCallback


@dataclass(frozen=True)
class Direction:
    """How a line is to be spoken, and what which part of the face is to show beside the main emotion."""

    style: Style = NEUTRAL
    edits: tuple[Edit, ...] = ()
    conditions: tuple[Condition, ...] = ()
    lip_scale: float = 1.0
    follow_loudness: float = 0.0
    gain: float = 1.0

    @classmethod
    def of(cls, controls: LipControls, progress: ProgressCallback | None = None) -> "Direction":
        """Read the dials; a style that is to be taken from a video is read here.

        Raises:
            EspressivoError: a notation cannot be understood, or a video cannot be used.
        """
        edits = tuple(edit for text in controls.edits for edit in parse_edits(text))
        conditions = tuple(parse_condition(text) for text in controls.regions)
        style = parse_style(controls.style)
        if isinstance(style, Path):
            from espressivo.generators.portrait.pctalk.style_reading import read_style

            style = read_style(style, progress)
        return cls(style, edits, conditions, controls.lip_scale, controls.follow_loudness, controls.emotion_gain)

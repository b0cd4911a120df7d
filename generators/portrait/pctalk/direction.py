"""What the dials of `LipControls` say, read and checked."""

from dataclasses import dataclass

from espressivo.conditioning.notation import format_emotion
from espressivo.generators.portrait.pctalk.conditions import Condition, parse_condition
from espressivo.generators.portrait.pctalk.controls import LipControls
from espressivo.generators.portrait.pctalk.edits import Edit, check_words, parse_edits
from espressivo.generators.portrait.pctalk.styles import NEUTRAL, Style, format_style, parse_style
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
        style = _style(controls.style, progress)
        edits = tuple(edit for text in controls.edits for edit in parse_edits(text))
        conditions = tuple(parse_condition(text) for text in controls.regions)
        return cls(style, edits, conditions, controls.lip_scale, controls.follow_loudness, controls.emotion_gain)


def check_edits(controls: LipControls, transcript: str | None) -> None:
    """Refuse edits of words that the line does not have. Raises what `parse_edits` and `check_words` raise."""
    check_words([edit for text in controls.edits for edit in parse_edits(text)], transcript)


def resolved(controls: LipControls, progress: ProgressCallback | None = None) -> LipControls:
    """Return the same dials without any file in them, so that they mean the same elsewhere and later.

    A style that is to be read from a video becomes its numbers, an emotion in a file its keyframes.

    Raises:
        EspressivoError: a file cannot be used.
    """
    conditions = (parse_condition(text) for text in controls.regions)
    return controls.model_copy(
        update={
            "style": format_style(_style(controls.style, progress)),
            "regions": tuple(f"{one.region}={format_emotion(one.emotion)}" for one in conditions),
        }
    )


def _style(text: str, progress: ProgressCallback | None) -> Style:
    style = parse_style(text)
    if isinstance(style, Style):
        return style
    from espressivo.generators.portrait.pctalk.style_reading import read_style

    return read_style(style, progress)

"""What every request for music has: an emotion, a length and a seed."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, InstanceOf, WithJsonSchema, model_validator

from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import InputError
from espressivo.generators.base import GenerationRequest
from espressivo.generators.inputs import EmotionInput
from espressivo.generators.music.keys import Key

USUAL_BARS = 16
_QUADRANT = re.compile(r"\bQ([1-4])(?::([0-9.]+))?", re.IGNORECASE)
_SIGNS = {"1": (1, 1), "2": (-1, 1), "3": (-1, -1), "4": (1, -1)}
_REACH = 0.6
_MOST_BARS, _MOST_S = 2000, 3600.0
_SHORTEST_SECTION_S = 1.5


def without_quadrants(value: Any) -> Any:
    """Return a text in which Q1 to Q4 are written as points of valence and arousal; anything else as it is."""
    return _QUADRANT.sub(_place_of, value) if isinstance(value, str) else value


MusicEmotionInput = Annotated[EmotionInput, BeforeValidator(without_quadrants)]
"""An `EmotionTrack`, or a text such as "happiness:0.8" in which Q1 to Q4 name the quadrants of valence and arousal
(+ +, - +, - -, + -), as in "Q2:0.7" or "@0 Q3 @16 Q1"."""


class MusicRequest(GenerationRequest):
    """What a piece of music should be.

    Valence and arousal of the emotion are what music is told. No data of music has labels of dominance: it decides
    how loud and in which register the piece is, by rule.
    """

    emotion: MusicEmotionInput = Field(default_factory=lambda: EmotionTrack.constant(EmotionState.neutral()))
    """A track in seconds, or a text in the command line's notation; Q1 to Q4 (or Q1:0.7) are quadrants of valence and
    arousal: + +, - +, - -, + -."""
    bars: int | None = Field(default=None, ge=1, le=_MOST_BARS)
    """Length in bars; 16 if neither bars nor seconds are given."""
    seconds: float | None = Field(default=None, gt=0, le=_MOST_S)
    """Length in seconds instead: whole bars, to within half a bar."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Another seed gives another piece."""

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.bars is not None and self.seconds is not None:
            raise InputError("The length of music is given in bars or in seconds; give one of them.")
        return self

    @property
    def bars_or_usual(self) -> int | None:
        """Bars to write; None where seconds are given."""
        return USUAL_BARS if self.bars is None and self.seconds is None else self.bars


class TimedRequest(MusicRequest):
    """What a piece of music should be that can meet points in time."""

    sections: tuple[float, ...] = ()
    """Seconds at which the music turns: bar lines fall on them and on the end, by a little give in the tempo."""
    exact: bool = False
    """Let the tempo give a little, so that the music ends on the second (with `sections` it always does)."""

    @model_validator(mode="after")
    def _has_time(self) -> Self:
        if self.sections or self.exact:
            if self.seconds is None:
                raise InputError("Sections and an exact end are for new music of some length; give seconds.")
            edges = (0.0, *self.sections, self.seconds)
            if any(end - begin < _SHORTEST_SECTION_S for begin, end in pairwise(edges)):
                raise InputError(
                    f"Sections {', '.join(f'{edge:g}' for edge in edges)} s do not rise by {_SHORTEST_SECTION_S:g} s; "
                    "leave that much between them."
                )
        return self


KeyInput = Annotated[
    InstanceOf[Key],
    BeforeValidator(lambda value: Key.of(value) if isinstance(value, str) else value),
    WithJsonSchema({"type": "string", "description": "A key such as C, F# minor or D dorian."}),
]
"""A `Key`, or its name."""


def existing_midi(path: Path) -> Path:
    """Return the path of a MIDI file that is there.

    Raises:
        InputError: it is not.
    """
    if path.is_dir():
        inside = path / "music.mid"
        raise InputError(f"{path} is a folder; name {inside if inside.is_file() else 'a MIDI file in it'}.")
    if not path.is_file():
        raise InputError(f"{path} cannot be opened (no such file); give a MIDI file.")
    return path


def _place_of(quadrant: re.Match[str]) -> str:
    """Write a quadrant as a point; at strength 1 it lies as far out as the emotions of the vocabulary."""
    valence, arousal = _SIGNS[quadrant[1]]
    reach = _REACH * float(quadrant[2] or 1)
    return f"vad:{valence * reach:g},{arousal * reach:g},0"

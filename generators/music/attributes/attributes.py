"""All attributes of a piece, and the bits that EmoGen's language model is told."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from jaxtyping import Float, Int

from espressivo.errors import InputError
from espressivo.generators.music.attributes.events import Events
from espressivo.generators.music.attributes.harmony import contrary_motion, harmony_attributes
from espressivo.generators.music.attributes.pitch import melody_attributes, pitch_attributes
from espressivo.generators.music.attributes.rhythm import (
    dynamics_attributes,
    highest_line_density,
    pulse_attributes,
    rhythm_attributes,
    time_attributes,
)
from espressivo.media.notes import Notes

COUNT = 100
# Of a clip or a song: time and memory grow with both.
_MOST_TICKS, _MOST_NOTES = 2_000_000, 20_000


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """What the authors published of the attributes."""

    names: tuple[str, ...]
    thresholds: Float[np.ndarray, "100"]
    """Medians over EMOPIA: above it, an attribute's bit is 1."""
    commands: Int[np.ndarray, "4 100"]
    """Bits that stand for the quadrants Q1 to Q4 (valence and arousal: + +, - +, - -, + -)."""


@cache
def table() -> AttributeTable:
    """Read the published table."""
    text = files("espressivo.generators.music.attributes").joinpath("commands.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return AttributeTable(
        names=tuple(row["name"] for row in rows),
        thresholds=np.array([float(row["threshold"]) for row in rows]),
        commands=np.array([[int(row[quadrant]) for row in rows] for quadrant in ("Q1", "Q2", "Q3", "Q4")]),
    )


def attributes_of(notes: Notes) -> Float[np.ndarray, "100"]:
    """Return the attributes of a piece, in the order of `table`; drums do not count.

    They are those of jSymbolic 2.2 that EmoGen chose, with that program's quirks.

    Raises:
        InputError: there are no pitched notes, or so many or so long that counting them would take minutes.
    """
    if notes.end > _MOST_TICKS or len(notes) > _MOST_NOTES:
        raise InputError(
            f"The music is longer than {_MOST_NOTES} notes or {_MOST_TICKS} ticks; give a single piece or a part of it."
        )
    events = Events.of(notes)
    if not len(events.start):
        raise InputError("The music has no pitched notes, drums aside, and so no attributes; give some with a melody.")
    return np.array(
        [
            *pitch_attributes(events),
            *melody_attributes(events),
            *harmony_attributes(events),
            *rhythm_attributes(events),
            *pulse_attributes(events),
            *time_attributes(events),
            highest_line_density(events),
            contrary_motion(events),
            *dynamics_attributes(events),
        ],
        float,
    )


def bits_of(attributes: Float[np.ndarray, "*n 100"]) -> Int[np.ndarray, "*n 100"]:
    """Return which attributes lie above the published thresholds, after rounding to four significant digits."""
    size = np.floor(np.log10(np.maximum(np.abs(attributes), 1e-300)))
    unit = 10.0 ** (size - 3)
    rounded = np.where(attributes == 0, 0.0, np.rint(attributes / unit) * unit)
    # What is the threshold to four digits is not above it, whatever the last bit of a product says.
    above = rounded - table().thresholds > 1e-9 * np.abs(table().thresholds)
    return above.astype(int)

"""The fields of a compound word, and which of them are the musical elements that the latent is split into."""

from typing import NamedTuple


class Field(NamedTuple):
    """One of the eight numbers of a compound word."""

    name: str
    classes: int
    """Ids of it, in the authors' dictionary."""
    width: int
    """Of its embedding."""


FIELDS = (
    Field("tempo", 56, 128),
    Field("chord", 135, 256),
    Field("bar-beat", 18, 64),
    Field("type", 4, 32),
    Field("pitch", 87, 512),
    Field("duration", 18, 128),
    Field("velocity", 42, 128),
    Field("emotion", 5, 128),
)
"""In the order of a token."""
COLUMN = {field.name: column for column, field in enumerate(FIELDS)}
TYPE = COLUMN["type"]
EMBEDDED = ("type", "tempo", "chord", "bar-beat", "pitch", "duration", "velocity", "emotion")
"""The order in which embeddings stand side by side; what is predicted comes before the emotion."""
ELEMENTS: tuple[str, ...] = EMBEDDED[:-1]
"""What is predicted, in the order of the sub-decoders."""
SLICE_WIDTH = 16
LATENT = len(ELEMENTS) * SLICE_WIDTH
SLICES = {
    name: slice(place * SLICE_WIDTH, (place + 1) * SLICE_WIDTH)
    for place, name in enumerate(("tempo", "chord", "bar-beat", "type", "pitch", "duration", "velocity"))
}
"""Which part of a latent belongs to which element."""

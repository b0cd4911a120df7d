"""How lively the face is."""

from typing import Annotated

from pydantic import Field

from espressivo.inputmodel import InputModel

Gain = Annotated[float, Field(ge=0, le=2)]


class LivelinessControls(InputModel):
    """Gains of the signs of life: 0 leaves the part out, 1 is people's average, 2 is twice as much."""

    blinks: Gain = 1.0
    """Rate of blinks."""
    gaze: Gain = 1.0
    """Size of eye movements."""
    head: Gain = 1.0
    """Size of head movements."""

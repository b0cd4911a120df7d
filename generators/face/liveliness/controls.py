"""How lively the face is."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Gain = Annotated[float, Field(ge=0, le=2)]


class LivelinessControls(BaseModel):
    """Gains of the signs of life: 0 leaves the part out, 1 is people's average, 2 is twice as much."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    blinks: Gain = 1.0
    """Rate of blinks."""
    gaze: Gain = 1.0
    """Size of eye movements."""
    head: Gain = 1.0
    """Size of head movements."""

"""How lively the face is."""

from espressivo.inputmodel import Gain, InputModel


class LivelinessControls(InputModel):
    """Gains of the signs of life: 0 leaves the part out, 1 is people's average, 2 is twice as much."""

    blinks: Gain = 1.0
    """Rate of blinks."""
    gaze: Gain = 1.0
    """Size of eye movements."""
    head: Gain = 1.0
    """Size of head movements."""

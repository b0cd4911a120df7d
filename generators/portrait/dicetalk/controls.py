"""The dials of DICE-Talk's conditioning."""

from espressivo.inputmodel import Gain, InputModel


class VariantControls(InputModel):
    """How an emotion varies from take to take."""

    variety: Gain = 1.0
    """How different the same emotion looks with another seed; 0 is always the mean."""
    kinship: Gain = 1.0
    """How much a mix of emotions shows of what is related to both."""

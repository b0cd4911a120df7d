"""How strongly each region of the face shows the emotion."""

from espressivo.inputmodel import Gain, InputModel


class ExpressionControls(InputModel):
    """Gains of the emotional expression by region: 0 leaves the region out, 1 is the fitted table, 2 exaggerates."""

    mouth: Gain = 1.0
    """Mouth, jaw and nose wings, as far as the emotion moves them."""
    brows: Gain = 1.0
    """Eyebrows, as far as the emotion moves them."""
    eyes: Gain = 1.0
    """Lids and cheeks, as far as the emotion moves them."""

"""Every dial of the built-in face, in one model."""

from espressivo.generators.face.articulation.controls import ArticulationControls
from espressivo.generators.face.expression.controls import ExpressionControls
from espressivo.generators.face.liveliness.controls import LivelinessControls


class FaceControls(ArticulationControls, ExpressionControls, LivelinessControls):
    """Gains and speaking style; 1 is normal, 0 switches the part off."""

"""Speech to mouth motion: coarticulated visemes and the contacts that must be made."""

from espressivo.generators.face.articulation.closure import LipGap, enforce_closures
from espressivo.generators.face.articulation.composition import articulate
from espressivo.generators.face.articulation.controls import ArticulationControls
from espressivo.generators.face.articulation.motion import SpeechMotion

__all__ = ["ArticulationControls", "LipGap", "SpeechMotion", "articulate", "enforce_closures"]

"""espressivo: one emotion, conducted through face, body and music."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from espressivo.conditioning.notation import parse_emotion as parse_emotion
    from espressivo.conditioning.speech import Speech as Speech
    from espressivo.conditioning.state import EmotionState as EmotionState
    from espressivo.conditioning.track import EmotionTrack as EmotionTrack
    from espressivo.errors import EspressivoError as EspressivoError
    from espressivo.generators.face.motion import FaceMotion as FaceMotion
    from espressivo.generators.registry import list_generators as list_generators
    from espressivo.generators.registry import load_generator as load_generator
    from espressivo.performance import PerformanceRequest as PerformanceRequest
    from espressivo.performance import perform as perform
    from espressivo.take import Take as Take

_HOMES = {
    "EmotionState": "espressivo.conditioning.state",
    "EmotionTrack": "espressivo.conditioning.track",
    "EspressivoError": "espressivo.errors",
    "FaceMotion": "espressivo.generators.face.motion",
    "PerformanceRequest": "espressivo.performance",
    "Speech": "espressivo.conditioning.speech",
    "Take": "espressivo.take",
    "list_generators": "espressivo.generators.registry",
    "load_generator": "espressivo.generators.registry",
    "parse_emotion": "espressivo.conditioning.notation",
    "perform": "espressivo.performance",
}

__all__ = [
    "EmotionState",
    "EmotionTrack",
    "EspressivoError",
    "FaceMotion",
    "PerformanceRequest",
    "Speech",
    "Take",
    "__version__",
    "list_generators",
    "load_generator",
    "parse_emotion",
    "perform",
]


def __getattr__(name: str) -> Any:
    """Load a public name where it is first used, so that `import espressivo` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'espressivo' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__

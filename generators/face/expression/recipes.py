"""What the literature says emotions look like: facial action units in ARKit channels, and EMFACS recipes.

Sources: Ekman & Friesen, Facial Action Coding System (1978) for the units, EMFACS for which units make which emotion;
the amplitudes are this project's estimates, looked at on the rig. Where faces were measured, `fit` replaces them.
"""

from collections.abc import Mapping
from typing import Final

AU_TO_ARKIT: Final[Mapping[int, Mapping[str, float]]] = {
    1: {"browInnerUp": 1.0},
    2: {"browOuterUp": 1.0},
    4: {"browDown": 1.0},
    5: {"eyeWide": 1.0},
    6: {"cheekSquint": 1.0, "eyeSquint": 0.5},
    7: {"eyeSquint": 1.0},
    9: {"noseSneer": 1.0, "browDown": 0.2},
    10: {"mouthUpperUp": 1.0, "noseSneer": 0.2},
    12: {"mouthSmile": 1.0},
    14: {"mouthDimple": 1.0},
    15: {"mouthFrown": 1.0},
    17: {"mouthShrugLower": 1.0, "mouthShrugUpper": 0.3},
    20: {"mouthStretch": 1.0},
    23: {"mouthPress": 0.5, "mouthRollLower": 0.2, "mouthRollUpper": 0.2},
    25: {"mouthLowerDown": 0.25, "mouthUpperUp": 0.15},
    26: {"jawOpen": 0.35},
}
"""Action unit -> ARKit channels at full contraction. Names without side stand for both sides."""

RECIPES: Final[Mapping[str, Mapping[str, float]]] = {
    "happiness": {
        "mouthSmile": 0.85, "cheekSquint": 0.7, "eyeSquint": 0.45, "mouthUpperUp": 0.15, "mouthDimple": 0.1,
        "mouthLowerDown": 0.15, "browOuterUp": 0.1, "jawOpen": 0.06,
    },
    "sadness": {
        "browInnerUp": 0.9, "browDown": 0.3, "mouthFrown": 0.8, "mouthShrugLower": 0.4, "eyeSquint": 0.2,
        "eyeBlink": 0.15, "mouthRollLower": 0.1,
    },
    "surprise": {"browInnerUp": 0.9, "browOuterUp": 0.9, "eyeWide": 0.7, "jawOpen": 0.3, "mouthFunnel": 0.1},
    "fear": {
        "browInnerUp": 0.8, "browOuterUp": 0.5, "browDown": 0.3, "eyeWide": 0.8, "mouthStretch": 0.6, "jawOpen": 0.12,
        "mouthFrown": 0.15, "mouthLowerDown": 0.2,
    },
    "disgust": {
        "noseSneer": 0.9, "mouthUpperUp": 0.55, "browDown": 0.45, "eyeSquint": 0.5, "cheekSquint": 0.4,
        "mouthFrown": 0.4, "mouthShrugLower": 0.35,
    },
    "anger": {
        "browDown": 0.95, "eyeWide": 0.5, "eyeSquint": 0.45, "noseSneer": 0.5, "mouthUpperUp": 0.25,
        "mouthLowerDown": 0.4, "mouthStretch": 0.3, "mouthFrown": 0.4, "jawForward": 0.25,
    },
    "contempt": {
        "mouthSmileRight": 0.4, "mouthDimpleRight": 0.5, "mouthPressRight": 0.25, "eyeSquint": 0.15,
        "browOuterUpLeft": 0.2,
    },
    "calm": {"mouthSmile": 0.12, "eyeBlink": 0.1, "browInnerUp": 0.05},
    "boredom": {
        "eyeBlink": 0.2, "browOuterUp": 0.12, "browInnerUp": 0.15, "mouthFrown": 0.2, "mouthShrugLower": 0.15,
    },
}  # fmt: skip
"""ARKit weights of a posed maximum. Anger is the bared-teeth form (units 4 5 7 10 16 25), which goes with
speech better than pressed lips. Boredom has no EMFACS entry: heavy lids and slack corners are an estimate."""

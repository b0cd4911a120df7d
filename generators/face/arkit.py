"""The 52 ARKit face channels: names in Apple's order, and the columns of Live Link Face."""

from typing import Final

import numpy as np
from jaxtyping import Float

SIDED: Final = ("Left", "Right")
_EYE = ("eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide")

ARKIT_NAMES: Final[tuple[str, ...]] = (
    *(f"{name}{side}" for side in SIDED for name in _EYE),
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""Apple's order. Other tools use other orders: address channels by name (`CHANNEL`), never by a literal index."""

CHANNEL: Final[dict[str, int]] = {name: index for index, name in enumerate(ARKIT_NAMES)}

MOUTH_CHANNELS: Final = tuple(
    i for i, n in enumerate(ARKIT_NAMES) if n.startswith(("jaw", "mouth", "tongue", "cheekPuff"))
)


def weights_from(**values: float) -> Float[np.ndarray, "52"]:
    """Return the 52 weights that `values` name; a name without side (`mouthSmile`) sets both sides.

    Raises:
        KeyError: a name is no ARKit channel.
    """
    weights = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, value in values.items():
        sides = [name] if name in CHANNEL else [f"{name}Left", f"{name}Right"]
        for side in sides:
            weights[CHANNEL[side]] = value
    return weights

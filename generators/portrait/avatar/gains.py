"""How strongly each ARKit shape moves a photographed face, relative to the shapes of `assets/portrait/mesh.npz`.

The CC0 shapes of MakeHuman and the shapes of ICT-FaceKit (MIT), carried over to the same mesh, agree in direction but
not in amplitude (the ratio of their lengths is .3 to 1.9). ARKit's own captures are nearer to the latter, and weights
of 1 should mean the same on every renderer, so the weak ones are raised about to it; those not listed stay as they are.
"""

from typing import Final

import numpy as np
from jaxtyping import Float32

from espressivo.generators.face.arkit import ARKIT_NAMES

GAINS: Final[dict[str, float]] = {
    "browDown": 1.3,
    "browInnerUp": 1.6,
    "browOuterUp": 1.7,
    "cheekPuff": 1.6,
    "mouthFunnel": 1.15,
    "mouthLeft": 1.5,
    "mouthRight": 1.5,
    "mouthRollLower": 1.5,
    "mouthPress": 0.6,
    "mouthShrugLower": 2.2,
    "mouthStretch": 1.6,
    "mouthUpperUp": 1.8,
    "noseSneer": 2.3,
}
"""By shape, without side."""
FROWNS: Final = 0.7
"""Share of the way that `noseSneer` lowers brows which `browDown` gets of it. MakeHuman's sneer lowers brows as far as
a frown does, so that disgust looks like anger, and its frown lowers their tails rather than their heads."""
FROWNS_STILL: Final = 0.3
"""Share of it that `noseSneer` keeps."""
TAILS_FROWN: Final = 0.4
"""Share of `browDown` that is left at the outer ends of brows: what frowns pulls at their heads."""
CORNERS_STAY: Final = {"mouthStretch": 0.075}
"""Share of shapes that `jawOpen` brings along: MakeHuman's jaw lowers the corners of the mouth by a centimetre, which
makes a box of it."""


def gains() -> Float32[np.ndarray, "52"]:
    """Return the gain of each channel."""
    return np.array([_of(name) for name in ARKIT_NAMES], np.float32)


def _of(name: str) -> float:
    return GAINS.get(name, GAINS.get(name.removesuffix("Left").removesuffix("Right"), 1.0))

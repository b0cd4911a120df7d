"""The 15 visemes of Oculus lip sync: which phone shows which, and what each looks like in ARKit channels."""

from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL, weights_from

VISEMES: Final = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U")
"""Order of Oculus lip sync (OVRLipSync, "Viseme Reference")."""

VISEME: Final[dict[str, int]] = {name: index for index, name in enumerate(VISEMES)}

DIPHTHONG_SPLIT: Final = 0.6
"""Share of a diphthong's time that shows its first viseme."""

PHONE_TO_VISEME: Final[dict[str, tuple[str, ...]]] = {
    "SIL": ("sil",),
    **dict.fromkeys(("P", "B", "M"), ("PP",)),
    **dict.fromkeys(("F", "V"), ("FF",)),
    **dict.fromkeys(("TH", "DH"), ("TH",)),
    **dict.fromkeys(("T", "D"), ("DD",)),
    **dict.fromkeys(("K", "G", "NG"), ("kk",)),
    **dict.fromkeys(("SH", "ZH", "CH", "JH"), ("CH",)),
    **dict.fromkeys(("S", "Z"), ("SS",)),
    **dict.fromkeys(("N", "L"), ("nn",)),
    "R": ("RR",),
    **dict.fromkeys(("AA", "AE"), ("aa",)),
    **dict.fromkeys(("AH", "EH"), ("E",)),
    **dict.fromkeys(("IH", "IY", "Y"), ("I",)),
    "AO": ("O",),
    **dict.fromkeys(("UH", "UW", "W"), ("U",)),
    "ER": ("E", "RR"),
    "EY": ("E", "I"),
    "AY": ("aa", "I"),
    "AW": ("aa", "U"),
    "OW": ("O", "U"),
    "OY": ("O", "I"),
    "HH": (),
}
"""ARPABET phone to one viseme, or two for a diphthong. HH has none: the mouth already forms the next sound."""

VOWELS: Final = frozenset(("aa", "E", "I", "O", "U"))
LIP_HEAVY: Final = frozenset(("U", "O", "CH", "RR"))
"""Rounded visemes: they start early and end late (Edwards et al. 2016, "JALI", section 4)."""

_WEIGHTS: Final[dict[str, dict[str, float]]] = {
    "sil": {},
    "PP": {"jawOpen": 0.08, "mouthPress": 0.4, "mouthRollLower": 0.2, "mouthRollUpper": 0.15},
    "FF": {
        "jawOpen": 0.08, "mouthRollLower": 0.5, "mouthShrugLower": 0.15, "mouthUpperUp": 0.25, "mouthFunnel": 0.05,
    },
    "TH": {"jawOpen": 0.18, "tongueOut": 0.35, "mouthLowerDown": 0.15, "mouthUpperUp": 0.1},
    "DD": {"jawOpen": 0.15, "mouthUpperUp": 0.1, "mouthLowerDown": 0.15, "mouthStretch": 0.05},
    "kk": {"jawOpen": 0.22, "mouthLowerDown": 0.12, "mouthStretch": 0.05},
    "CH": {
        "jawOpen": 0.12, "mouthFunnel": 0.55, "mouthPucker": 0.3, "mouthUpperUp": 0.15, "mouthLowerDown": 0.15,
    },
    "SS": {
        "jawOpen": 0.06, "mouthStretch": 0.25, "mouthSmile": 0.1, "mouthLowerDown": 0.25, "mouthUpperUp": 0.2,
    },
    "nn": {"jawOpen": 0.14, "mouthLowerDown": 0.12, "mouthUpperUp": 0.05},
    "RR": {"jawOpen": 0.15, "mouthPucker": 0.35, "mouthFunnel": 0.3},
    "aa": {"jawOpen": 0.55, "mouthLowerDown": 0.2, "mouthUpperUp": 0.1, "mouthStretch": 0.05},
    "E": {
        "jawOpen": 0.35, "mouthStretch": 0.25, "mouthSmile": 0.15, "mouthDimple": 0.1, "mouthLowerDown": 0.15,
    },
    "I": {"jawOpen": 0.15, "mouthSmile": 0.3, "mouthStretch": 0.3, "mouthUpperUp": 0.1, "mouthLowerDown": 0.1},
    "O": {"jawOpen": 0.35, "mouthFunnel": 0.5, "mouthPucker": 0.3},
    "U": {"jawOpen": 0.12, "mouthPucker": 0.7, "mouthFunnel": 0.35},
}  # fmt: skip
"""Own table at full strength. PP leaves mouthClose out: how much of it shuts the lips depends on everything else that
moves them, so `enforce_closures` solves for it."""


def viseme_weights() -> Float[np.ndarray, "15 52"]:
    """Return the ARKit weights of every viseme at full strength, rows as `VISEMES`."""
    return np.stack([weights_from(**_WEIGHTS[name]) for name in VISEMES])


VISEME_WEIGHTS: Final[Float[np.ndarray, "15 52"]] = viseme_weights()
VISEME_WEIGHTS.setflags(write=False)


def _channels(*stems: str) -> tuple[int, ...]:
    return tuple(i for i, name in enumerate(ARKIT_NAMES) if name.removesuffix("Left").removesuffix("Right") in stems)


CHANNEL_GROUPS: Final[dict[str, tuple[int, ...]]] = {
    "jaw": (CHANNEL["jawOpen"],),
    "opening": _channels("mouthUpperUp", "mouthLowerDown"),
    "rounding": _channels("mouthFunnel", "mouthPucker"),
    "spreading": _channels("mouthSmile", "mouthStretch", "mouthDimple"),
    "tongue": (CHANNEL["tongueOut"],),
}
"""Parts of the mouth that coarticulate apart from each other. "jaw" is the jaw part of a viseme and the three lip
groups its lip part (the two axes of JALI). The channels of contact (press, roll, shrug) are in no group: they belong
to the closures, which no neighbour may blend away."""

LIP_GROUPS: Final = ("opening", "rounding", "spreading")

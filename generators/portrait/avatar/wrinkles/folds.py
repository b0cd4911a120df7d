"""Where a face folds, how deep, and which shapes fold it.

Courses are drawn over the standard face seen from the front (cm, x to the performer's left, y up); those with sides are
drawn on the right one. What folds what: Ekman and Friesen's Facial Action Coding System (2002), the units that ARKit's
shapes name.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Fold:
    """One furrow."""

    course: tuple[tuple[float, float], ...]
    width_cm: float
    depth: float
    """Natural logarithm of how much darker its bottom gets at weight 1."""
    drivers: dict[str, float]
    """ARKit shapes, without side, and how much each folds it at weight 1."""
    ridges: tuple[float, float] = (0.12, 0.12)
    """Light on the skin that swells beside it, as a share of the depth: right of its course as seen walking along it
    with y up, and left."""
    slopes: tuple[float, float] = (1.0, 1.0)
    """How wide those sides are, as a share of the width."""
    ends: tuple[float, float] = (0.6, 0.6)
    """How wide its two ends are, as a share of the width."""
    deepest: float = 0.5
    """Where on its way it is deepest, as a share of that."""
    young: float = 0.3
    """Depth in the smoothest skin, as a share of that in the roughest: lines come with age."""
    two_sided: bool = True
    """Whether the face has one on each side, moved by the shapes of that side."""


_FOREHEAD: Final = ((5.95, 0.17), (6.65, 0.16), (7.3, 0.13))
"""Height and depth of its lines."""
_SMILING_EYE: Final = {"cheekSquint": 0.8, "eyeSquint": 0.4, "mouthSmile": 0.3}

_NASOLABIAL: Final = Fold(
    ((-1.68, -0.85), (-2.35, -1.7), (-2.95, -2.75), (-3.35, -3.9), (-3.5, -4.9), (-3.45, -5.7)),
    0.27,
    0.26,
    {"mouthSmile": 0.8, "noseSneer": 1.2, "cheekSquint": 0.3, "mouthUpperUp": 0.35, "mouthDimple": 0.4},
    (0.18, 0.0),
    slopes=(1.5, 0.55),
    ends=(0.3, 1.2),
    deepest=0.3,
    young=0.5,
)
_CROWS_FEET: Final = (
    Fold(((-5.0, 3.0), (-5.65, 3.4), (-6.2, 3.85)), 0.12, 0.15, _SMILING_EYE),
    Fold(((-5.05, 2.55), (-5.8, 2.45), (-6.4, 2.3)), 0.12, 0.15, _SMILING_EYE),
    Fold(((-4.95, 2.15), (-5.55, 1.7), (-6.05, 1.25)), 0.12, 0.14, _SMILING_EYE),
)
_UNDER_EYE: Final = Fold(((-4.5, 1.75), (-3.5, 1.35), (-2.4, 1.45)), 0.19, 0.15, {"cheekSquint": 0.9, "eyeSquint": 0.6})
_FROWN_LINE: Final = Fold(
    ((-0.62, 3.75), (-0.74, 4.5), (-0.64, 5.25)), 0.16, 0.29, {"browDown": 1.0, "noseSneer": 0.2}, young=0.5
)
_NOSE_ROOT: Final = Fold(
    ((-0.85, 3.35), (0.0, 3.22), (0.85, 3.35)), 0.17, 0.24, {"browDown": 0.3, "noseSneer": 0.9}, two_sided=False
)
_NOSE_SIDE: Final = (
    Fold(((-0.45, 2.55), (-0.9, 2.15), (-1.25, 1.6)), 0.14, 0.24, {"noseSneer": 0.9}),
    Fold(((-0.4, 1.95), (-0.8, 1.6), (-1.1, 1.15)), 0.14, 0.19, {"noseSneer": 0.9}),
)
_MARIONETTE: Final = Fold(
    ((-2.72, -4.6), (-3.0, -5.3), (-3.05, -6.1)), 0.2, 0.2, {"mouthFrown": 1.0, "mouthStretch": 0.3}, (0.15, 0.05)
)
_CHIN: Final = Fold(
    ((-1.5, -6.5), (-0.8, -6.25), (0.0, -6.18), (0.8, -6.25), (1.5, -6.5)),
    0.28,
    0.2,
    {"mouthShrugLower": 0.9, "mouthFrown": 0.3, "mouthPress": 0.2},
    (0.25, 0.05),
    two_sided=False,
)
_BROW_MIDDLE: Final = tuple(
    Fold(
        ((-2.7, y - 0.15), (-1.4, y + 0.06), (0.0, y - 0.06), (1.4, y + 0.06), (2.7, y - 0.15)),
        0.14,
        depth,
        {"browInnerUp": 0.9, "browOuterUp": 0.25},
        young=0.15,
        two_sided=False,
    )
    for y, depth in _FOREHEAD
)
_BROW_SIDE: Final = tuple(
    Fold(((-1.9, y + 0.1), (-3.3, y + 0.12), (-4.5, y - 0.35)), 0.14, 0.8 * depth, {"browOuterUp": 0.9}, young=0.15)
    for y, depth in _FOREHEAD
)

FOLDS: Final = (
    _NASOLABIAL, *_CROWS_FEET, _UNDER_EYE, _FROWN_LINE, _NOSE_ROOT, *_NOSE_SIDE, _MARIONETTE, _CHIN, *_BROW_MIDDLE,
    *_BROW_SIDE,
)  # fmt: skip

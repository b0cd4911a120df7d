"""How rough a photographed skin is: rough skin folds in deep narrow furrows, smooth skin in wide soft shade."""

import numpy as np
from jaxtyping import Float32
from scipy.ndimage import gaussian_filter

_PARTS = ((1, -2.8, -1.1), (1, -1.1, 0.6), (-1, -2.8, -1.1), (-1, -1.1, 0.6))
"""Side of the face and height of four parts of bare skin on its cheeks, cm on the standard face seen from the front."""
_ACROSS_CM = (1.9, 4.6)
"""How far their inner and outer edges are from the middle of the face."""
_SEEN = 0.125
"""A part counts if it is at least so much of what is seen of all."""
_FINE_CM, _COARSE_CM = 0.08, 0.2
"""Pores and lines lie between these: finer is the grain of a picture, coarser the shape of a cheek."""
_DARKEST = 8.0
"""Below this a picture has more noise than skin, 0..255."""
_PAINTED, _LINED = 0.0015, 0.01
"""Roughness of skin that is drawn without any, and of skin that is old."""


def roughness(
    brightness: Float32[np.ndarray, "rows columns"], place_cm: Float32[np.ndarray, "rows columns 2"], px_per_cm: float
) -> float:
    """Return how much cheeks vary at the scale of folds, as a share of their light; 0 where none is seen.

    The smoothest part counts: hair, stubble, freckles and the edges of shadows are rough, too.

    Args:
        brightness: of the face, 0..255.
        place_cm: where in the standard face each pixel lies, x to the performer's left, y up; not a number beyond it.
        px_per_cm: scale.
    """
    shade = np.log(np.maximum(brightness, _DARKEST))
    rough = np.abs(gaussian_filter(shade, _FINE_CM * px_per_cm) - gaussian_filter(shade, _COARSE_CM * px_per_cm))
    x, y = place_cm[..., 0], place_cm[..., 1]
    inner, outer = _ACROSS_CM
    parts = [rough[(side * x > inner) & (side * x < outer) & (y > low) & (y < high)] for side, low, high in _PARTS]
    least = max(_SEEN * sum(map(len, parts)), 1)
    return min((float(np.median(part)) for part in parts if len(part) >= least), default=0.0)


def folded(rough: float) -> float:
    """Return how sharply skin of such a roughness folds: 0 for a drawing, 1 for an old face."""
    return float(np.clip(np.log(max(rough, 1e-6) / _PAINTED) / np.log(_LINED / _PAINTED), 0, 1))

"""The folds that a photographed smile has made, and skin without them: a smile that is taken away leaves no lines."""

import numpy as np
from jaxtyping import Float32
from scipy.ndimage import gaussian_filter, grey_closing

from espressivo.generators.portrait.avatar.curves import smooth_curve

_COURSES_CM = (
    ((1.75, -0.9), (2.6, -1.9), (3.3, -2.9), (3.75, -3.9), (3.8, -5.0), (3.3, -6.0)),
    ((2.95, -4.25), (3.4, -4.2), (3.9, -4.1)),
)
"""From the wing of the nose past the corner of the mouth to the chin, and from that corner outwards, over the standard
face seen from the front."""
_REACHES_CM = (0.85, 0.55)
_CLOSED_CM = 0.55
"""Darker lines narrower than this are folds; wider ones are shade."""
_MOST = 0.45
"""Natural logarithm of how much lighter a fold gets at most."""
_HAIRY = 0.09
"""Where the typical dark line is deeper, there is a beard."""
_SOFT_PX = 1.2


def smile_creases(
    brightness: Float32[np.ndarray, "rows columns"], place_cm: Float32[np.ndarray, "rows columns 2"], px_per_cm: float
) -> Float32[np.ndarray, "rows columns"]:
    """Return the logarithm of what skin beside a mouth must be multiplied by to lose its folds; 0 elsewhere.

    Args:
        brightness: of the face, 0..255.
        place_cm: where in the standard face each pixel lies, x to the performer's left, y up; not a number beyond it.
        px_per_cm: scale.
    """
    x, y = np.abs(place_cm[..., 0]), place_cm[..., 1]
    near = np.zeros(x.shape, np.float32)
    for course, reach in zip(map(np.array, _COURSES_CM), _REACHES_CM, strict=True):
        knots = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(course, axis=0).T))])
        for across, up in smooth_curve(knots, course, np.linspace(0, knots[-1], 60)):
            np.fmax(near, np.exp(-2 * ((x - across) ** 2 + (y - up) ** 2) / reach**2), out=near)
    width = 2 * max(1, round(_CLOSED_CM * px_per_cm / 2)) + 1
    smooth = gaussian_filter(grey_closing(brightness, (width, width)), 0.25 * width)
    depth = np.log(np.maximum(smooth, 1) / np.maximum(brightness, 1)).clip(0, _MOST)
    inside = near > 0.3
    if not inside.any():
        return np.zeros_like(depth)
    beard = float(np.clip(np.median(depth[inside]) / _HAIRY - 1, 0, 1))
    # Skin that is squeezed as it is drawn shows every step of a gain as a saw.
    return gaussian_filter(depth * near * (1 - beard), _SOFT_PX).astype(np.float32)

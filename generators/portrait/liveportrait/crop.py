"""Which part of a picture the networks look at: an upright square around the face, wide enough for hair and neck."""

from math import atan2

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.faces.crops import Square

SOURCE_SCALE, SOURCE_RISE = 2.3, 0.125
"""Of a face that is to be moved: side of the square in sides of the box around its landmarks, and how far its centre
lies above that of the box, in sides of the square."""
DRIVING_SCALE, DRIVING_RISE = 2.2, 0.1
"""Of a face whose motion is taken."""

# What the networks' own landmarks outline: from the brows to the chin and from ear to ear, without the forehead.
_JAW = (
    *(234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454),
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
)
_EYES = (33, 133, 159, 145, 263, 362, 386, 374)
_LIPS = (61, 291, 0, 17)


def face_square(
    points_px: Float[np.ndarray, "468 n"], scale: float = SOURCE_SCALE, rise: float = SOURCE_RISE
) -> Square:
    """Return the square to look at, turned so that the lips are straight below the eyes.

    Args:
        points_px: the face mesh in pixels of the picture.
        scale: side of the square in sides of the box around brows, cheeks and chin.
        rise: how far the square is moved towards the forehead, in its own sides.
    """
    points = np.asarray(points_px, np.float64)[:, :2]
    down = points[list(_LIPS)].mean(0) - points[list(_EYES)].mean(0)
    angle = atan2(-down[0], down[1])
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    placed = points[list(_JAW)] @ axes.T
    low, high = placed.min(0), placed.max(0)
    side = scale * float((high - low).max())
    x, y = ((low + high) / 2 - (0, rise * side)) @ axes
    return Square(float(x), float(y), side, angle)

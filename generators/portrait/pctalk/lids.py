"""Blinks apart from expression: what the lids do for a moment, and what they do for long.

A blink is an event and no part of an emotion. Subtracting a motion from another would leave half a blink at each of
their moments, so blinks are taken out before motions are compared, and put back afterwards.
"""

from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.arkit import CHANNEL, SIDED
from espressivo.generators.face.liveliness.blinks import close_lids
from espressivo.generators.face.motion import FaceMotion

LONGEST_BLINK_S: Final = 0.5
"""A lid that is closed for longer is held so on purpose."""
_SHUT: Final = 1.0 - 1e-6


def without_blinks(motion: FaceMotion) -> tuple[FaceMotion, Float[np.ndarray, "frames 2"]]:
    """Take the blinks out of a motion.

    Returns:
        The motion with its lids as they would be without blinks, and the closure of both lids by blinks in [0, 1],
        left first. `with_blinks` makes the motion again of both.
    """
    from scipy.ndimage import grey_closing, grey_opening

    window = 2 * round(LONGEST_BLINK_S * motion.fps / 2) + 1
    weights = np.array(motion.weights, np.float64)
    closures = np.zeros((len(motion), 2))
    for side, name in enumerate(SIDED):
        lid, wide = CHANNEL[f"eyeBlink{name}"], CHANNEL[f"eyeWide{name}"]
        held = grey_opening(weights[:, lid], window, mode="nearest")
        closures[:, side] = (weights[:, lid] - held) / np.maximum(1.0 - held, 1.0 - _SHUT)
        weights[:, lid] = held
        # A widened eye gives way as its lid closes: that dip is the blink's as well.
        weights[:, wide] = grey_closing(weights[:, wide], window, mode="nearest")
    return FaceMotion(weights, motion.head_rad, motion.gaze_rad, motion.fps), np.clip(closures, 0.0, 1.0)


def with_blinks(motion: FaceMotion, closures: Float[np.ndarray, "frames 2"]) -> FaceMotion:
    """Put blinks on a motion that has none."""
    return FaceMotion(close_lids(motion.weights, closures), motion.head_rad, motion.gaze_rad, motion.fps)

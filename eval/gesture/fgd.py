"""How like real motion a set of motions is: the Frechet distance of gestures, by our own encoder.

Values depend on the encoder. They can be compared with values of the same encoder only, which the name of the metric
says, and never with a published FGD.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from espressivo.eval.metric import NotMeasured
from espressivo.eval.quality.frechet import EMAGE_EPS, frechet_distance
from espressivo.generators.gesture.motion import BodyMotion

ENCODER_SHA6 = "f87ebd"
"""First digits of the SHA-256 of the encoder that ships; a test compares them with the file."""
ENCODER_ID = "motion-encoder"
FGD_NAME = f"gesture_fgd_own_{ENCODER_SHA6}"
LEAST_WINDOWS = 64
"""Windows of 32 frames that each set needs: twice the number of features."""


def motion_features(motions: Sequence[BodyMotion]) -> list[Float[np.ndarray, "windows 32"]]:
    """Return the features of the windows of each motion by the encoder that ships; none if it lasts under 1.07 s."""
    from espressivo.eval.gesture.encoder import encode, pose_numbers, shipped_encoder

    return encode(map(pose_numbers, motions), shipped_encoder())


def fgd(
    features: Sequence[Float[np.ndarray, "windows 32"]], real: Sequence[Float[np.ndarray, "windows 32"]]
) -> float | NotMeasured:
    """Return the Frechet distance of all windows of two sets, with EMAGE's 1e-6 on both diagonals inside the root.

    The fewer windows, the larger it is, even between two parts of the same data; so compare sets of like size.
    """
    ours, theirs = np.concatenate(features), np.concatenate(real)
    fewest = min(len(ours), len(theirs))
    if fewest < LEAST_WINDOWS:
        return NotMeasured(f"needs {LEAST_WINDOWS} windows of 32 frames in each set, has {fewest}")
    return float(frechet_distance(ours, theirs, EMAGE_EPS))


def halves_fgd(real: Sequence[Float[np.ndarray, "windows 32"]], seed: int = 0) -> float | NotMeasured:
    """Return the distance of two halves of real motion, drawn by clip: what nothing real can be asked to go below."""
    order = np.random.default_rng(seed).permutation(len(real))
    half = len(real) // 2
    if not half:
        return NotMeasured("needs two real motions or more")
    return fgd([real[clip] for clip in order[:half]], [real[clip] for clip in order[half:]])

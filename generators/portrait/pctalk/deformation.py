"""What an emotion alone does to a moving face: emotional motion less neutral motion, in ARKit space.

PC-Talk subtracts the keypoints that its network predicts for the same sound with and without the emotion and adds the
difference, scaled and cut to regions, to a face that speaks (reference: its released code, `EMC`). The same algebra
holds for the motion of any face generator that is deterministic by its seed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.portrait.pctalk.regions import REGIONS, RegionName


@dataclass(frozen=True, eq=False)
class Deformation:
    """A difference of two motions, frame by frame; values of either sign."""

    weights: Float[np.ndarray, "frames 52"]
    head_rad: Float[np.ndarray, "frames 3"]
    gaze_rad: Float[np.ndarray, "frames 2"]

    @classmethod
    def between(cls, neutral: FaceMotion, emotional: FaceMotion) -> Self:
        """Return what has to be added to `neutral` to get `emotional`.

        Raises:
            ValueError: they differ in length or frame rate.
        """
        if len(neutral) != len(emotional) or neutral.fps != emotional.fps:
            raise ValueError(
                f"Motions of {len(neutral)} and {len(emotional)} frames at {neutral.fps:g} and {emotional.fps:g} "
                "frames per second cannot be compared."
            )
        return cls(
            np.subtract(emotional.weights, neutral.weights, dtype=np.float64),
            np.subtract(emotional.head_rad, neutral.head_rad, dtype=np.float64),
            np.subtract(emotional.gaze_rad, neutral.gaze_rad, dtype=np.float64),
        )

    def within(self, name: RegionName) -> "Deformation":
        """Return the part of it that lies in a region; elsewhere 0."""
        region = REGIONS[name]
        return Deformation(
            self.weights * region.channels, self.head_rad * float(region.head), self.gaze_rad * float(region.gaze)
        )

    def times(self, intensity: float) -> "Deformation":
        """Return it scaled."""
        return Deformation(intensity * self.weights, intensity * self.head_rad, intensity * self.gaze_rad)


def deformed(motion: FaceMotion, deformations: Iterable[Deformation]) -> FaceMotion:
    """Return `motion` with all of these added; weights may leave [0, 1]."""
    weights, head_rad, gaze_rad = (
        part.astype(np.float64) for part in (motion.weights, motion.head_rad, motion.gaze_rad)
    )
    for one in deformations:
        weights, head_rad, gaze_rad = weights + one.weights, head_rad + one.head_rad, gaze_rad + one.gaze_rad
    return FaceMotion(weights, head_rad, gaze_rad, motion.fps)

"""What the parts of an avatar share: skin is drawn first, then eyes, then the inside of the mouth, on one picture."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from jaxtyping import Float32

from espressivo.generators.portrait.avatar.fit import Fit, Pose
from espressivo.generators.portrait.avatar.light import Light


@dataclass(frozen=True, eq=False)
class Stage:
    """What an avatar's layers are made from, once per portrait."""

    photo: Float32[np.ndarray, "size size 3"]
    """The part of the photograph that is drawn, as it stands at rest: RGB, 0..255."""
    fit: Fit
    """In pixels of `photo`."""

    @property
    def size(self) -> int:
        """Side of the frame, px."""
        return len(self.photo)

    @cached_property
    def light(self) -> Light:
        """What all parts are tinted and blurred by."""
        return Light.of(self.photo, self.fit.points_px)


class Layer(Protocol):
    """Something that is painted over the skin, such as the eyes between the lids or the inside of the mouth."""

    def draw(self, picture: Float32[np.ndarray, "size size 3"], pose: Pose) -> None:
        """Blend into `picture` (RGB, 0..255) in place. Where nothing opens or moves, leave it as it is to the bit."""
        ...


class Relief(Protocol):
    """Something that makes skin brighter or darker, such as folds."""

    def gain(self, pose: Pose) -> Float32[np.ndarray, "size size"] | None:
        """Return what the skin is multiplied by, at its place in the photograph at rest; None: by 1 everywhere."""
        ...

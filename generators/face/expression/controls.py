"""How strongly each region of the face shows the emotion."""

from typing import Annotated, Final

import numpy as np
from jaxtyping import Float
from pydantic import Field

from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.inputmodel import InputModel

Gain = Annotated[float, Field(ge=0, le=2)]

_REGION_PREFIXES: Final = {
    "mouth": ("mouth", "jaw", "cheekPuff", "tongue", "noseSneer"),
    "brows": ("brow",),
    "eyes": ("eye", "cheekSquint"),
}


class ExpressionControls(InputModel):
    """Gains of the emotional expression by region: 0 leaves the region out, 1 is the fitted table, 2 exaggerates."""

    mouth: Gain = 1.0
    """Mouth, jaw and nose wings, as far as the emotion moves them."""
    brows: Gain = 1.0
    """Eyebrows."""
    eyes: Gain = 1.0
    """Lids and cheeks."""

    def channel_gains(self) -> Float[np.ndarray, "52"]:
        """The gain of every ARKit channel."""
        return np.array([self._gain_of(name) for name in ARKIT_NAMES])

    def _gain_of(self, channel: str) -> float:
        region = next(r for r, prefixes in _REGION_PREFIXES.items() if channel.startswith(prefixes))
        return getattr(self, region)

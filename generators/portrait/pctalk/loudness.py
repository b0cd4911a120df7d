"""How large the lips move, and how that follows the voice's loudness."""

from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.prosody import Prosody
from espressivo.generators.face.articulation.rhythm import smooth

LEAST: Final = 0.2
MOST: Final = 2.0
"""A voice makes the lips at least and at most so large, as a factor of `scale`."""
_SYLLABLES_S: Final = 0.12
"""Loudness is smoothed over about a syllable: within one it is the vowel's business, which visemes have."""


def lip_scale(
    prosody: Prosody, times_s: Float[np.ndarray, "frames"], scale: float = 1.0, follow: float = 0.0
) -> Float[np.ndarray, "frames"]:
    """Return the factor of lip movement at `times_s` (evenly spaced).

    Args:
        prosody: of the line.
        times_s: moments.
        scale: factor at the line's mean loudness (over what is spoken).
        follow: how much more the loudest moment gets, as a share: at 1, silence moves the lips by the mean loudness
            less, and full loudness by what it has above the mean more. 0 is no following.
    """
    if follow == 0.0 or not prosody.speaking.any():
        return np.full(len(times_s), scale)
    loudness = prosody.at("loudness", times_s).astype(np.float64)
    mean = float(prosody.loudness[prosody.speaking].mean())
    return scale * np.clip(1.0 + follow * (smooth(loudness, _SYLLABLES_S, times_s) - mean), LEAST, MOST)

"""How far a photograph is moved for an emotion: gains for any face motion, and what every emotion adds.

A rig shows an emotion by its shapes and by the light on them. A warped photograph keeps its light, and the shapes that
it is warped by are smaller than people's for some muscles, so the same weights say less on it. `expression.json` makes
up for that; `python -m espressivo.eval.portrait.fit_amplitudes` makes it, within the spread of real faces.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.generators.face.arkit import ARKIT_NAMES, weights_from
from espressivo.generators.face.expression.table import load_table

FILE_NAME = "expression.json"
CORNERS: Final = ("mouthSmile", "mouthDimple", "mouthFrown", "mouthStretch", "mouthUpperUp", "mouthLowerDown",
                  "mouthShrugLower")  # fmt: skip
"""What a mouth can do for an emotion while its jaw and its middle speak."""
CORNERS_STAY: Final = 0.85
"""Share of an emotion's own corners that is left of it, at the least, in a mouth that speaks (estimate, looked at)."""
STAYS: Final[Mapping[str, float]] = {"jawOpen": 0.75, "eyeBlink": 0.3, "eyeSquint": 0.75}
"""Share of what is added to a jaw and to lids that is left of it while the mouth speaks (estimate, looked at): whoever
speaks a line with eyes that are all but shut seems asleep or in pain."""

_CORNERS: Final = weights_from(**dict.fromkeys(CORNERS, 1.0))
_GIVEN_WAY: Final = weights_from(**{name: 1 - share for name, share in STAYS.items()})


@dataclass(frozen=True, eq=False)
class PortraitExpression:
    """The fitted table that ships. All arrays are read-only."""

    gains: Float[np.ndarray, "52"]
    """What the emotional part of a face motion is multiplied by, columns as `ARKIT_NAMES`."""
    added: Float[np.ndarray, "10 52"]
    """What each emotion adds at full strength, rows as `CATEGORIES`; it may take away. Neutral adds nothing."""
    provenance: Mapping[str, Any]

    def emotional(
        self,
        pure: Float[np.ndarray, "*frames 52"],
        strengths: Float[np.ndarray, "*frames 10"],
        speaking: Float[np.ndarray, "*frames"] | float = 0.0,
        rounded: Float[np.ndarray, "*frames"] | float = 0.0,
    ) -> Float[np.ndarray, "*frames 52"]:
        """Return the emotional part of a face motion as a photograph has to show it: `gains` x pure + what is added.

        Nothing for neutral, and half for half of `pure` and `strengths` together. What is added to lips does not give
        way to speech as `pure` does, and neither do the corners of the mouth: too little would be seen of an emotion
        while its portrait speaks. The jaw gives way a little, lids more, and lips that have to close do so all the same
        (`eval.portrait.talking`, `eval.portrait.lips`).

        Args:
            pure: the motion with the emotion minus the same motion without it.
            strengths: of every category at every frame (`EmotionCurves.strengths`).
            speaking: 0..1, how far the mouth of `pure` has given way to speech.
            rounded: 0..1, how round its sounds make the lips: round lips have no corners to spare.
        """
        strengths, speaking = np.asarray(strengths, np.float32), np.asarray(speaking, np.float32)[..., np.newaxis]
        free = speaking * (1 - np.asarray(rounded, np.float32)[..., np.newaxis])
        least = free * np.float32(CORNERS_STAY) * _CORNERS * (strengths @ load_table().mean.astype(np.float32))
        own = np.where(least > 0, np.maximum(pure, least), pure).astype(np.float32)
        added = strengths @ self.added.astype(np.float32) * (1 - speaking * _GIVEN_WAY)
        return own * self.gains.astype(np.float32) + added


@cache
def load_portrait_expression() -> PortraitExpression:
    """Read the shipped `expression.json`."""
    content = json.loads(files("espressivo.generators.portrait.avatar").joinpath(FILE_NAME).read_text("utf-8"))
    return expression_from(content)


def expression_from(content: Mapping[str, Any]) -> PortraitExpression:
    """Read the content of such a file: `gains` and `added` by channel; a name without side stands for both.

    Channels that are not named have a gain of 1 and nothing is added to them.
    """
    gains = np.ones(len(ARKIT_NAMES))
    named = weights_from(**dict.fromkeys(content["gains"], 1.0)) > 0
    gains[named] = weights_from(**content["gains"])[named]
    added = np.zeros((len(CATEGORIES), len(ARKIT_NAMES)))
    for category, channels in content["added"].items():
        added[CATEGORIES.index(category)] = weights_from(**channels)
    gains.setflags(write=False)
    added.setflags(write=False)
    return PortraitExpression(gains, added, content["provenance"])

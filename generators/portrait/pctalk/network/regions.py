"""Which of the 21 keypoints belong to each region of the face."""

from typing import Final

from espressivo.generators.portrait.pctalk.network.config import LIPS
from espressivo.generators.portrait.pctalk.regions import RegionName

_EYES = (11, 13, 15, 16, 18)
_BROWS = (0, 1, 2)

KEYPOINTS: Final[dict[RegionName, list[int]]] = {
    "lips": [*LIPS],
    "eyes": [*_EYES],
    "brows": [*_BROWS],
    "upper": sorted((*_EYES, *_BROWS)),
    "lower": [*LIPS],
    "all": [*range(21)],
}

"""What the browser is told once, so that pad and head answer without asking the server."""

from functools import cache
from typing import Any


@cache
def emotion_facts() -> dict[str, Any]:
    """Return categories with their places, and the face of each: (10 categories, 52 ARKit weights)."""
    from espressivo.conditioning.vocabulary import CATEGORIES, MEANS, SPREADS
    from espressivo.generators.face.arkit import ARKIT_NAMES
    from espressivo.generators.face.expression.layer import REGION_PREFIXES
    from espressivo.generators.face.expression.table import load_table

    def region(name: str) -> str:
        return next((part for part, prefixes in REGION_PREFIXES.items() if name.startswith(prefixes)), "other")

    return {
        "categories": list(CATEGORIES),
        "means": MEANS.tolist(),
        "spreads": SPREADS.tolist(),
        "arkit": list(ARKIT_NAMES),
        "table": load_table().mean.round(4).tolist(),
        "regions": [region(name) for name in ARKIT_NAMES],
    }


BLENDS: dict[str, dict[str, float]] = {
    "bittersweet": {"happiness": 0.5, "sadness": 0.5},
    "nervous smile": {"happiness": 0.4, "fear": 0.5},
    "outrage": {"anger": 0.7, "disgust": 0.3},
    "awe": {"surprise": 0.6, "fear": 0.3},
    "smug": {"happiness": 0.3, "contempt": 0.6},
    "serene": {"calm": 0.7, "happiness": 0.2},
}
"""Mixes by name: strengths by category."""

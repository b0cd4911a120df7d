"""Where listeners place acted speech in valence, arousal and dominance: what an acted label is worth as a rating.

Means and spreads of anger, happiness, sadness, boredom and neutral are listeners' ratings of acted sentences (EmoTale,
800 clips, three raters each, mapped from 1..5 to -1..1). The other rows are estimates: the words' places (Russell and
Mehrabian 1977, `vocabulary_tables`) drawn in to .65, as the rated categories are, and moved to what acted voices of
that name sound like. Listeners do not place neutral speech at the origin.
"""

import numpy as np
from jaxtyping import Float

RATINGS: dict[str, tuple[float, float, float]] = {
    "neutral": (-0.20, -0.26, -0.25),
    "happiness": (0.48, 0.46, 0.14),
    "sadness": (-0.52, -0.23, -0.34),
    "anger": (-0.37, 0.38, 0.40),
    "boredom": (-0.37, -0.47, -0.42),
    "fear": (-0.42, 0.36, -0.28),
    "disgust": (-0.40, 0.10, 0.05),
    "surprise": (0.15, 0.40, -0.05),
    "calm": (0.05, -0.40, -0.15),
    "contempt": (-0.36, 0.05, 0.26),
}
"""Category -> mean valence, arousal, dominance."""

RATING_SPREADS: dict[str, tuple[float, float, float]] = {
    "neutral": (0.14, 0.19, 0.18),
    "happiness": (0.26, 0.23, 0.17),
    "sadness": (0.23, 0.35, 0.24),
    "anger": (0.29, 0.25, 0.32),
    "boredom": (0.14, 0.25, 0.22),
}
"""Standard deviations of the rated categories."""

NEUTRAL: Float[np.ndarray, "3"] = np.array(RATINGS["neutral"])
"""What a rating is measured from when it becomes an emotion to perform: neutral speech is no emotion."""

_STRENGTHS = {"normal": 0.8, "strong": 1.2}


def ratings(categories: tuple[str, ...]) -> Float[np.ndarray, "categories 3"]:
    """Return the rows of `RATINGS`."""
    return np.array([RATINGS[category] for category in categories])


def expected_rating(category: str, strength: str = "", recognised: float = 1.0) -> Float[np.ndarray, "3"]:
    """Return what listeners would say of one acted clip.

    Args:
        category: what was acted.
        strength: "normal" or "strong" where the corpus asked for it (estimate: .8 and 1.2 times the way from neutral).
        recognised: share of listeners who heard that emotion; the others are taken to hear neutral on average.
    """
    away = np.array(RATINGS[category]) - NEUTRAL
    return NEUTRAL + away * _STRENGTHS.get(strength, 1.0) * recognised


def rating_distribution() -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    """Mean and standard deviation of ratings over the five rated categories in equal shares."""
    means = ratings(tuple(RATING_SPREADS))
    within = np.square(list(RATING_SPREADS.values())).mean(axis=0)
    return means.mean(axis=0), np.sqrt(means.var(axis=0) + within)

"""What an encoder reads of a text; of a voice it reads `voice_emotion.features`, of music `music_emotion.features`,
of a face its ARKit weights."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.text_emotion.labels import LABELS
from espressivo.conditioning.text_emotion.model import best_source, default_model
from espressivo.conditioning.text_emotion.recogniser import NEUTRAL_RATING

TEXT_FEATURES = ("valence", "arousal", "dominance", *LABELS)
"""Columns of `read_sentences`: ratings from the neutral one, and logarithms of the labels' probabilities."""

_LEAST = 1e-4


def read_sentences(texts: Sequence[str]) -> Float[np.ndarray, "texts features"]:
    """Read sentences with the text recogniser, by words alone where the sentence encoder is not installed."""
    readings = default_model(best_source()).read(texts)
    ratings = readings.ratings - np.array(NEUTRAL_RATING)
    return np.hstack([ratings, np.log(np.maximum(readings.labels, _LEAST))]).astype(np.float32)

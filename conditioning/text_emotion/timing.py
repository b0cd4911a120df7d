"""When each sentence of a text is spoken."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.phones.transcript import spoken_words
from espressivo.conditioning.speech import Word
from espressivo.conditioning.text_emotion.recogniser import TextEmotion
from espressivo.errors import EmotionError

WORDS_PER_S = 2.5
"""How fast a text is read where nothing says so: 150 words a minute."""


def sentence_starts_s(
    sentences: Sequence[TextEmotion], duration_s: float | None = None, words: Sequence[Word] | None = None
) -> Float[np.ndarray, " edges"]:
    """Return when each sentence begins and, last, when the text ends, in seconds.

    Without `words`, time is shared out by the number of words. With them, a sentence begins with its first word; where
    the text has more or fewer words than were heard, places are scaled to fit. Without sentences there is only an end.

    Raises:
        EmotionError: the duration is negative or not finite.
    """
    if duration_s is not None and not (np.isfinite(duration_s) and duration_s >= 0):
        raise EmotionError(f"The duration of a text is {duration_s:g} s; it must be 0 s or more.")
    if not sentences:
        return np.array([duration_s or 0.0])
    counts = np.array([max(1, len(spoken_words(sentence.text))) for sentence in sentences])
    before = np.append(0, np.cumsum(counts))
    if not words:
        total_s = before[-1] / WORDS_PER_S if duration_s is None else duration_s
        return before / before[-1] * total_s
    begins = np.array([word.start_s for word in words] + [words[-1].end_s])
    places = before if before[-1] == len(words) else before / before[-1] * len(words)
    return np.interp(places, np.arange(len(begins)), begins)

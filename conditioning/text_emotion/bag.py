"""A sentence as the set of its words: what the recogniser falls back on without sentence embeddings."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.text_emotion.cues import NEGATIONS
from espressivo.conditioning.text_emotion.style import words_of

_NEGATED = "not_"
_REACH = 2


class WordBag:
    """The words that are looked for, in a fixed order."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._columns = {word: column for column, word in enumerate(self.words)}

    @classmethod
    def of(cls, texts: Iterable[str], least: int, most: int) -> "WordBag":
        """Return the up to `most` commonest words that at least `least` of the texts hold."""
        counts = Counter(word for text in texts for word in set(marked_words(text)))
        return cls(sorted(word for word, count in counts.most_common(most) if count >= least))

    def vectors(self, texts: Sequence[str]) -> Float[np.ndarray, "texts words"]:
        """Return which words each text holds, rows scaled to length 1 (zeros where it holds none), float32."""
        rows = np.zeros((len(texts), len(self.words)), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[[self._columns[word] for word in marked_words(text) if word in self._columns]] = 1
        return rows / np.sqrt(np.maximum(rows.sum(1, keepdims=True), 1))

    def holds(self, word: str) -> bool:
        """Say whether a lower-case word is looked for."""
        return word in self._columns


def marked_words(text: str) -> list[str]:
    """Return the words of a text, those within two words after a negation marked: not really good -> not_good."""
    words = words_of(text)
    return [
        _NEGATED + word if NEGATIONS.intersection(words[max(0, index - _REACH) : index]) else word
        for index, word in enumerate(words)
    ]

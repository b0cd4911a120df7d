"""How a sentence is written, apart from its words: length, marks, capitals, quotes, emoji."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

FEATURES = (
    *("log_characters", "log_words", "word_length", "exclamations", "questions", "ellipses", "commas"),
    *("capitals", "capital_words", "quotes", "digits", "stretched", "ends_full_stop", "first_person", "second_person"),
)
"""What `style_features` counts, in its order."""

_MOST = 5  # more marks of a kind say no more
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ELLIPSIS = re.compile(r"\.{2,}|…")
_STRETCHED = re.compile(r"([a-z])\1\1", re.IGNORECASE)
_QUOTE = re.compile(r"[\"“”„«»]")
_FIRST = "i me my mine myself i'm i've i'd i'll we us our ours we're we've we'll"
_SECOND = "you your yours yourself you're you've you'd you'll"
_FIRST_PERSON, _SECOND_PERSON = (frozenset(words.split()) for words in (_FIRST, _SECOND))


def style_features(texts: Sequence[str]) -> Float[np.ndarray, "texts features"]:
    """Return `FEATURES` per text: logarithms, counts up to a few, and shares in [0, 1]; zeros for an empty text."""
    return np.array([_features(text) for text in texts], np.float32).reshape(len(texts), len(FEATURES))


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, apostrophes straight, compatibility letters made plain."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").lower()
    return _WORD.findall(plain)


def _features(text: str) -> tuple[float, ...]:
    words = _WORD.findall(text)
    letters = [character for character in text if character.isalpha()]
    lower = [word.lower().replace("’", "'") for word in words]
    return (
        np.log1p(len(text)),
        np.log1p(len(words)),
        _share(sum(map(len, words)), len(words)) / 10,
        _count(text.count("!")),
        _count(text.count("?")),
        _count(len(_ELLIPSIS.findall(text))),
        _count(text.count(",")),
        _share(sum(letter.isupper() for letter in letters), len(letters)),
        _count(sum(len(word) > 1 and word.isupper() for word in words)),
        _count(len(_QUOTE.findall(text))),
        _share(sum(character.isdigit() for character in text), len(text)),
        _count(len(_STRETCHED.findall(text))),
        float(text.rstrip("\"”'’ )").endswith(".")),
        _share(sum(word in _FIRST_PERSON for word in lower), len(words)),
        _share(sum(word in _SECOND_PERSON for word in lower), len(words)),
    )


def _count(number: int) -> float:
    return min(number, _MOST) / _MOST


def _share(part: float, whole: int) -> float:
    return part / whole if whole else 0.0

"""Emotion that a sentence's own words name: no network, no packages. What `TextRecogniser` falls back on.

Every word of the vocabulary and of `cues` counts for its categories, stronger or weaker by the word before it. A
negation up to three words before turns what pleases into half as much sadness, and anything else into nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.text_emotion.cues import CUE_EMOJI, CUE_WORDS, NEGATIONS, STRONGER, WEAKER
from espressivo.conditioning.text_emotion.style import words_of
from espressivo.conditioning.vocabulary import CATEGORIES, known_words, resolve
from espressivo.conditioning.vocabulary_words import FORM_ROWS

_NEGATION_REACH = 3
_STRONGER, _WEAKER = 1.3, 0.6  # estimates, as all strengths here
_CUE_STRENGTH = 0.6
_NEGATED_JOY = 0.5
_MARKS_GAIN = 0.1  # per exclamation mark, up to three
# Nouns of the vocabulary that are commonplace words of another sense, and words that only name a category.
_COMMONPLACE = "like likes liked none neutral cares content arousal interest interested gay shock"
_NOT_EMOTIONS = frozenset(_COMMONPLACE.split())
# What GoEmotions has no labels for: whole categories, and nouns of others.
_UNTAUGHT_CATEGORIES, _UNTAUGHT_NOUNS = ("contempt", "calm", "boredom"), ("envy", "jealousy")
_PLEASING = ("happiness", "calm")


@dataclass(frozen=True, eq=False)
class Evidence:
    """Strengths that the words of a sentence add up to."""

    strengths: Float[np.ndarray, "categories"]
    """Per `CATEGORIES`, not limited to 1; neutral's is 0."""
    words: int
    """How many words and emoji were evidence, negated ones included."""


def evidence_of(text: str, untaught_only: bool = False) -> Evidence:
    """Add up the emotion words and emoji of a sentence.

    Args:
        text: the sentence.
        untaught_only: only words of emotions that the labels of GoEmotions, and so the trained heads, lack. Emoji count
            all the same: the sentence encoder does not know them.
    """
    words, entries = words_of(text), _untaught_entries() if untaught_only else _entries()
    strengths = np.zeros(len(CATEGORIES))
    found = 0
    for index, word in enumerate(words):
        if (entry := entries.get(word)) is not None:
            found += 1
            before = words[max(0, index - _NEGATION_REACH) : index]
            strengths += _negated(entry) if NEGATIONS.intersection(before) else entry * _degree(before[-1:])
    for character in text:
        if (entry := _emoji().get(character)) is not None:
            found += 1
            strengths += entry
    marks = 1 + _MARKS_GAIN * min(3, text.count("!"))
    return Evidence(strengths * marks, found)


def _negated(entry: Float[np.ndarray, "categories"]) -> Float[np.ndarray, "categories"]:
    pleasing = sum(entry[CATEGORIES.index(category)] for category in _PLEASING)
    return _NEGATED_JOY * pleasing * np.eye(len(CATEGORIES))[CATEGORIES.index("sadness")]


def _degree(before: list[str]) -> float:
    return _STRONGER if STRONGER.intersection(before) else _WEAKER if WEAKER.intersection(before) else 1.0


@cache
def _entries() -> Mapping[str, Float[np.ndarray, "categories"]]:
    cues = {word: _strengths(noun, _CUE_STRENGTH) for noun, words in CUE_WORDS.items() for word in words.split()}
    named = {word: _strengths(word, 1.0) for word in known_words() if word not in _NOT_EMOTIONS}
    return cues | named


@cache
def _untaught_entries() -> Mapping[str, Float[np.ndarray, "categories"]]:
    untaught = np.isin(CATEGORIES, _UNTAUGHT_CATEGORIES)
    nouns = {word: FORM_ROWS.get(word, word) in _UNTAUGHT_NOUNS for word in _entries()}
    return {
        word: entry if nouns[word] else entry * untaught
        for word, entry in _entries().items()
        if nouns[word] or entry[untaught].sum() >= entry.sum() / 2
    }


@cache
def _emoji() -> Mapping[str, Float[np.ndarray, "categories"]]:
    return {character: _strengths(noun, 1.0) for noun, characters in CUE_EMOJI.items() for character in characters}


def _strengths(word: str, strength: float) -> Float[np.ndarray, "categories"]:
    meaning = resolve(word)
    shares = np.array([0.0, *(meaning.weights.get(category, 0.0) for category in CATEGORIES[1:])])
    return shares * meaning.intensity * strength

"""Stage directions: what "(angrily)", "(very sad, almost crying)" or "(anger:0.8)" says about the emotion of a line."""

import re

from espressivo.conditioning.state import EmotionState, layer
from espressivo.conditioning.vocabulary import known_words
from espressivo.errors import EmotionError

_DEGREES: dict[str, float] = {
    "slightly": 0.4,
    "bit": 0.4,
    "little": 0.4,
    "somewhat": 0.5,
    "mildly": 0.5,
    "rather": 0.7,
    "quite": 0.8,
    "almost": 0.6,
    "very": 1.2,
    "really": 1.2,
    "deeply": 1.3,
    "extremely": 1.4,
    "utterly": 1.4,
}
"""What a word before an emotion does to its strength (estimates)."""
_GESTURES = {
    "laughing": "amusement",
    "laughs": "amusement",
    "chuckling": "amusement",
    "giggling": "amusement",
    "smiling": "gladness",
    "smiles": "gladness",
    "grinning": "cheerfulness",
    "beaming": "delight",
    "crying": "sadness",
    "cries": "sadness",
    "weeping": "grief",
    "sobbing": "grief",
    "sighing": "resignation",
    "sighs": "resignation",
    "shouting": "anger",
    "shouts": "anger",
    "yelling": "anger",
    "yells": "anger",
    "snapping": "irritation",
    "snaps": "irritation",
    "trembling": "fear",
    "shaking": "fear",
    "gasping": "shock",
    "gasps": "shock",
    "sneering": "scorn",
    "sneers": "scorn",
    "yawning": "boredom",
    "yawns": "boredom",
}
"""What an actor does, and what it mostly shows (estimates)."""
_NEGATIONS = ("not", "no", "never", "without", "hardly", "isn't", "trying")
_ADVERB_ENDS = (("ily", "y"), ("ally", ""), ("ly", ""), ("ly", "le"), ("fully", ""))
_TERM = re.compile(r"(?P<word>[^\W\d_][\w'’-]*)(?:\s*:\s*(?P<strength>\d*\.?\d+))?")


def read_direction(text: str) -> EmotionState | None:
    """Return the emotion that a direction names, several of them at once, or None where it names none.

    A word is an emotion word of the vocabulary, its adverb, or a gesture such as "laughing"; a strength may follow a
    colon. "Not angry" names none.

    Raises:
        EmotionError: a strength is above 1.
    """
    states: list[EmotionState] = []
    degree, negated = 1.0, False
    for match in _TERM.finditer(text.lower().replace("’", "'")):
        word = match["word"]
        noun = _emotion_word(word)
        if word in _NEGATIONS:
            negated = True
        elif noun is None:
            degree *= _DEGREES.get(word, 1.0)
        elif not negated:
            state = EmotionState.of(noun, None if match["strength"] is None else _strength(match["strength"], noun))
            states.append(state.with_intensity(min(1.0, state.intensity * degree)))
        if noun is not None or text[match.end() : match.end() + 1] in (",", ";"):
            degree, negated = 1.0, False
    return layer(states) if len(states) > 1 else states[0] if states else None


def _emotion_word(word: str) -> str | None:
    stems = [word[: -len(end)] + instead for end, instead in _ADVERB_ENDS if word.endswith(end)]
    for candidate in (_GESTURES.get(word, word), *stems):
        if candidate in known_words() and candidate not in _NEGATIONS:
            return candidate
    return None


def _strength(text: str, noun: str) -> float:
    strength = float(text)
    if strength > 1:
        raise EmotionError(f"Direction {noun}:{text[:20]} is stronger than 1; write a number from 0 to 1.")
    return strength

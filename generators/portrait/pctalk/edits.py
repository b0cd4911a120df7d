"""Edits as a user writes them: of the whole clip or of single words.

```
wide 1.3                      the lips widen 1.3 times as far in the whole clip
purse 0.5, open 1.2           several at once
never: wide 1.5               only where the word "never" is spoken, every time
never#2: wide 1.5             only the second time
you did it: open +0.3         words in a row; a number with a sign adds a share of the full gesture instead
```
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.phones.transcript import spoken_words
from espressivo.conditioning.speech import Word
from espressivo.errors import InputError
from espressivo.generators.face.articulation.contacts import smoothstep
from espressivo.generators.portrait.pctalk.articulation import DIRECTIONS, DirectionName

Curves = dict[DirectionName, Float[np.ndarray, "frames"]]
"""One value per direction and frame."""

LARGEST_SCALE: Final = 3.0
LARGEST_SHARE: Final = 1.0
RAMP_S: Final = 0.06
"""How long an edit takes to come and go. It does so inside the word, so that its neighbours are not touched."""

_DIRECTION_WORDS: Final[dict[str, DirectionName]] = {
    **{"purse": "pursing", "pursing": "pursing", "pursed": "pursing", "round": "pursing"},
    **{"wide": "widening", "widening": "widening", "widen": "widening"},
    **{"open": "opening", "opening": "opening"},
}
_TERM: Final = re.compile(r"(?P<word>[a-z]+)\s+(?P<amount>[+-]?(\d+\.?\d*|\.\d+))", re.ASCII)
_SHOWN_WORDS: Final = 40
_EXAMPLE: Final = "write for example 'never: wide 1.5' or 'open 1.2'"


@dataclass(frozen=True)
class Edit:
    """One edit of the articulation."""

    direction: DirectionName
    scale: float = 1.0
    """Factor of how far the lips go in this direction."""
    more: float = 0.0
    """Share of the full gesture that is added."""
    words: tuple[str, ...] = ()
    """Consecutive words it is for, as `spoken_words` writes them; none means the whole clip."""
    time: int = 0
    """Which time the words are said, counted from 1; 0 is every time."""


def parse_edits(text: str) -> tuple[Edit, ...]:
    """Read edits in the notation of this module.

    Raises:
        InputError: a part of the text is no edit, or an amount is out of range.
    """
    place, colon, terms = text.rpartition(":")
    words, time = _parse_place(place, text) if colon else ((), 0)
    return tuple(_parse_term(term.strip().lower(), text, words, time) for term in terms.split(","))


def check_words(edits: Sequence[Edit], transcript: str | None) -> None:
    """Refuse, before anything long starts, edits of words that a line does not have.

    Raises:
        InputError: an edit is for a word that is not in the transcript, or there is none.
    """
    spoken = [word.lower() for word in spoken_words(transcript or "")]
    for edit in edits:
        if edit.words:
            _places(edit, spoken)


def curves_of(
    edits: Sequence[Edit], times_s: Float[np.ndarray, "frames"], words: Sequence[Word] | None
) -> tuple[Curves, Curves]:
    """Return what all edits together ask for over time: the scale and the addition of every direction.

    Scales multiply, additions add up. Where nothing is asked, a scale is exactly 1 and an addition exactly 0.

    Raises:
        InputError: an edit is for a word that is not spoken, or the words are not known.
    """
    scales: Curves = {name: np.ones(len(times_s)) for name in DIRECTIONS}
    additions: Curves = {name: np.zeros(len(times_s)) for name in DIRECTIONS}
    for edit in edits:
        share = np.ones(len(times_s)) if not edit.words else _said(edit, times_s, words)
        scales[edit.direction] *= 1.0 + share * (edit.scale - 1.0)
        additions[edit.direction] += share * edit.more
    return scales, additions


def window(times_s: Float[np.ndarray, "frames"], start_s: float, end_s: float) -> Float[np.ndarray, "frames"]:
    """Return 1 in the middle of a word, 0 outside it, eased inside it."""
    ramp_s = min(RAMP_S, (end_s - start_s) / 3)
    return smoothstep(np.minimum(times_s - start_s, end_s - times_s) / ramp_s)


def _parse_place(place: str, text: str) -> tuple[tuple[str, ...], int]:
    spoken, sharp, number = place.partition("#")
    words = tuple(word.lower() for word in spoken_words(spoken))
    if not words:
        raise InputError(f"Edit {text!r} names no word before the colon; {_EXAMPLE}.")
    if sharp and not (number.strip().isdecimal() and int(number) > 0):
        raise InputError(f"Edit {text!r} needs a number after #, such as {spoken.strip()}#2.")
    return words, int(number) if sharp else 0


def _parse_term(term: str, text: str, words: tuple[str, ...], time: int) -> Edit:
    match = _TERM.fullmatch(term)
    if match is None or match["word"] not in _DIRECTION_WORDS:
        raise InputError(f"{term!r} in edit {text!r} is none of purse, wide and open with a number; {_EXAMPLE}.")
    direction, amount = _DIRECTION_WORDS[match["word"]], float(match["amount"])
    if match["amount"][0] in "+-":
        if abs(amount) > LARGEST_SHARE:
            raise InputError(f"{term!r} in edit {text!r} adds more than the whole gesture; use -1 to +1.")
        return Edit(direction, more=amount, words=words, time=time)
    if amount > LARGEST_SCALE:
        raise InputError(f"{term!r} in edit {text!r} is beyond what a mouth can do; use 0 to {LARGEST_SCALE:g}.")
    return Edit(direction, scale=amount, words=words, time=time)


def _said(edit: Edit, times_s: np.ndarray, words: Sequence[Word] | None) -> Float[np.ndarray, "frames"]:
    """Where the words of an edit are said: 1 inside them, 0 outside."""
    words = words or ()
    last = len(edit.words) - 1
    places = _places(edit, [word.text.lower() for word in words])
    spans = [window(times_s, words[first].start_s, words[first + last].end_s) for first in places]
    return np.maximum.reduce(spans)


def _places(edit: Edit, spoken: Sequence[str]) -> list[int]:
    """Return where the words of an edit begin among those of the line."""
    wanted, count = " ".join(edit.words), len(edit.words)
    if not spoken:
        raise InputError(f"An edit of {wanted!r} needs the words of the line; give them with --transcript.")
    places = [first for first in range(len(spoken) - count + 1) if tuple(spoken[first : first + count]) == edit.words]
    if len(places) < max(edit.time, 1):
        said = "said only " + ("once" if len(places) == 1 else f"{len(places)} times") if places else "not said"
        sharp = f", so there is no {wanted}#{edit.time}" if places else ""
        line = " ".join(spoken[:_SHOWN_WORDS]) + (" ..." if len(spoken) > _SHOWN_WORDS else "")
        raise InputError(f"{wanted!r} is {said} in the line{sharp}; its words are: {line}.")
    return places[edit.time - 1 : edit.time] if edit.time else places

"""Where the sentences of a text begin and end. Rules, no data: English first, Chinese and Japanese stops too."""

import re
from dataclasses import dataclass

_TITLES = (
    "mr mrs ms dr prof rev st sr jr gen col capt lt sgt hon messrs mt ave blvd rd no vol fig eq ch pp vs cf al approx"
)
_ABBREVIATIONS = frozenset(
    f"{_TITLES} etc inc ltd co corp dept est jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_MAY_END = frozenset(("etc", "inc", "ltd", "co", "corp", "jr", "sr", "al"))  # a sentence may end with these

# Stops, quotes and brackets that close after them, emoji that comment, and space; Chinese and Japanese write no space.
_EMOJI = r"(?:\s*[\U0001F300-\U0001FAFF\u2600-\u27BF\uFE0F\u200D])*"
_STOP = re.compile(rf"(?P<stop>[.!?…]+)[\"'”’»)\]]*{_EMOJI}(?:\s+|$)|(?P<full>[。！？]+)[”」』）]*{_EMOJI}\s*")
_OPENING = "\"'“‘«([-–—*•"
_PARAGRAPH = re.compile(r"\n\s*\n")
_BULLET = re.compile(r"\s*(?:[-–—*•]\s|\d+[.)]\s)")
_WRAPPED_CHARACTERS = 60  # a line shorter than this was ended by its writer, not by the width of the page


@dataclass(frozen=True)
class Sentence:
    """A sentence, trimmed, with its place in the text."""

    text: str
    start: int
    end: int


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """Return the sentences of a text in their order; a text without letters or digits has at most one.

    A stop ends a sentence unless it belongs to an abbreviation, an initial or a number, or the text goes on in lower
    case. Quotes and brackets that close after a stop belong to it. Blank lines end a sentence, and so do line breaks
    after a short line or before a bullet, but not those of text wrapped at the width of a page.
    """
    ends = sorted({*_stops(text), *_line_ends(text), len(text)})
    sentences: list[Sentence] = []
    start = 0
    for end in ends:
        piece = text[start:end]
        if not piece.strip():
            start = end
            continue
        if not any(character.isalnum() for character in piece) and sentences and "\n" not in piece.rstrip():
            before = sentences.pop()  # "Help!" ?! or a lone emoji: part of what came before
            start = before.start
        left = start + len(text[start:end]) - len(text[start:end].lstrip())
        right = start + len(text[start:end].rstrip())
        sentences.append(Sentence(text[left:right], left, right))
        start = end
    return tuple(sentences)


def _stops(text: str) -> list[int]:
    has_capitals = text != text.lower()  # who writes none begins sentences without them
    return [match.end() for match in _STOP.finditer(text) if _ends_sentence(text, match, has_capitals)]


def _ends_sentence(text: str, match: re.Match[str], has_capitals: bool) -> bool:
    following = text[match.end() : match.end() + 10].lstrip(_OPENING + " \t\n")[:1]
    if has_capitals and following.islower():
        return False
    if match["stop"] != ".":
        return True
    word = re.search(r"[\w.]*$", text[max(0, match.start() - 30) : match.start()])
    last = word[0] if word else ""
    if last.lower() in _ABBREVIATIONS:
        return last.lower() in _MAY_END
    is_initial = len(last) == 1 and last.isupper() and last != "I"
    return not is_initial and not re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", last)


def _line_ends(text: str) -> list[int]:
    ends = [match.end() for match in _PARAGRAPH.finditer(text)]
    for match in re.finditer(r"\n", text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
        after = text[match.end() : match.end() + 40]
        written = before and len(before) < _WRAPPED_CHARACTERS and not after.lstrip()[:1].islower()
        if written or _BULLET.match(after):
            ends.append(match.end())
    return ends

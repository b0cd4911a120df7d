"""WordPiece: text -> the token ids of BERT's uncased vocabulary.

After J. Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", NAACL 2019 (`tokenization.py` of their
repository): clean, lower case, accents off, split at punctuation, then the longest known pieces from the left.
"""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from espressivo.errors import InputError

MAX_TOKENS = 256
"""all-MiniLM-L6-v2 looks at this many, `[CLS]` and `[SEP]` included."""

_MAX_WORD_CHARACTERS = 100
_MAX_CHARACTERS = 20 * MAX_TOKENS  # more text than ever fits is not looked at
_CJK_RANGES = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F)),
    *((0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)


class WordPiece:
    """Splits text into pieces of a vocabulary.

    Args:
        pieces: the vocabulary in the order of its ids; pieces inside a word begin with `##`.
    """

    def __init__(self, pieces: list[str]) -> None:
        self._ids = {piece: index for index, piece in enumerate(pieces)}
        self._unknown, self._start, self._end = (self._ids[name] for name in ("[UNK]", "[CLS]", "[SEP]"))

    @classmethod
    def load(cls, vocabulary: Path) -> "WordPiece":
        """Read `vocab.txt`, one piece a line.

        Raises:
            InputError: the file is missing or lacks BERT's special tokens.
        """
        try:
            return cls(vocabulary.read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError, KeyError) as error:
            raise InputError(f"{vocabulary} is no WordPiece vocabulary ({error}); install its package anew.") from error

    def ids(self, text: str) -> list[int]:
        """Return `[CLS]`, the pieces' ids and `[SEP]`, at most `MAX_TOKENS`; a word that cannot be split is `[UNK]`."""
        pieces: list[int] = []
        for word in _words(text[:_MAX_CHARACTERS]):
            pieces += self._word_ids(word)
            if len(pieces) >= MAX_TOKENS - 2:
                break
        return [self._start, *pieces[: MAX_TOKENS - 2], self._end]

    def holds(self, word: str) -> bool:
        """Say whether a lower-case word is one piece."""
        return word in self._ids

    def _word_ids(self, word: str) -> list[int]:
        if len(word) > _MAX_WORD_CHARACTERS:
            return [self._unknown]
        ids, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if prefix + word[start:end] in self._ids), None)
            if end is None:
                return [self._unknown]
            ids.append(self._ids[prefix + word[start:end]])
            start = end
        return ids


def _words(text: str) -> Iterator[str]:
    """Lower-case words without accents; every punctuation mark and Chinese character is a word of its own."""
    spaced = "".join(map(_spaced, text))
    for word in spaced.split():
        plain = unicodedata.normalize("NFD", word.lower())
        yield from _at_punctuation("".join(each for each in plain if unicodedata.category(each) != "Mn"))


def _spaced(character: str) -> str:
    if character in "\t\n\r":
        return " "
    if character in "\0\ufffd" or unicodedata.category(character).startswith("C"):
        return ""
    if any(low <= ord(character) <= high for low, high in _CJK_RANGES):
        return f" {character} "
    return " " if unicodedata.category(character) == "Zs" else character


def _at_punctuation(word: str) -> Iterator[str]:
    start = 0
    for index, character in enumerate(word):
        if _is_punctuation(character):
            yield from (part for part in (word[start:index], character) if part)
            start = index + 1
    if start < len(word):
        yield word[start:]


def _is_punctuation(character: str) -> bool:
    ascii_mark = character.isascii() and character.isprintable() and not character.isalnum() and character != " "
    return ascii_mark or unicodedata.category(character).startswith("P")

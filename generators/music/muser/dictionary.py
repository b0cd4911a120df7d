"""Which words the ids of a compound word's fields stand for.

The dictionary that ships was reconstructed from the published rules of preparing the data; the authors' own file wins
where a user has it.
"""

import json
import pickle
import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Int

from espressivo.errors import InputError
from espressivo.generators.music.muser.elements import COLUMN, FIELDS

Word = int | str
_LARGEST_BYTES = 1_000_000
_BUILTINS = {"dict": dict, "int": int, "str": str}
_TYPES = ("EOS", "Emotion", "Metrical", "Note")


@dataclass(frozen=True)
class Dictionary:
    """Words of every field by id."""

    words: tuple[tuple[Word, ...], ...]
    """In the order of `FIELDS`."""

    def __post_init__(self) -> None:
        """Check that it is one of MusER's.

        Raises:
            InputError: a field has another number of words, or lacks what every piece needs.
        """
        for field, words in zip(FIELDS, self.words, strict=True):
            if len(words) != field.classes or len(set(words)) != len(words):
                raise InputError(
                    f"The dictionary has {len(set(words))} words for {field.name}, MusER's has {field.classes}; "
                    "give the dictionary.pkl that belongs to MusER."
                )
        needed = {"tempo": ("CONTI",), "chord": ("CONTI", "N_N"), "bar-beat": ("Bar", "Beat_0"), "type": _TYPES}
        for name, words in needed.items():
            if not set(words) <= self.ids[COLUMN[name]].keys():
                raise InputError(
                    f"The dictionary lacks {' or '.join(words)} for {name}; give the dictionary.pkl that belongs to "
                    "MusER."
                )

    @cached_property
    def ids(self) -> tuple[dict[Word, int], ...]:
        """Word -> id, for every field."""
        return tuple({word: number for number, word in enumerate(words)} for words in self.words)

    def number(self, field: str, word: Word) -> int:
        """Return the id of a word; KeyError if the field has none such."""
        return self.ids[COLUMN[field]][word]

    def numbers(self, field: str) -> Int[np.ndarray, "classes"]:
        """Return the number at the end of each word of a field, by id; -1 for a word without."""
        return np.array([_number_in(word) for word in self.words[COLUMN[field]]])

    def ranks(self, field: str) -> Int[np.ndarray, "classes"]:
        """Return the place of each id when a field's words are ordered as music is: by number, then by name.

        Ids themselves are ordered as text, 100 before 22.
        """
        words = self.words[COLUMN[field]]
        order = sorted(range(len(words)), key=lambda place: (_number_in(words[place]), str(words[place])))
        ranks = np.empty(len(words), int)
        ranks[order] = np.arange(len(words))
        return ranks


@cache
def reconstructed() -> Dictionary:
    """Return the dictionary that ships."""
    text = files("espressivo.generators.music.muser").joinpath("dictionary.json").read_text("utf-8")
    return Dictionary(tuple(tuple(words) for words in json.loads(text).values()))


def read_dictionary(path: Path) -> Dictionary:
    """Read the authors' dictionary.pkl; nothing in it is executed.

    Raises:
        InputError: it cannot be opened, or is not MusER's dictionary.
    """
    wrong = f"{path} is not a dictionary of MusER; give the dictionary.pkl that came with its data."
    stored = plain_pickle(path, wrong)
    if not (isinstance(stored, tuple) and len(stored) == 2 and isinstance(stored[1], dict)):
        raise InputError(wrong)
    # The fields stand in the order of a token, whatever they are called.
    columns = [_numbered(words) for words in stored[1].values()]
    if len(columns) != len(FIELDS) or None in columns:
        raise InputError(wrong)
    return Dictionary(tuple(words for words in columns if words is not None))


def plain_pickle(path: Path, wrong: str) -> object:
    """Read a pickle of numbers, texts and dicts; nothing in it is executed.

    Args:
        path: the file.
        wrong: what to say if it is anything else.

    Raises:
        InputError: it cannot be opened, or is anything else.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(wrong)
        return _OnlyWords(BytesIO(path.read_bytes())).load()
    except OSError as error:
        raise InputError(f"{path} cannot be opened ({error.strerror}); {wrong.rsplit('; ', 1)[1]}") from error
    # A damaged pickle raises whatever its instructions run into.
    except (
        pickle.UnpicklingError,
        ValueError,
        EOFError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
    ) as error:
        raise InputError(wrong) from error


class _OnlyWords(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type:
        if module not in ("builtins", "__builtin__") or name not in _BUILTINS:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a dictionary")
        return _BUILTINS[name]


def _numbered(words: object) -> tuple[Word, ...] | None:
    """Return words by id, or None if they are not numbered from 0 on."""
    if not isinstance(words, dict) or set(words) != set(range(len(words))):
        return None
    if not all(type(word) in (int, str) for word in words.values()):
        return None
    return tuple(words[number] for number in range(len(words)))


def _number_in(word: Word) -> int:
    found = re.search(r"_(\d+)$", word) if isinstance(word, str) else None
    return int(found.group(1)) if found else -1

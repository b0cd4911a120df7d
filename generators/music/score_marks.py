"""What a MIDI file has no event for, or one that says too little: title, emotion and modes, as markers."""

import json
from collections.abc import Iterator, Sequence

from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import InputError
from espressivo.generators.music.keys import Key, Mode

_TITLE, _EMOTION, _KEY = "espressivo:title ", "espressivo:emotion ", "espressivo:key "
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# Sharps of the major key on each pitch class, C first; negative for flats.
_SHARPS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
# Semitones from the tonic of a mode up to the tonic of the major key with the same signature.
_TO_MAJOR: dict[Mode, int] = {"major": 0, "dorian": 10, "phrygian": 8, "lydian": 7, "mixolydian": 5, "minor": 3}
KEY_SIGNATURES: dict[Key, tuple[int, int]] = {
    Key(tonic, mode): (_SHARPS[(tonic + shift) % 12], int(mode == "minor"))
    for mode, shift in _TO_MAJOR.items()
    for tonic in range(12)
}
"""Sharps (flats negative) and whether minor, as in a MIDI file. A mode takes the major key that has its notes."""


def key_of_signature(sharps: int, minor: int) -> Key:
    """Return the key of a MIDI signature of -7..7 sharps."""
    return Key((7 * sharps + (9 if minor else 0)) % 12, "minor" if minor else "major")


def key_mark(key: Key) -> tuple[str, ...]:
    """Return the marker of a key that its signature does not tell."""
    return () if key.mode in ("major", "minor") else (f"{_KEY}{_NAMES[key.tonic]} {key.mode}",)


def key_of_marks(marks: Sequence[tuple[int, str]]) -> Iterator[tuple[int, Key]]:
    """Yield the tick and key of each marker of `key_mark`; others are passed over."""
    for tick, text in marks:
        if text.startswith(_KEY):
            try:
                yield tick, Key.of(text.removeprefix(_KEY))
            except InputError:
                continue  # A marker that merely looks like one: the signature beside it holds.


def title_mark(title: str) -> tuple[str, ...]:
    """Return the marker of a title, if there is one."""
    return (_TITLE + title,) if title else ()


def title_of_marks(marks: Sequence[tuple[int, str]]) -> str:
    """Return the title among the markers, or nothing."""
    return next((readable(text.removeprefix(_TITLE)) for _, text in marks if text.startswith(_TITLE)), "")


def readable(text: str) -> str:
    """Return a name from a file without what a terminal or a page would take for orders: control characters."""
    return "".join(letter for letter in text if letter.isprintable())


def emotion_mark(emotion: EmotionTrack | None) -> tuple[str, ...]:
    """Return the marker of an emotion track, if there is one: its JSON in ASCII on one line."""
    return () if emotion is None else (_EMOTION + json.dumps(json.loads(emotion.to_json()), separators=(",", ":")),)


def emotion_of_marks(marks: Sequence[tuple[int, str]]) -> EmotionTrack | None:
    """Return the emotion track among the markers, or None.

    Raises:
        EmotionError: its marker cannot be read.
    """
    found = (text.removeprefix(_EMOTION) for _, text in marks if text.startswith(_EMOTION))
    return next(map(EmotionTrack.from_json, found), None)

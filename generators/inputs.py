"""Field types that requests of all kinds share: speech and emotion, as objects or as what a user would type."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, WithJsonSchema

from espressivo.conditioning.borrowed import parse_borrowed
from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import InputError
from espressivo.media.plain_text import read_plain_text

_LONGEST_NAME = 255


def read_transcript(text: str) -> str:
    """Return the spoken words: `text` itself, or what the .txt file of that name holds.

    Raises:
        InputError: it is a file that cannot be read, or one of another kind.
    """
    if text.lower().endswith(".txt"):
        return read_plain_text(Path(text), "Transcript")
    if names_a_file(text):
        raise InputError(f"{text} is no text file (.txt); give one, or the words themselves.")
    return text


def names_a_file(text: str) -> bool:
    """Whether words that are spoken could be meant for a file."""
    return text.lower().endswith(".txt") or (len(text) < _LONGEST_NAME and "\0" not in text and Path(text).is_file())


def as_words(text: str | None) -> str | None:
    """Return words that `read_transcript` takes for words, whatever they look like: a space ends them."""
    return f"{text} " if text is not None and names_a_file(text) else text


def _read_speech(value: Any) -> Any:
    return Speech.read(value) if isinstance(value, str | Path) else value


def _read_emotion(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if parse_borrowed(value) is not None:
        raise InputError(
            f"{value!r} is recognised by espressivo perform; name an emotion here, or the emotion.emotionml of a take."
        )
    return parse_emotion(value)


SpeechInput = Annotated[
    InstanceOf[Speech],
    BeforeValidator(_read_speech),
    WithJsonSchema({"type": "string", "format": "path", "description": "Sound or video file with speech."}),
]
"""A `Speech`, or the path of a sound or video file."""

TranscriptInput = Annotated[
    str, BeforeValidator(lambda value: read_transcript(value) if isinstance(value, str) else value)
]
"""Words, or the name of a .txt file with them."""

EmotionInput = Annotated[
    InstanceOf[EmotionTrack],
    BeforeValidator(_read_emotion),
    WithJsonSchema({"type": "string", "description": "Emotion in the command line's notation, or a file."}),
]
"""An `EmotionTrack`, or a text such as "happiness:0.8"."""

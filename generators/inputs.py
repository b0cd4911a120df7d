"""Field types that requests of all kinds share: speech and emotion, as objects or as what a user would type."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, WithJsonSchema

from espressivo.conditioning.borrowed import parse_borrowed
from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import InputError


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

EmotionInput = Annotated[
    InstanceOf[EmotionTrack],
    BeforeValidator(_read_emotion),
    WithJsonSchema({"type": "string", "description": "Emotion in the command line's notation, or a file."}),
]
"""An `EmotionTrack`, or a text such as "happiness:0.8"."""

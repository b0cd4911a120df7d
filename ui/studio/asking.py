"""From what a page or a program sends to a request: nothing that is typed can name a file of the server's."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from espressivo.conditioning.notation import format_emotion, parse_emotion
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import EmotionError, InputError
from espressivo.generators.inputs import as_words
from espressivo.performance import PerformanceRequest
from espressivo.take import Take
from espressivo.ui.studio import strings

EMOTION_FILES = (".emotionml", ".xml", ".json")
AUTO_SOURCES = {"voice": "auto", "words": "auto:text"}
_SHOWN_FORMATS = ("mp4", "glb")
"""What the studio shows is always made; other formats are made if asked for."""
_BORROWED = ("auto", "of", "voice", "face", "text", "music")
_PLAIN_TEXT = ("consent", "transcript")
"""What is kept as it is written, and read by nobody."""
_NAMES_A_FILE = re.compile(r"(?:^|[=+\s,])(?:of|voice|face|text|music)\s*:|[\\/]|\.[a-z][a-z0-9]{1,8}$", re.IGNORECASE)
"""What the command line's notations read a file for, and anything that looks like a path."""
FILE_FIELDS = tuple(
    name
    for name, schema in PerformanceRequest.model_json_schema()["properties"].items()
    if "path" in (schema.get("format"), *(choice.get("format") for choice in schema.get("anyOf", ())))
)
"""Fields of the request that name files."""
_GIVEN_APART = ("speech", "transcript", "emotion", "auto", "non_commercial")


def request_from(
    settings: Mapping[str, Any], speech: str, transcript: str | None, track: EmotionTrack
) -> PerformanceRequest:
    """Return the request of a take.

    Args:
        settings: fields of the request; paths among them must have been checked before.
        speech: where the line was uploaded to.
        transcript: its words, if they are known.
        track: the emotion.

    Raises:
        InputError: a field is unknown or does not fit.
    """
    if not isinstance(settings, Mapping):
        raise InputError("The settings are no table; give fields of the request with their values.")
    if apart := [name for name in _GIVEN_APART if name in settings]:
        raise InputError(f"Settings cannot hold {apart[0]}; give it apart.")
    _refuse_typed_files({name: value for name, value in settings.items() if name not in (*FILE_FIELDS, *_PLAIN_TEXT)})
    words = as_words((transcript or "").strip())
    formats = settings.get("formats") or ()
    formats = tuple(dict.fromkeys((*_SHOWN_FORMATS, *formats))) if isinstance(formats, list | tuple) else formats
    return PerformanceRequest.model_validate(
        {**settings, "formats": formats, "speech": speech, "transcript": words or None}
        | {"emotion": format_emotion(track)}
    )


def kept_request(model: type[BaseModel], take: Take, apart: Collection[str]) -> dict[str, Any]:
    """Return what a take was asked for, which may have been written by somebody else.

    Args:
        model: what asks for such a take.
        take: from the library.
        apart: fields that are left out, such as those that name files; a required one is taken to be the line.

    Raises:
        InputError: a field is unknown, does not fit, or names a file.
    """
    asked = {name: value for name, value in take.record["request"].items() if name not in apart}
    required = [name for name, field in model.model_fields.items() if name in apart and field.is_required()]
    try:
        _refuse_typed_files({name: value for name, value in asked.items() if name not in _PLAIN_TEXT})
        model.model_validate(asked | dict.fromkeys(required, take.file("speech.wav")))
    except InputError as error:
        raise InputError(strings.request_not_kept(take.folder.name, str(error))) from None
    return asked


def _refuse_typed_files(value: Any) -> None:
    """Refuse texts that a notation would read a file for, wherever they stand in the settings."""
    if isinstance(value, str) and _NAMES_A_FILE.search(value.strip()):
        raise InputError(strings.NO_FILES_IN_SETTINGS.format(text=value.strip()[:60]))
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
        _refuse_typed_files(inner)


def typed_emotion(text: str) -> EmotionTrack:
    """Read a typed emotion.

    Raises:
        EmotionError: it is none, or names a file.
    """
    if not isinstance(text, str):
        raise EmotionError("The emotion is no text; write for example happiness:0.8.")
    if Path(text.strip()).suffix.lower() in EMOTION_FILES:
        raise EmotionError(strings.NO_FILES_TYPED)
    if text.strip().lower().partition(":")[0].strip() in _BORROWED:
        raise EmotionError(strings.TYPED_SOURCE)
    return parse_emotion(text)

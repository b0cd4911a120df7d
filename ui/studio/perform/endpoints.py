"""What the Perform tab does, as endpoints for programs: `gradio_client` calls them by their names."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.conditioning.notation import format_emotion
from espressivo.demo import SPEECH_FOLDER, demo_lines
from espressivo.errors import InputError
from espressivo.performance import perform as make_take
from espressivo.ui.studio import strings
from espressivo.ui.studio.asking import AUTO_SOURCES, FILE_FIELDS, request_from, typed_emotion
from espressivo.ui.studio.endpoints import uploaded
from espressivo.ui.studio.perform import jobs
from espressivo.ui.studio.studio import WORKING

if TYPE_CHECKING:
    from espressivo.ui.studio.studio import Studio


def offer(studio: "Studio") -> None:
    """Register the endpoints."""

    def perform(
        speech: dict[str, Any] | str,
        request: gr.Request,
        emotion: str = "neutral",
        transcript: str = "",
        settings: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Make a take from a line of speech and an emotion.

        Upload files first, by a POST of them as `files` to gradio_api/upload, which answers with where they lie.
        gradio_client's `handle_file` does that.

        Args:
            speech: Name of a line that ships (joy, anger, calm, sadness), or an upload as {"path": "..."}.
            emotion: Such as "happiness:0.8", "joy:0.6+surprise:0.3" or "@0 neutral @1.5 anger:0.9".
            transcript: The words that are spoken, if they are known.
            settings: Further fields, such as {"identity": "ada", "music": true, "portrait": {"path": "..."}}.

        Returns:
            The name of the take, the addresses of its files and of all of them as a zip, relative to the studio's, and
            notes: what should be known of it.
        """
        session = studio.session(request)
        line = spoken(speech)
        track = typed_emotion(emotion)
        fields = with_uploads({} if settings is None else settings)
        wanted = request_from(fields, str(line), transcript, track)
        doing = studio.do(session, make_take, request=wanted, out=session.new_folder(line.stem))
        for _ in doing:
            pass
        take = doing.result
        names = [*take.record["files"], "take.json"]
        return {
            "take": take.folder.name,
            "files": {name: studio.tickets.file(take.file(name)) for name in names},
            "zip": studio.tickets.zip(take.folder),
            "notes": doing.notes,
        }

    def recognise_emotion(
        speech: dict[str, Any] | str, request: gr.Request, transcript: str = "", source: str = "voice"
    ) -> str:
        """Recognise the emotion of a line, as text that `perform` reads.

        Args:
            speech: Name of a line that ships (joy, anger, calm, sadness), or an upload as {"path": "..."}.
            transcript: The words that are spoken, if they are known.
            source: What to go by: "voice" or "words".
        """
        if source not in AUTO_SOURCES:
            raise InputError(f"The source {source[:40]!r} is none of {', '.join(AUTO_SOURCES)}.")
        doing = studio.do_soon(
            studio.session(request),
            jobs.recognise,
            path=spoken(speech),
            transcript=transcript.strip() or None,
            source=AUTO_SOURCES[source],
            dials=AutoEmotion(),
        )
        for _ in doing:
            pass
        return format_emotion(doing.result)

    def emotionml(emotion: str) -> str:
        """Write an emotion as an EmotionML 1.0 document.

        Args:
            emotion: Such as "happiness:0.8" or "@0 neutral @1.5 anger:0.9".
        """
        from espressivo.conditioning.emotionml import format_emotionml, track_to_emotionml

        return format_emotionml(track_to_emotionml(typed_emotion(emotion)))

    def stop(request: gr.Request) -> str:
        """Stop what is being made for this client."""
        studio.session(request).cancel()
        return strings.STOPPED

    api(perform, api_name="perform", **WORKING)
    api(recognise_emotion, api_name="recognise_emotion")
    api(emotionml, api_name="emotionml")
    api(stop, api_name="stop", concurrency_limit=None)


def spoken(speech: Any) -> Path:
    """Return where a line lies: one that was uploaded, or one that ships, by its name.

    Raises:
        InputError: it is neither.
    """
    if isinstance(speech, str) and speech in demo_lines():
        return SPEECH_FOLDER / f"{speech}.wav"
    return uploaded(speech)


def with_uploads(settings: dict[str, Any]) -> dict[str, Any]:
    """Put in place of each file that was uploaded where it lies.

    Raises:
        InputError: a field that names a file holds no upload, or the settings are no table.
    """
    if not isinstance(settings, dict):
        raise InputError("The settings are no table; give fields of the request with their values.")
    given = {name: settings[name] for name in FILE_FIELDS if name != "speech" and settings.get(name) is not None}
    return settings | {name: str(uploaded(value)) for name, value in given.items()}

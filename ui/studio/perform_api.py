"""What the Perform tab does, as endpoints for programs: `gradio_client` calls them by their names."""

from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.conditioning.notation import format_emotion
from espressivo.errors import InputError
from espressivo.performance import perform
from espressivo.ui.studio import jobs, strings
from espressivo.ui.studio.asking import AUTO_SOURCES, FILE_FIELDS, request_from, typed_emotion
from espressivo.ui.studio.endpoints import in_words, uploaded
from espressivo.ui.studio.studio import WORK

if TYPE_CHECKING:
    from espressivo.ui.studio.studio import Studio


def offer(studio: "Studio") -> None:
    """Register the endpoints."""
    working: dict[str, Any] = {"concurrency_id": WORK, "concurrency_limit": studio.workers.count}

    def perform_line(
        speech: dict[str, Any],
        request: gr.Request,
        emotion: str = "neutral",
        transcript: str = "",
        settings: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Make a take from a line of speech and an emotion.

        Args:
            speech: Sound or video file with the line; send it with gradio_client's `handle_file`.
            emotion: Such as "happiness:0.8", "joy:0.6+surprise:0.3" or "@0 neutral @1.5 anger:0.9".
            transcript: The words that are spoken, if they are known.
            settings: Further fields of the request, such as {"identity": "ada", "music": true, "size": 256,
                "portrait": handle_file("me.jpg")}.

        Returns:
            The name of the take, and the addresses of its files and of all of them as a zip, relative to the studio's.
        """
        with in_words():
            session = studio.session(request)
            line = uploaded(speech)
            track = typed_emotion(emotion)
            fields = with_uploads({} if settings is None else settings)
            wanted = request_from(fields, str(line), transcript, track)
            doing = studio.do(session, perform, request=wanted, out=session.new_folder(line.stem))
            for _ in doing:
                pass
            take = doing.result
        names = [*take.record["files"], "take.json"]
        return {
            "take": take.folder.name,
            "files": {name: studio.tickets.file(take.file(name)) for name in names},
            "zip": studio.tickets.zip(take.folder),
        }

    def recognise_emotion(
        speech: dict[str, Any], request: gr.Request, transcript: str = "", source: str = "voice"
    ) -> str:
        """Recognise the emotion of a line, as text that `perform_line` reads.

        Args:
            speech: Sound or video file with the line; send it with gradio_client's `handle_file`.
            transcript: The words that are spoken, if they are known.
            source: What to go by: "voice" or "words".
        """
        with in_words():
            if source not in AUTO_SOURCES:
                raise InputError(f"The source {source[:40]!r} is none of {', '.join(AUTO_SOURCES)}.")
            doing = studio.do(
                studio.session(request),
                jobs.recognise,
                path=uploaded(speech),
                transcript=transcript.strip() or None,
                source=AUTO_SOURCES[source],
                dials=AutoEmotion(),
            )
            for _ in doing:
                pass
            return format_emotion(doing.result)

    def emotionml(emotion: str) -> str:
        """Write an emotion such as "@0 neutral @1.5 anger:0.9" as an EmotionML 1.0 document."""
        from espressivo.conditioning.emotionml import format_emotionml, track_to_emotionml

        with in_words():
            return format_emotionml(track_to_emotionml(typed_emotion(emotion)))

    def stop(request: gr.Request) -> str:
        """Stop what is being made for this client."""
        studio.session(request).cancel()
        return strings.STOPPED

    api(perform_line, api_name="perform", **working)
    api(recognise_emotion, api_name="recognise_emotion")
    api(emotionml, api_name="emotionml")
    api(stop, api_name="stop", queue=False)


def with_uploads(settings: dict[str, Any]) -> dict[str, Any]:
    """Put in place of each file that was uploaded where it lies.

    Raises:
        InputError: a field that names a file holds no upload, or the settings are no table.
    """
    if not isinstance(settings, dict):
        raise InputError("The settings are no table; give fields of the request with their values.")
    given = {name: settings[name] for name in FILE_FIELDS if name != "speech" and settings.get(name) is not None}
    return settings | {name: str(uploaded(value)) for name, value in given.items()}

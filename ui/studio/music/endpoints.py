"""What the Music tab does, as endpoints for programs."""

from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from espressivo.conditioning.notation import format_emotion
from espressivo.errors import InputError
from espressivo.generation import generate
from espressivo.generators.registry import generator_class
from espressivo.ui.studio.asking import typed_emotion
from espressivo.ui.studio.endpoints import uploaded
from espressivo.ui.studio.music.generators import file_fields, music_generators
from espressivo.ui.studio.music.stems import write_stems
from espressivo.ui.studio.studio import WORKING

if TYPE_CHECKING:
    from espressivo.ui.studio.studio import Studio


def offer(studio: "Studio") -> None:
    """Register the endpoints."""

    def compose(
        generator: str,
        emotion: str,
        request: gr.Request,
        settings: dict[str, Any] | None = None,
        primer: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Write a piece of music.

        Args:
            generator: Such as emogen; `list_music_generators` names them.
            emotion: Such as "happiness:0.8", "Q2:0.7" or "@0 sadness @12 joy:0.8".
            settings: Further fields of its request, such as {"bars": 8, "key": "D minor", "infill": [3, 4]}.
            primer: MIDI file to go on from, uploaded: gradio_client's `handle_file`, or {"path": "..."}.

        Returns:
            The name of the take, the addresses of its files, relative to the studio's, and notes: what should be known.
        """
        session = studio.session(request)
        options = asked_options(generator, emotion, settings or {}, primer)
        doing = studio.do(session, generate, name=generator, options=options, out=session.new_folder(generator))
        for _ in doing:
            pass
        take = doing.result
        files = {name: studio.tickets.file(take.file(name)) for name in (*take.record["files"], "take.json")}
        return {"take": take.folder.name, "files": files, "notes": doing.notes}

    def stems(take: str, request: gr.Request) -> str:
        """Write the tracks of a take's music as sounds of their own; returns the address of a zip with them.

        Args:
            take: Its name.
        """
        session = studio.session(request)
        path = session.folder / ".stems" / f"{session.take(take).folder.name}-stems.zip"
        for _ in studio.do(session, write_stems, take=session.take(take).folder, path=path):
            pass
        return studio.tickets.file(path)

    def list_music_generators() -> list[dict[str, Any]]:
        """List the music generators: name, what each does, licence of its weights, and the schema of its request."""
        return [
            {
                "name": spec.name,
                "summary": spec.summary,
                "licence": spec.licence,
                "request": generator_class(spec.name).Request.model_json_schema(),
            }
            for spec in music_generators()
        ]

    api(compose, api_name="compose", **WORKING)
    api(stems, api_name="stems", **WORKING)
    api(list_music_generators, api_name="list_music_generators")


def asked_options(generator: Any, emotion: Any, settings: Any, primer: Any) -> dict[str, Any]:
    """Return the options of a generation; no file of the server's can be named in them.

    Raises:
        InputError: there is no such generator, or a field names a file.
    """
    if generator not in {spec.name for spec in music_generators()}:
        raise InputError(f"'{str(generator)[:40]}' is no music generator; list_music_generators names them.")
    if not isinstance(settings, dict) or "emotion" in settings:
        raise InputError("Settings are the further fields of the request; give the emotion apart.")
    files = file_fields(generator_class(generator).Request)
    named = next((name for name in settings if name in files), None)
    if named is not None:
        raise InputError(f"The field '{named}' names a file; upload one as primer instead.")
    options = settings | {"emotion": _emotion(emotion)}
    if primer is not None:
        if not files:
            raise InputError(f"'{generator}' takes no piece to go on from; leave out the primer.")
        options[files[0]] = str(uploaded(primer))
    return options


def _emotion(text: Any) -> str:
    """Return an emotion as the generators read it; Q1 to Q4 stand for quadrants there."""
    from espressivo.generators.music.request import without_quadrants

    return format_emotion(typed_emotion(without_quadrants(text)))

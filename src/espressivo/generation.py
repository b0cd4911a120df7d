"""One generator on its own: a request becomes a take with the files of its kind."""

import importlib.util
from collections.abc import Callable
from dataclasses import field, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import tyro
from pydantic_core import to_jsonable_python

from espressivo.errors import InputError
from espressivo.generators.base import GenerationRequest, Generator, Kind
from espressivo.generators.registry import generator_class, load_generator
from espressivo.progress import ProgressCallback, ProgressEvent
from espressivo.take import Take, check_out, chosen_folder, environment, staged_take, write_record

if TYPE_CHECKING:
    from espressivo.generators.face.motion import FaceMotion
    from espressivo.generators.music.score import Score
    from espressivo.media.video import Video


def generate(
    name: str,
    options: dict[str, Any],
    out: str | Path | None = None,
    overwrite: bool = False,
    checkpoint: Path | None = None,
    progress: ProgressCallback | None = None,
) -> Take:
    """Run one generator and write what it makes. Nothing is left behind when it fails or is cancelled.

    Args:
        name: of a registered generator.
        options: fields of its request.
        out: the folder to make; by default `takes/<name>`, numbered if that exists.
        overwrite: replace an earlier take at `out`, once the new one is whole.
        checkpoint: the authors' own weights instead of those that ship.
        progress: called with the stage and how far it has come; raises `Cancelled` to stop.

    Raises:
        EspressivoError: the request cannot be met or the result cannot be written; the message says what to do.
    """
    check_out(chosen_folder(out, name), overwrite)
    request = generator_class(name).Request.model_validate(options)  # what is wrong shows before weights are loaded
    generator = load_generator(name, checkpoint)
    writer = _writer_of(generator)
    folder = chosen_folder(out, name)
    with staged_take(folder, overwrite) as staging:
        made = generator.generate(request, progress)
        writer(staging, made, request, progress)
        record = {
            "request": to_jsonable_python(options),
            "made_with": environment(),
            "generators": {
                generator.spec.kind: {
                    "name": name,
                    "licence": generator.spec.licence if checkpoint is None else f"that of {checkpoint.name}",
                }
            },
        }
        write_record(staging, record)
    return Take.open(folder)


def options_of(request: type[GenerationRequest]) -> type:
    """Return a dataclass with the fields of a request as a command line can fill them in.

    Objects (a speech, an emotion, a key) are texts here, which the request reads; those left out are None.
    """
    schema = request.model_json_schema()["properties"]
    rows: list[Any] = []
    for name, info in request.model_fields.items():
        kind, default = info.annotation, info.get_default(call_default_factory=True)
        if _is_text(schema[name]) and not _typed_as_text(kind):
            kind, default = (str if info.is_required() else str | None), None
        described = Annotated[kind, tyro.conf.arg(help=" ".join((info.description or "").split()))]
        rows.append((name, described) if info.is_required() else (name, described, field(default=default)))
    return make_dataclass("Options", sorted(rows, key=len), frozen=True)


def _is_text(schema: dict[str, Any]) -> bool:
    return any(choice.get("type") == "string" for choice in schema.get("anyOf", (schema,)))


def _typed_as_text(kind: Any) -> bool:
    """Whether the command line already knows how to fill in a type whose values are written as text."""
    return any(_typed_as_text(part) for part in get_args(kind)) or kind in (str, Path) or isinstance(kind, str)


def _writer_of(generator: Generator) -> "Callable[[Path, Any, Any, ProgressCallback | None], None]":
    if generator.spec.kind not in _WRITERS:
        raise InputError(f"What '{generator.spec.name}' makes cannot be written alone; use it in espressivo perform.")
    return _WRITERS[generator.spec.kind]


def _write_face(
    folder: Path, motion: "FaceMotion", request: GenerationRequest, progress: ProgressCallback | None
) -> None:
    from espressivo.generators.face.export.livelink import write_livelink_csv
    from espressivo.generators.face.export.npz import write_motion_npz

    write_livelink_csv(folder / "face.csv", motion)
    write_motion_npz(folder / "face.npz", motion)


def _write_music(folder: Path, score: "Score", request: GenerationRequest, progress: ProgressCallback | None) -> None:
    from espressivo.generators.music.piano_roll_page import write_piano_roll
    from espressivo.generators.music.score import write_midi
    from espressivo.generators.music.sound.render import render, write_stereo_wav

    write_midi(folder / "music.mid", score)
    sound = render(score, loop=getattr(request, "loop", False), progress=progress)  # not every generator writes loops
    write_stereo_wav(folder / "music.wav", sound.mix)
    write_piano_roll(folder / "music.html", score, "music.wav")
    if importlib.util.find_spec("matplotlib") is not None:
        from espressivo.generators.music.picture import draw_score

        draw_score(folder / "music.png", score)
    if progress is not None:
        progress(ProgressEvent("export", 1.0, 0.0))


def _write_portrait(
    folder: Path,
    video: "Video",
    request: GenerationRequest,
    progress: ProgressCallback | None,
) -> None:
    from espressivo.generators.face.export.livelink import write_livelink_csv
    from espressivo.generators.portrait.pctalk.network.video import KeypointPortrait
    from espressivo.generators.portrait.video import TalkingPortrait
    from espressivo.portraiture import write_portrait

    if isinstance(video, TalkingPortrait):
        write_livelink_csv(folder / "face.csv", video.motion)
    elif isinstance(video, KeypointPortrait):
        video.template.write(folder / "portrait.npz")
    write_portrait(folder, video, progress=progress)


_WRITERS: "dict[Kind, Callable[[Path, Any, Any, ProgressCallback | None], None]]" = {
    "face": _write_face,
    "portrait": _write_portrait,
    "music": _write_music,
}

"""From a dialogue script, or a clip of any kind, to a folder with its emotion."""

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro
from pydantic import Field

from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.errors import InputError
from espressivo.inputmodel import InputModel
from espressivo.progress import ProgressCallback
from espressivo.take import Take, check_out, chosen_folder, environment, staged_take, write_record
from espressivo.weights.manifest import licences_of

if TYPE_CHECKING:
    from espressivo.conditioning.personality.dialogue import DialogueAnalysis
    from espressivo.conditioning.personality.script import Script
    from espressivo.conditioning.recognition import RecognisedEmotion
    from espressivo.conditioning.track import EmotionTrack

_SCRIPT_SUFFIXES = frozenset({".txt", ".csv", ".fountain"})
AnalysisFormat = Literal["json", "csv", "emotionml", "png"]


class AnalyseRequest(InputModel):
    """What an analysis is made from. The same request and file give the same analysis."""

    script: tyro.conf.Positional[Path]
    """A dialogue: text with rows like "ANNA (angrily): You sold it?", a .csv table or a .fountain screenplay. Or a
    recording, video, portrait or MIDI file, whose emotion becomes a track."""
    personality: tuple[str, ...] = ()
    """Personalities that go before those in the script, as in "ANNA=anxious" "BEN=extraversion .8, neuroticism .2"."""
    words_per_minute: float = Field(default=150.0, ge=40, le=400)
    """How fast lines without times are spoken."""
    formats: tuple[AnalysisFormat, ...] = ("json", "csv", "emotionml", "png")
    """Of a dialogue: json (everything), csv (a row per line), emotionml (a file per line), png (a picture)."""
    auto: AutoEmotion = AutoEmotion()
    """How a track is made of the emotion that is recognised in a clip."""
    non_commercial: bool = False
    """Recognise emotion with weights that may not be used commercially, where they are better."""


def analyse(
    request: AnalyseRequest,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
) -> "tuple[DialogueAnalysis, Take]":
    """Follow the emotions of a dialogue and write them to a folder, all of it or nothing.

    Args:
        request: what to analyse.
        out: the folder to make; by default `takes/<name of the script>`, numbered if that exists.
        overwrite: replace an earlier folder at `out`, once the new one is whole.
        progress: called with how far it has come; raises `Cancelled` to stop.

    Returns:
        What was found, and the folder it was written to.

    Raises:
        EspressivoError: the script cannot be read or the result cannot be written; the message says what to do.
    """
    from espressivo.conditioning.personality.dialogue import analyse_script
    from espressivo.conditioning.personality.script_files import read_script

    check_out(chosen_folder(out, request.script.stem), overwrite)
    script = _with_personalities(read_script(request.script), request.personality)
    folder = chosen_folder(out, request.script.stem)
    with staged_take(folder, overwrite) as staging:
        analysis = analyse_script(script, words_per_s=request.words_per_minute / 60, progress=progress)
        _write(request, staging, analysis)
        record = {
            "request": request.model_dump(mode="json") | {"script": request.script.name},
            "made_with": environment(),
        }
        write_record(staging, record)
    return analysis, Take.open(folder)


def is_script(path: Path) -> bool:
    """Whether a file is read as a dialogue and no clip, by its name."""
    return path.suffix.lower() in _SCRIPT_SUFFIXES


def analyse_clip(
    request: AnalyseRequest,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
) -> "tuple[EmotionTrack, Take]":
    """Recognise the emotion of a recording, video, portrait or MIDI file and write it to a folder.

    The folder holds `emotion.emotionml`, a track for `--emotion`, and `emotion.csv`, what was recognised at which
    second: probabilities, valence, arousal and dominance, confidence and intensity. Arguments and errors are those of
    `analyse`.

    Returns:
        The track, and the folder.
    """
    from espressivo.conditioning.auto import track_of
    from espressivo.conditioning.borrowed import parse_borrowed
    from espressivo.conditioning.emotionml import write_emotionml

    check_out(chosen_folder(out, request.script.stem), overwrite)
    if not request.script.is_file():
        raise InputError(
            f"{request.script} does not exist or is no file; give a dialogue, recording, video or picture."
        )
    clip = parse_borrowed(f"of:{request.script}", request.non_commercial)
    assert clip is not None
    folder = chosen_folder(out, request.script.stem)
    with staged_take(folder, overwrite) as staging:
        found = clip.recognise_clip(progress)
        track = track_of(found, request.auto)
        write_emotionml(staging / "emotion.emotionml", track)
        _write_curves(staging / "emotion.csv", found)
        record = {
            "request": request.model_dump(mode="json") | {"script": request.script.name},
            "recognisers": licences_of(clip.weights),
            "made_with": environment(),
        }
        write_record(staging, record)
    return track, Take.open(folder)


def _write_curves(path: Path, found: "RecognisedEmotion") -> None:
    import numpy as np

    from espressivo.conditioning.vocabulary import CATEGORIES

    names = ("time_s", *CATEGORIES, "valence", "arousal", "dominance", "confidence", "intensity")
    columns = (found.times_s, found.posterior, found.vad, found.confidence, found.intensity)
    np.savetxt(path, np.column_stack(columns), "%.4f", ",", header=",".join(names), comments="")


def _with_personalities(script: "Script", given: tuple[str, ...]) -> "Script":
    from espressivo.conditioning.personality.script import Cast, Script

    cast = Cast()
    for name in script.speakers:
        cast.name(name)
    for description in given:
        name, _, personality = description.partition("=")
        cast.describe(name, personality, f"--personality {description[:60]!r}")
    return Script(script.lines, {**script.personalities, **cast.personalities})


def _write(request: AnalyseRequest, folder: Path, analysis: "DialogueAnalysis") -> None:
    from espressivo.conditioning.personality import records

    writers: dict[AnalysisFormat, Callable[[], None]] = {
        "json": lambda: records.write_json(folder / "dialogue.json", analysis),
        "csv": lambda: records.write_csv(folder / "lines.csv", analysis),
        "emotionml": lambda: records.write_line_tracks(folder / "lines", analysis),
        "png": lambda: _draw(folder / "dialogue.png", analysis),
    }
    for wanted in dict.fromkeys(request.formats):
        writers[wanted]()


def _draw(path: Path, analysis: "DialogueAnalysis") -> None:
    if importlib.util.find_spec("matplotlib") is None:
        warnings.warn(
            f"{path.name} was left out: it needs matplotlib (pip install espressivo[evaluate]).", stacklevel=2
        )
        return
    from espressivo.conditioning.personality.picture import write_picture

    write_picture(path, analysis)

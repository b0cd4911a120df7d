"""Small takes for tests of pages, written once, as a project file."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from espressivo.conditioning.emotionml import write_emotionml
from espressivo.conditioning.notation import parse_emotion
from espressivo.demo import SPEECH_FOLDER, demo_request
from espressivo.generators.music.score import Instrument, Score, write_midi
from espressivo.generators.music.sound.render import RATE_HZ, write_stereo_wav
from espressivo.media.decode import read_audio
from espressivo.media.encode import write_mp4
from espressivo.media.notes import Notes
from espressivo.media.video import Sound, Video
from espressivo.take import staged_take, write_record
from espressivo.ui.studio.library.project_file import write_project
from espressivo.ui.studio.library.takes import Library
from espressivo.ui.studio.sessions import Session

MARKUP = "<img src=x onerror=\"document.title='owned'\">&amp; </script><script>document.title='owned'</script>"
NAMES = ("line", "piece", "sad-tune", "hostile", "odd")
"""Takes of the project: one that says a line, two pieces of music, one whose texts are markup, and one whose request is
none."""
_FPS, _SIDE = 10.0, 64
_BEAT = 480
_BARS = 4


def make_project(folder: Path) -> Path:
    """Write the takes, with files of the kinds that real ones have, and return their project file."""
    library = Library(Session(folder / "takes"))
    _write_line(library)
    _write_piece(library, "piece", "happiness:0.9", pitch=72)
    _write_piece(library, "sad-tune", "sadness:0.9", pitch=55)
    _write_piece(library, "hostile", MARKUP, pitch=60, transcript=MARKUP, generator=MARKUP)
    _write_piece(library, "odd", "calm", pitch=62, bars="<b>many")
    return write_project(library, NAMES, folder / "takes.espressivo.zip")


def _write_line(library: Library) -> None:
    asked = demo_request("joy")
    with staged_take(library.place_for("line")) as folder:
        shutil.copy(SPEECH_FOLDER / "joy.wav", folder / "speech.wav")
        write_emotionml(folder / "emotion.emotionml", parse_emotion(asked.emotion), "speech.wav")
        sound = Sound(read_audio(folder / "speech.wav", RATE_HZ), RATE_HZ)
        shades = np.linspace(0, 255, round(sound.duration_s * _FPS)).astype(np.uint8)
        pictures = (np.full((_SIDE, _SIDE, 3), shade, np.uint8) for shade in shades)
        write_mp4(folder / "face.mp4", Video(pictures, _FPS, sound))
        request = asked.model_dump(mode="json") | {"speech": "speech.wav"}
        _write_record(folder, request, "face", "parametric")


def _write_piece(
    library: Library,
    name: str,
    emotion: str,
    pitch: int,
    transcript: str | None = None,
    generator: str = "faders",
    bars: int | str = _BARS,
) -> None:
    count = 4 * _BARS
    random = np.random.default_rng(pitch)
    start = np.arange(count) * _BEAT
    columns = (pitch + random.integers(-7, 8, count), random.integers(40, 100, count), start, start + _BEAT)
    notes = Notes(*columns, np.zeros(count, np.int64), np.zeros(count, bool), _BEAT)
    with staged_take(library.place_for(name)) as folder:
        write_midi(folder / "music.mid", Score(notes, (Instrument(),)))
        times_s = np.arange(round(notes.seconds * RATE_HZ)) / RATE_HZ
        tone = 0.1 * np.sin(2 * np.pi * 220 * times_s)
        write_stereo_wav(folder / "music.wav", np.stack([tone, tone], axis=1).astype(np.float32))
        request = {"emotion": emotion, "bars": bars} | ({} if transcript is None else {"transcript": transcript})
        _write_record(folder, request, "music", generator)


def _write_record(folder: Path, request: dict[str, Any], kind: str, generator: str) -> None:
    generators = {kind: {"name": generator, "licence": generator}}
    write_record(folder, {"request": request, "generators": generators})

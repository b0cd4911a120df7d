"""What the Music tab makes of generators, takes and what browsers and programs send."""

import json
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

gr = pytest.importorskip("gradio")

from espressivo.conditioning.notation import parse_emotion  # noqa: E402
from espressivo.errors import InputError  # noqa: E402
from espressivo.generators.music.score import Instrument, Score, write_midi  # noqa: E402
from espressivo.generators.registry import generator_class  # noqa: E402
from espressivo.media.notes import Notes  # noqa: E402
from espressivo.take import Take  # noqa: E402
from espressivo.ui.studio.files import Tickets  # noqa: E402
from espressivo.ui.studio.music.endpoints import asked_options  # noqa: E402
from espressivo.ui.studio.music.generators import file_fields, lay_out, music_generators  # noqa: E402
from espressivo.ui.studio.music.roll import emotion_of_bars, roll_value  # noqa: E402
from espressivo.ui.studio.music.stems import write_stems  # noqa: E402


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Four bars of two tracks."""
    start = np.arange(16) * 480
    track = np.arange(16) % 2
    notes = Notes(np.full(16, 60) + track * 7, np.full(16, 80), start, start + 400, track, np.zeros(16, bool), 480)
    write_midi(tmp_path / "music.mid", Score(notes, (Instrument("Harp", 46), Instrument("Flöte <1>", 73))))
    (tmp_path / "take.json").write_text(json.dumps({"request": {}}))
    return Take.open(tmp_path)


def test_every_music_generator_is_laid_out_from_its_request() -> None:
    specs = music_generators()
    assert {"emogen", "muser", "faders"} <= {spec.name for spec in specs}
    for spec in specs:
        with gr.Blocks():
            controls = lay_out(spec)
        fields = [field.path[0] for form in controls.forms for field in form.fields]
        shown = set(generator_class(spec.name).Request.model_fields) - {"emotion", "infill"}
        assert set(fields) == shown, spec.name
        values = [component.value for component in controls.components]
        assert generator_class(spec.name).Request.model_validate(controls.options(*values)) is not None


def test_generators_say_whether_they_write_bars_anew_and_where_a_piece_goes() -> None:
    with gr.Blocks():
        controls = {spec.name: lay_out(spec) for spec in music_generators()}
    assert controls["emogen"].writes_anew
    assert not controls["faders"].writes_anew
    assert all(controls[name].own_piece is not None for name in ("emogen", "faders", "muser"))


def test_a_request_is_shown_again_but_its_files_are_not() -> None:
    with gr.Blocks():
        (controls,) = [lay_out(spec) for spec in music_generators() if spec.name == "emogen"]
    shown = controls.shown({"bars": 8, "key": "D minor", "primer": "/etc/passwd"})
    options = controls.options(*shown)
    assert (options["bars"], options["key"]) == ("8", "D minor")
    assert "primer" not in options


def test_the_roll_shows_the_piece_and_names_no_folder(take: Take) -> None:
    value = roll_value(take, Tickets())
    assert len(value["piece"]["pitch"]) == 16
    assert value["piece"]["bars"]["count"] == 4
    assert value["sound"] is None
    assert str(take.folder) not in json.dumps(value)


def test_bars_have_their_part_of_the_emotion(take: Take) -> None:
    track = parse_emotion("@0 sadness @4 joy @8 fear")
    part = emotion_of_bars(take, track, (3, 4))
    assert part.state_at(0.0) == track.state_at(4.0)
    assert part.state_at(2.0) == track.state_at(6.0)


@pytest.mark.parametrize("bars", [(0, 1), (3, 2), (4, 5)])
def test_bars_that_are_not_there(take: Take, bars: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="bars 1 to 4"):
        emotion_of_bars(take, parse_emotion("joy"), bars)


def test_stems_are_one_sound_per_track(take: Take, tmp_path: Path) -> None:
    path = tmp_path / "out" / "stems.zip"
    assert write_stems(take.folder, path, lambda event: None) == 2
    with ZipFile(path) as archive:
        assert archive.namelist() == ["01-harp.wav", "02-flöte--1.wav"]
        assert all(archive.read(name)[:4] == b"RIFF" for name in archive.namelist())
    assert [file.name for file in path.parent.iterdir()] == ["stems.zip"]


@pytest.mark.parametrize(
    ("generator", "emotion", "settings", "said"),
    [
        ("nothing", "joy", {}, "no music generator"),
        ("parametric", "joy", {}, "no music generator"),
        ("../emogen", "joy", {}, "no music generator"),
        ("emogen", "joy", {"primer": "/etc/passwd"}, "names a file"),
        ("muser", "joy", {"melody_of": "x.mid"}, "names a file"),
        ("emogen", "/etc/passwd.json", {}, "file"),
        ("emogen", "of:clip.mp4", {}, "type words"),
        ("emogen", "joy", {"emotion": "/etc/passwd"}, "emotion apart"),
        ("emogen", "joy", [], "Settings"),
        ("emogen", 3, {}, "no text"),
        (None, "joy", {}, "no music generator"),
    ],
)
def test_no_program_can_name_a_file_of_the_servers(
    generator: object, emotion: object, settings: object, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        asked_options(generator, emotion, settings, None)


def test_a_primer_has_to_be_an_upload(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        asked_options("emogen", "joy", {}, {"path": "/etc/passwd"})


def test_quadrants_are_read() -> None:
    options = asked_options("emogen", "Q2:0.7", {"bars": 2}, None)
    assert options.pop("emotion").endswith("+vad:-0.42,0.42,0")
    assert options == {"bars": 2}


def test_files_to_go_on_from_come_first() -> None:
    assert file_fields(generator_class("muser").Request)[0] == "melody_of"

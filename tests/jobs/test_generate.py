"""One generator from the command line: its own options, whole takes, clear refusals."""

import json
from pathlib import Path

import pytest

from espressivo.cli import main
from espressivo.demo import SPEECH_FOLDER, demo_lines
from espressivo.media.decode import read_audio
from espressivo.take import Take

LINE = str(SPEECH_FOLDER / f"{demo_lines()[0]}.wav")
FACE = ["generate", "parametric", "--speech", LINE]


def test_a_generator_has_its_own_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "face"
    assert main([*FACE, "--emotion", "joy:0.5", "--fps", "20", "--jaw", "1.2", "--out", str(out)]) == 0
    take = Take.open(out)
    assert set(take.record["files"]) == {"face.csv", "face.npz"}
    assert take.record["request"]["fps"] == 20
    assert take.record["request"]["controls"]["jaw"] == 1.2
    assert take.record["generators"]["face"]["name"] == "parametric"
    assert str(out) in capsys.readouterr().out
    assert main([*FACE, "--emotion", "joy", "--out", str(out)]) == 2
    assert json.loads((out / "take.json").read_text())["request"]["fps"] == 20
    assert main([*FACE, "--emotion", "joy", "--out", str(out), "--overwrite"]) == 0


def test_a_take_is_no_midi_file_but_holds_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "take").mkdir()
    asked = ["generate", "emogen", "--primer", str(tmp_path / "take"), "--out", str(tmp_path / "never")]
    assert main(asked) == 2
    assert "is a folder; name a MIDI file in it." in capsys.readouterr().err
    (tmp_path / "take" / "music.mid").touch()
    assert main(asked) == 2
    assert f"is a folder; name {tmp_path / 'take' / 'music.mid'}." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["generate", "parametrc"], "did you mean 'parametric'"),
        ([*FACE, "--emotion", "joy:7"], "between 0 and 1"),
        ([*FACE, "--emotion", "auto"], "recognised by espressivo perform"),
        ([*FACE, "--emotion", "joy", "--fps", "0"], "fps"),
        (["generate", "parametric", "--speech", "none.wav", "--emotion", "joy"], "none.wav"),
        ([*FACE, "--emotion", "joy", "--checkpoint", "my.pt"], "my.pt"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    out = tmp_path / "never"
    options = ["--out", str(out)] if len(arguments) > 2 else []
    assert main([*arguments, *options]) == 2
    error = capsys.readouterr().err.strip()
    assert sentence in error
    assert len(error.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_the_sound_of_a_loop_ends_with_its_last_bar(tmp_path: Path) -> None:
    repeated = ["generate", "emogen", "--bars", "2", "--loop", "--best-of", "1", "--tempo", "120", "--metre", "4/4"]
    assert main([*repeated, "--out", str(tmp_path / "loop")]) == 0
    assert read_audio(tmp_path / "loop" / "music.wav", 48_000).size == 4 * 48_000


def test_help_lists_the_generators_options(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, expected in ((["generate", "parametric", "--help"], "--emotion"), (["generate", "-h"], "NAME")):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 0
        assert expected in capsys.readouterr().out

"""The commands of the README run as they stand there."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from espressivo.cli import main
from espressivo.demo import SPEECH_FOLDER, demo_lines
from espressivo.performance import PerformanceRequest, perform

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^espressivo ([^#\n]+)", TEXT, flags=re.MULTILINE)
PROGRAMS = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(SPEECH_FOLDER / f"{demo_lines()[0]}.wav", tmp_path / "line.wav")
    shutil.copy(ROOT / "assets/portraits/ada.jpg", tmp_path / "me.jpg")
    spoken = json.loads((SPEECH_FOLDER / f"{demo_lines()[0]}.json").read_text(encoding="utf-8"))["text"]
    (tmp_path / "words.txt").write_text(spoken, encoding="utf-8")
    shutil.copytree(ROOT / "assets/scripts", tmp_path / "assets/scripts")
    clip = PerformanceRequest(speech=tmp_path / "line.wav", emotion="happiness", size=192, fps=12, formats=("mp4",))
    shutil.copy(perform(clip, tmp_path / "clip").file("face.mp4"), tmp_path / "clip.mp4")
    shutil.copy(next((ROOT / "tests/fixtures/emotionml/valid").glob("01*")), tmp_path / "track.emotionml")
    shutil.copy(ROOT / "tests/fixtures/metrics_music/emogen_piano_1.mid", tmp_path / "mine.mid")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.filterwarnings("ignore:The transcript:UserWarning")
def test_the_tour_can_be_walked(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(COMMANDS) >= 8
    for command in COMMANDS:
        words = shlex.split(command)
        small = ["--size", "64"] if words[0] == "perform" else []
        assert main([*words, *small]) == 0, (command, capsys.readouterr().err)
    assert (workplace / "takes" / "again" / "take.json").is_file()


def test_the_programs_run(workplace: Path) -> None:
    assert len(PROGRAMS) == 2
    for program in PROGRAMS:
        exec(compile(program, "README.md", "exec"), {})
    assert (workplace / "portrait.mp4").stat().st_size > 10_000


def test_the_files_the_readme_shows_are_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / link).exists(), link

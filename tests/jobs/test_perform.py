"""The main job from end to end, on a line that ships: what is made, that it is whole, and that it can be repeated."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from espressivo.cli import main
from espressivo.demo import SPEECH_FOLDER, demo_lines, demo_request
from espressivo.errors import Cancelled
from espressivo.media.video import probe
from espressivo.performance import PerformanceRequest, perform, repeat
from espressivo.progress import ProgressEvent
from espressivo.take import Take

LINE = SPEECH_FOLDER / f"{demo_lines()[0]}.wav"


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Take:
    request = demo_request(demo_lines()[0]).model_copy(update={"size": 128, "seed": 5, "identity_seed": 9})
    return perform(request, tmp_path_factory.mktemp("takes") / "line")


def test_it_makes_what_was_asked(take: Take) -> None:
    made = {file.name for file in take.folder.iterdir()}
    assert made == {"take.json", "speech.wav", "emotion.emotionml", "face.mp4", "face.glb", "face.csv", "face.npz"}


def test_the_video_has_picture_and_sound_of_the_same_length(take: Take) -> None:
    facts = probe(take.file("face.mp4"))
    assert facts.fps == 30
    assert (facts.width, facts.height) == (128, 128)
    assert facts.audio_codec == "aac"
    assert facts.duration_s == pytest.approx(take.record["speech"]["duration_s"], abs=0.05)


def test_the_face_speaks(take: Take) -> None:
    with take.file("face.csv").open() as file:
        jaw = np.array([float(row["JawOpen"]) for row in csv.DictReader(file)])
    assert jaw.max() > 0.15
    assert jaw.min() < 0.05
    assert jaw.std() > 0.03


def test_the_record_names_everything_it_depends_on(take: Take) -> None:
    record = json.loads(take.file("take.json").read_text())
    assert set(record["files"]) == {file.name for file in take.folder.iterdir()} - {"take.json"}
    assert record["request"]["seed"] == 5
    assert record["made_with"]["espressivo"]
    assert record["generators"]["face"]["licence"]
    assert record["speech"]["phones"] == "aligned"
    assert str(Path.home()) not in json.dumps(record["files"])


def test_it_repeats_to_the_byte(take: Take, tmp_path: Path) -> None:
    again = repeat(take, tmp_path / "again")
    assert again.record["files"] == take.record["files"]


def test_overwrite_replaces_a_take_whole(take: Take, tmp_path: Path) -> None:
    request = PerformanceRequest(speech=LINE, formats=("csv",))
    out = tmp_path / "take"
    perform(request, out)
    perform(request.model_copy(update={"formats": ("npz",)}), out, overwrite=True)
    assert (out / "face.npz").exists()
    assert not (out / "face.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["take"]


@pytest.mark.parametrize("stage", ["find phones", "move the face", "render"])
def test_cancelling_leaves_nothing(stage: str, tmp_path: Path) -> None:
    def cancel(event: ProgressEvent) -> None:
        if event.stage == stage:
            raise Cancelled("stopped")

    request = PerformanceRequest(speech=LINE, size=64, formats=("mp4",))
    with pytest.raises(Cancelled):
        perform(request, tmp_path / "take", progress=cancel)
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_makes_a_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["perform", "--speech", str(LINE), "--emotion", "happiness:0.8", "--formats", "csv", "a2f"]
    arguments += ["--brows", "0.5"]
    assert main([*arguments, "--out", str(tmp_path / "take")]) == 0
    printed = capsys.readouterr().out
    assert "face.csv" in printed
    assert json.loads((tmp_path / "take" / "face.a2f.json").read_text())["numPoses"] == 52
    assert Take.open(tmp_path / "take").record["request"]["controls"]["brows"] == 0.5


@pytest.mark.parametrize("command", ["generators", "weights"])
def test_lists_can_be_printed(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command]) == 0
    assert "parametric" in capsys.readouterr().out or command == "weights"

"""Generators of other packages: the one that CONTRIBUTING.md shows, and the smallest of every other kind."""

import re
import sys
import textwrap
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest

from espressivo.cli import main
from espressivo.demo import SPEECH_FOLDER, demo_lines
from espressivo.generators import registry
from espressivo.generators.base import GenerationRequest, GeneratorSpec
from espressivo.generators.face.export.npz import read_motion_npz
from espressivo.generators.inputs import EmotionInput, SpeechInput
from espressivo.generators.music.request import TimedRequest
from espressivo.generators.music.score import Instrument, Score, read_score
from espressivo.generators.portrait.consent import SHIPPED
from espressivo.media.image import read_image
from espressivo.media.notes import Notes
from espressivo.media.video import Video, probe
from espressivo.take import Take

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
LINE = str(SPEECH_FOLDER / f"{demo_lines()[0]}.wav")
PORTRAIT = str(SHIPPED / "cg_head.jpg")


class StillRequest(GenerationRequest):
    speech: SpeechInput
    emotion: EmotionInput
    portrait: Path
    """The photograph."""


class Still:
    """A portrait that keeps still."""

    spec: ClassVar = GeneratorSpec("still", "portrait", "a portrait that keeps still", "none")
    Request: ClassVar = StillRequest

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> "Still":
        return cls()

    def generate(self, request: StillRequest, progress: Any = None) -> Video:
        picture = read_image(request.portrait)[:64, :64]
        return Video([picture] * round(5 * request.speech.duration_s), 5.0)


class Bell:
    """A bell that strikes every second."""

    spec: ClassVar = GeneratorSpec("bell", "music", "a bell that strikes every second", "none")
    Request: ClassVar = TimedRequest

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> "Bell":
        return cls()

    def generate(self, request: TimedRequest, progress: Any = None) -> Score:
        start = 480 * np.arange(round(2 * (request.seconds or 4.0)), dtype=np.int64)
        same = np.ones_like(start)
        notes = Notes(72 * same, 80 * same, start, start + 240, 0 * same, np.zeros(len(start), bool), 480)
        return Score(notes, (Instrument("Bell", 14),), emotion=request.emotion)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register them beside ours, as if their packages were installed."""
    shown = ModuleType("my_package.smile")
    code = textwrap.dedent(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[0])
    monkeypatch.setitem(sys.modules, "my_package", ModuleType("my_package"))
    monkeypatch.setitem(sys.modules, "my_package.smile", shown)
    exec(compile(code, "CONTRIBUTING.md", "exec"), shown.__dict__)
    name, value = re.findall(r'^ *(\w+) = "(my_package[.\w:]+)"', PAGE, flags=re.MULTILINE)[0]
    ours = registry.entry_points(group=registry.GROUP)
    theirs = [EntryPoint(name, value, registry.GROUP)]
    theirs += [EntryPoint(one.spec.name, f"{__name__}:{one.__name__}", registry.GROUP) for one in (Still, Bell)]
    monkeypatch.setattr(registry, "entry_points", lambda group: [*ours, *theirs])
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or _this())


def _this() -> ModuleType:
    """Return this module, which pytest imports without a name."""
    module = ModuleType(__name__)
    module.__dict__.update(globals())
    return module


def test_the_page_shows_a_generator_that_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generators"]) == 0
    assert "smile" in capsys.readouterr().out
    assert main(["generate", "smile", "--speech", LINE, "--emotion", "joy:0.5", "--out", str(tmp_path / "one")]) == 0
    smile = read_motion_npz(tmp_path / "one" / "face.npz").channel("mouthSmileLeft")
    assert smile == pytest.approx(np.full(len(smile), 0.5), abs=1e-6)


def test_it_moves_the_head_and_a_portrait(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["perform", "--speech", LINE, "--emotion", "joy:0.5", "--face", "smile", "--formats", "npz", "--size", "64"]
    assert main([*asked, "--portrait", PORTRAIT, "--fps", "5", "--out", str(tmp_path / "take")]) == 0
    assert read_motion_npz(tmp_path / "take" / "face.npz").channel("mouthSmileLeft").max() > 0.4
    assert main([*asked, "--jaw", "1.5", "--out", str(tmp_path / "never")]) == 2
    assert "'smile' has no controls; leave it as it is." in capsys.readouterr().err


def test_portraits_and_music_of_others_are_performed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["perform", "--speech", LINE, "--portrait", PORTRAIT, "--portraitist", "still", "--formats", "csv"]
    made = [*asked, "--consent", "It is nobody.", "--music", "--composer", "bell", "--out", str(tmp_path / "take")]
    assert main(made) == 0
    take = Take.open(tmp_path / "take")
    assert {"portrait.mp4", "face.csv", "music.mid", "performance.mp4"} < set(take.record["files"])
    assert probe(take.file("portrait.mp4")).duration_s == pytest.approx(take.record["speech"]["duration_s"], abs=0.2)
    assert len(read_score(take.file("music.mid")).notes) >= 8
    assert main([*asked, "--label", "--out", str(tmp_path / "never")]) == 2
    assert "'still' has no label; leave it as it is." in capsys.readouterr().err


def test_a_portrait_of_others_is_generated(tmp_path: Path) -> None:
    asked = ["generate", "still", "--speech", LINE, "--emotion", "joy", "--portrait", PORTRAIT]
    assert main([*asked, "--out", str(tmp_path / "take")]) == 0
    assert set(Take.open(tmp_path / "take").record["files"]) == {"portrait.mp4"}


def test_a_reason_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    broken = ModuleType("broken_package")
    monkeypatch.setitem(sys.modules, "broken_package", broken)
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [EntryPoint("broken", "broken_package:Thing", registry.GROUP)]
    )

    def fail(name: str) -> Any:
        raise ValueError("one line\nand another\n")

    broken.__getattr__ = fail  # type: ignore[method-assign]
    assert main(["generate", "broken"]) == 2
    assert capsys.readouterr().err.strip().endswith("ValueError: one line.")

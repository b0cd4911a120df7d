"""`analyse`: from a script to a folder, whole or not at all."""

import json
from pathlib import Path

import pytest

from espressivo.analysis import AnalyseRequest, analyse
from espressivo.errors import Cancelled, InputError, ScriptError
from espressivo.performance import repeat
from espressivo.progress import ProgressEvent
from espressivo.take import Take

EXAMPLE = Path(__file__).parents[2] / "assets" / "scripts" / "quarrel.txt"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "short.txt"
    path.write_text("ANNA (angrily): You sold it!\nBEN (sad): I am sorry.\n", encoding="utf-8")
    return path


def test_the_folder_holds_what_was_asked_for(script: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    analysis, take = analyse(AnalyseRequest(script=script, formats=("json", "csv", "emotionml")), out)
    assert sorted(file.name for file in out.iterdir()) == ["dialogue.json", "lines", "lines.csv", "take.json"]
    assert len(analysis.lines) == 2
    assert Take.open(out).record == take.record
    assert set(take.record["files"]) == {
        "dialogue.json",
        "lines.csv",
        "lines/0001-anna.emotionml",
        "lines/0002-ben.emotionml",
    }


def test_the_same_request_gives_the_same_files(script: Path, tmp_path: Path) -> None:
    takes = [analyse(AnalyseRequest(script=script), tmp_path / name)[1] for name in ("a", "b")]
    assert takes[0].record["files"] == takes[1].record["files"]
    assert "dialogue.png" in takes[0].record["files"]


def test_given_personalities_go_before_the_scripts(tmp_path: Path) -> None:
    request = AnalyseRequest(script=EXAMPLE, personality=("nora=relaxed",), formats=("json",))
    analyse(request, tmp_path / "out")
    speakers = json.loads((tmp_path / "out" / "dialogue.json").read_text(encoding="utf-8"))["speakers"]
    assert speakers["NORA"]["temperament_name"] == speakers["THEO"]["temperament_name"] == "relaxed"


@pytest.mark.parametrize(
    ("personality", "reason"),
    [
        ("ANNA", "--personality 'ANNA'"),
        ("ANNA=brave", "--personality 'ANNA=brave': 'brave' is no trait"),
        ("=anxious", "no name before ="),
        ("EVE=anxious", "'EVE' has a personality but says no line; ANNA, BEN do"),
    ],
)
def test_a_personality_that_does_not_fit_is_refused(
    script: Path, tmp_path: Path, personality: str, reason: str
) -> None:
    with pytest.raises(ScriptError, match=reason):
        analyse(AnalyseRequest(script=script, personality=(personality,)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_earlier_folder_is_kept_unless_it_may_go(script: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    analyse(AnalyseRequest(script=script, formats=("json", "csv")), out)
    with pytest.raises(InputError, match="exists already"):
        analyse(AnalyseRequest(script=script), out)
    analyse(AnalyseRequest(script=script, formats=("json",)), out, overwrite=True)
    assert sorted(file.name for file in out.iterdir()) == ["dialogue.json", "take.json"]


def test_nothing_is_left_when_it_fails_or_is_cancelled(script: Path, tmp_path: Path) -> None:
    def cancel(event: ProgressEvent) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        analyse(AnalyseRequest(script=script), tmp_path / "out", progress=cancel)
    script.write_text("nobody", encoding="utf-8")
    with pytest.raises(ScriptError, match=r"short\.txt: Line 1"):
        analyse(AnalyseRequest(script=script), tmp_path / "out")
    assert [file.name for file in tmp_path.iterdir()] == ["short.txt"]


@pytest.mark.parametrize("speed", [0, -1, 1e9, float("nan")])
def test_a_speed_nobody_speaks_at_is_refused(script: Path, speed: float) -> None:
    with pytest.raises(InputError, match="words-per-minute"):
        AnalyseRequest(script=script, words_per_minute=speed)


def test_an_analysis_is_no_performance_to_repeat(script: Path, tmp_path: Path) -> None:
    _, take = analyse(AnalyseRequest(script=script, formats=("json",)), tmp_path / "out")
    with pytest.raises(InputError, match="no performance"):
        repeat(take, tmp_path / "again")

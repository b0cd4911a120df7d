"""Bad input to `espressivo evaluate` gets one clear sentence and exit code 2, and nothing is left behind."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.cli import main
from espressivo.conditioning.speech import SAMPLE_RATE_HZ
from espressivo.demo import demo_request
from espressivo.generators.face.export.npz import write_motion_npz
from espressivo.generators.face.motion import FaceMotion
from espressivo.media.encode import write_mp4
from espressivo.media.video import Sound, Video, read_video_frames
from espressivo.performance import perform

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a quarter of a second of a face, with sound."""
    folder = tmp_path_factory.mktemp("clip")
    asked = {"transcript": None, "formats": ("mp4",), "size": 128, "fps": 5.0}
    take = perform(demo_request("joy").model_copy(update=asked), folder / "take")
    frames = [frame for _, frame in zip(range(6), read_video_frames(take.file("face.mp4")), strict=False)]
    noise = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE_HZ // 4).astype(np.float32)
    write_mp4(folder / "clip.mp4", Video(frames, 25.0, Sound(noise, SAMPLE_RATE_HZ)))
    return folder / "clip.mp4"


@pytest.fixture
def folder(clip: Path, tmp_path: Path) -> Path:
    """Hold a folder "clips" with one good clip."""
    (tmp_path / "clips").mkdir()
    shutil.copy(clip, tmp_path / "clips" / "clip.mp4")
    return tmp_path / "clips"


def _fails(arguments: list[str], capsys: pytest.CaptureFixture[str], folder: Path) -> str:
    """Run the command line, expect code 2 and one sentence, and nothing new in `folder`; return the sentence."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main(["evaluate", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line for line in captured.err.strip().splitlines() if not line.endswith(": done")]
    assert len(lines) == 1, lines
    assert lines[0].endswith((".", "?")), lines[0]
    assert "Traceback" not in lines[0]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return lines[0]


def _text(path: Path) -> None:
    path.write_text("I am not what my name says.\n" * 20)


def _picture(path: Path) -> None:
    Image.new("RGB", (64, 64)).save(path, "PNG")


def _no_face(path: Path) -> None:
    write_mp4(path, Video([np.full((96, 96, 3), level, np.uint8) for level in range(0, 250, 50)], 25.0))


def _concat_script(path: Path) -> None:
    path.write_text("ffconcat version 1.0\nfile /etc/hostname\n")


def _cut_off(path: Path) -> None:
    frames = list(np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8))
    write_mp4(path, Video(frames, 25.0))
    path.write_bytes(path.read_bytes()[:900])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (Path.touch, "cannot be read as a video"),
        (_text, "cannot be read as a video"),
        (_picture, "cannot be read as a video"),
        (_concat_script, "cannot be read as a video"),
        (_cut_off, "cannot be read"),
        (_no_face, "shows a face from the front"),
    ],
    ids=["empty", "text", "picture", "concat script", "cut off", "no face"],
)
@pytest.mark.parametrize("alone", [True, False], ids=["file", "folder"])
def test_a_video_that_is_none(
    spoil: Callable[[Path], None], says: str, alone: bool, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "clips").mkdir()
    video = tmp_path / "clips" / "face.mp4"
    spoil(video)
    message = _fails([str(video if alone else video.parent)], capsys, tmp_path)
    assert says in message
    assert "face.mp4" in message or spoil is _no_face


def _pickle(path: Path) -> None:
    archive = io.BytesIO()
    np.savez(archive, head_rad=np.array([print], dtype=object), weights=np.zeros((2, 52)))
    path.write_bytes(archive.getvalue())


def _not_finite(path: Path) -> None:
    np.savez(path, poses=np.full((40, 165), np.nan), trans=np.zeros((40, 3)), mocap_frame_rate=30.0)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("face.npz", _pickle),
        ("body.npz", _not_finite),
        ("take.bvh", _text),
        ("song.mid", _text),
        ("song.mid", Path.touch),
    ],
)
def test_motions_and_music_that_are_none(
    name: str, spoil: Callable[[Path], None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    spoil(tmp_path / name)
    assert name in _fails([str(tmp_path / name)], capsys, tmp_path)


def _without_clips(folder: Path) -> None:
    (folder / "clip.mp4").unlink()
    (folder / "notes.pdf").write_text("x")


def _binary_table(folder: Path) -> None:
    (folder / "clips.csv").write_bytes(b"clip,emotion\n\xff\xfe\x00bad")


def _table_without_names(folder: Path) -> None:
    (folder / "clips.csv").write_text("file,emotion\nclip,anger\n")


def _table_with_unknown_emotion(folder: Path) -> None:
    (folder / "clips.csv").write_text("clip,emotion\nclip,hapiness\n")


def _endless_field(folder: Path) -> None:
    (folder / "clips.csv").write_text("clip,emotion\nclip," + "a" * 200_000)


def _huge_words(folder: Path) -> None:
    (folder / "clip.txt").write_text("word " * 300_000)


def _binary_words(folder: Path) -> None:
    (folder / "clip.txt").write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_without_clips, "holds nothing that can be evaluated"),
        (_binary_table, "clips.csv is not text in UTF-8"),
        (_table_without_names, "no column 'clip'"),
        (_table_with_unknown_emotion, "happiness"),
        (_endless_field, "clips.csv"),
        (_huge_words, "clip.txt is over 1 MB"),
        (_binary_words, "clip.txt is not text in UTF-8"),
    ],
)
def test_a_folder_that_cannot_be_used(
    spoil: Callable[[Path], None], says: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(folder)
    assert says in _fails([str(folder)], capsys, folder.parent)


@pytest.mark.parametrize(
    "record",
    [
        [],
        {"request": []},
        {"request": {"transcript": 5}, "files": {}},
        {"request": {}, "files": []},
        {"request": None},
    ],
    ids=["list", "request is a list", "transcript is a number", "files is a list", "no request"],
)
def test_a_take_whose_record_is_damaged(record: object, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "clip.mp4").rename(folder / "face.mp4")
    (folder / "take.json").write_text(json.dumps(record))
    assert "clips holds no take that can be read" in _fails([str(folder)], capsys, folder.parent)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--report", "{here}/report.txt"], "does not end in .html"),
        (["--report", "{here}/missing/report.html"], "folder is missing"),
        (["--sliders", "parametrik"], "parametric"),
        (["--real", "{here}/nowhere"], "nowhere does not exist"),
        (["--evaluators", "{here}/nowhere"], "nowhere"),
        (["--evaluators", "{here}/clips"], "clips"),
        (["--baseline", "{here}/nowhere.json"], "nowhere.json cannot be read"),
        (["--baseline", "{here}/clips/clip.mp4"], "clip.mp4 is no JSON"),
        (["--baseline", "{here}/other.json"], "other.json is no report"),
        (["--baseline", "{here}/old.json"], "schema version 0"),
        (["--compare"], "needs two systems"),
        (["{here}/nowhere.mp4"], "nowhere.mp4 does not exist"),
    ],
)
def test_an_option_that_cannot_be_used(
    options: list[str], says: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = folder.parent
    (here / "other.json").write_text('{"clips": []}')
    (here / "old.json").write_text('{"schema_version": 0}')
    assert says in _fails([str(folder), *(option.format(here=here) for option in options)], capsys, here)


@pytest.mark.parametrize("suffix", [".html", ".json", ".csv", ".md"])
def test_an_earlier_report_is_kept(suffix: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = folder.parent / f"report-clips{suffix}"
    mine.write_text("precious")
    assert "--overwrite" in _fails([str(folder)], capsys, folder.parent)
    assert mine.read_text() == "precious"


def test_nothing_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--report", "report.html"]) == 2
    assert "Nothing to evaluate" in capsys.readouterr().err


def test_folders_named_like_files_are_no_clips(folder: Path) -> None:
    for name in ("clip.wav", "clip.csv", "clip.npz", "clip.txt"):
        (folder / name).mkdir()
    assert main(["evaluate", str(folder / "clip.mp4")]) == 0
    assert (folder / "report.html").is_file()


def test_systems_may_be_called_like_parts_of_the_report(folder: Path) -> None:
    """ "real clips" and "static face" are names of rows; what is called so here has no sound."""
    silent = Video(list(read_video_frames(folder / "clip.mp4")), 25.0)
    for name in ("real clips", "static face"):
        (folder.parent / name).mkdir()
        write_mp4(folder.parent / name / "clip.mp4", silent)
    page = folder.parent / "r.html"
    paths = [str(folder.parent / name) for name in ("real clips", "static face")]
    assert main(["evaluate", *paths, "--compare", "--real", str(folder), "--report", str(page)]) == 0
    found = json.loads(page.with_suffix(".json").read_text())
    why = {
        (clip["system"], clip["role"]): clip["values"]["theval_lip_sync"]
        for clip in found["clips"]
        if clip["role"] != "anchor"
    }
    silence = {"reason": "the clip is silent"}
    assert why.pop(("real clips", "real")) != silence
    assert why == {("real clips", "system"): silence, ("static face", "system"): silence}


@pytest.fixture(scope="module")
def hostile(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Measure clips whose names are markup and formulas; return the folder's name and the page."""
    name = """<img src=x onerror=alert(1)>"'&amp;{{7*7}}"""
    folder = tmp_path_factory.mktemp("hostile") / name
    folder.mkdir()
    for stem in ("=cmd('x')", "<script>alert(2)<", "`[a](http:b)|c"):
        shutil.copy(clip, folder / f"{stem}.mp4")
    page = folder.parent / "r.html"
    assert main(["evaluate", str(folder), "--report", str(page)]) == 0
    return name, page


def test_names_are_no_markup(hostile: tuple[str, Path]) -> None:
    _, page = hostile
    text = page.read_text()
    assert "<img" not in text
    assert "<script" not in text
    assert "&lt;img src=x" in text
    assert "{{7*7}}" in text


def test_names_are_no_formulas(hostile: tuple[str, Path]) -> None:
    name, page = hostile
    rows = list(csv.DictReader(page.with_suffix(".csv").open()))
    assert {row["system"] for row in rows if row["role"] == "system"} == {name}
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in (row["system"], row["clip"]))


def test_names_survive_in_the_data(hostile: tuple[str, Path]) -> None:
    name, page = hostile
    found = json.loads(page.with_suffix(".json").read_text())
    assert {clip["clip"] for clip in found["clips"]} == {"=cmd('x')", "<script>alert(2)<", "`[a](http:b)|c"}
    assert found["header"]["title"] == name


def test_a_motion_that_ends_at_once_is_no_zero(tmp_path: Path) -> None:
    for name, frames in (("ours", 1), ("real", 40)):
        (tmp_path / name).mkdir()
        motion = FaceMotion(np.zeros((frames, 52)), np.zeros((frames, 3)), np.zeros((frames, 2)), 30.0)
        write_motion_npz(tmp_path / name / "a.npz", motion)
    page = tmp_path / "r.html"
    assert main(["evaluate", str(tmp_path / "ours"), "--real", str(tmp_path / "real"), "--report", str(page)]) == 0
    found = json.loads(page.with_suffix(".json").read_text())
    (ours,) = (clip for clip in found["clips"] if clip["role"] == "system")
    assert "reason" in ours["values"]["lve_mm2"]

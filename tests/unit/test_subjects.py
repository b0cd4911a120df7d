import json
from pathlib import Path

import numpy as np
import pytest

from espressivo.errors import InputError
from espressivo.eval.subjects import find_systems
from espressivo.generators.face.export.livelink import write_livelink_csv
from espressivo.generators.face.export.npz import write_motion_npz
from espressivo.generators.face.motion import FaceMotion


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")
    return folder


def take(folder: Path, transcript: str = "hello", seed: int = 0, sound: str = "a1") -> Path:
    touch(folder, "face.mp4", "speech.wav")
    record = {"request": {"transcript": transcript, "seed": seed}, "files": {"speech.wav": sound}}
    (folder / "take.json").write_text(json.dumps(record))
    return folder


def test_a_folder_of_files_is_a_system_with_one_clip_per_stem(tmp_path: Path) -> None:
    folder = touch(tmp_path / "mine", "b.mp4", "b.wav", "a.mpg", "notes.pdf", "song.mid", ".hidden.mp4")
    (folder / "b.txt").write_text("Bin blue.\n")
    (system,) = find_systems([folder])
    assert system.name == "mine"
    assert [subject.name for subject in system.subjects] == ["a", "b", "song"]
    b = system.subjects[1]
    assert set(b.files) == {"video", "sound", "transcript"}
    assert b.transcript == "Bin blue."


def test_the_table_says_what_was_said_and_asked(tmp_path: Path) -> None:
    folder = touch(tmp_path / "mine", "a.mp4", "b.mp4")
    (folder / "clips.csv").write_text("clip,transcript,emotion,line\na,Hello there,anger:0.8,hello\nb,,,\n")
    a, b = find_systems([folder])[0].subjects
    assert a.transcript == "Hello there"
    assert a.emotion is not None
    assert a.emotion.state_at(0).intensity == pytest.approx(0.8)
    assert (a.line, b.line) == ("hello", "b"), "clips are of one line only where somebody says so"
    assert b.transcript is None
    assert b.emotion is None


def test_takes_bring_their_transcript_and_clips_of_one_line_are_known(tmp_path: Path) -> None:
    for name, seed in (("calm", 0), ("angry", 0), ("other", 1)):
        take(tmp_path / "takes" / name, seed=seed)
    (system,) = find_systems([tmp_path / "takes"])
    lines = {subject.name: subject.line for subject in system.subjects}
    assert lines["calm"] == lines["angry"] != lines["other"]
    assert {subject.transcript for subject in system.subjects} == {"hello"}


def test_single_takes_are_one_system_unless_compared(tmp_path: Path) -> None:
    paths = [take(tmp_path / name) for name in ("one", "two")]
    assert [len(system.subjects) for system in find_systems(paths)] == [2]
    systems = find_systems(paths, compare=True)
    assert [system.name for system in systems] == ["one", "two"]
    assert len({system.subjects[0].name for system in systems}) == 1, "two single clips are a pair"


def test_systems_of_the_same_folder_name_are_told_apart(tmp_path: Path) -> None:
    paths = [touch(tmp_path / place / "out", "a.mp4") for place in ("x", "y")]
    assert [system.name for system in find_systems(paths, compare=True)] == ["out", "out (2)"]


def test_motions_are_known_by_what_they_hold(tmp_path: Path) -> None:
    motion = FaceMotion(np.zeros((3, 52)), np.zeros((3, 3)), np.zeros((3, 2)), 30.0)
    write_motion_npz(tmp_path / "face.npz", motion)
    write_livelink_csv(tmp_path / "phone.csv", motion)
    np.savez(tmp_path / "body.npz", poses=np.zeros((3, 165)), trans=np.zeros((3, 3)))
    (tmp_path / "report.csv").write_text("system,clip,metric\n")
    np.savez(tmp_path / "else.npz", weights=np.zeros(3))
    parts = {subject.name: set(subject.files) for subject in find_systems([tmp_path])[0].subjects}
    assert parts == {"face": {"motion"}, "phone": {"motion"}, "body": {"body"}}


@pytest.mark.parametrize(
    ("names", "wanted", "words"),
    [
        ((), "", "holds nothing"),
        (("a.wav",), "", "holds nothing"),
        (("a.mp4",), "b.mp4", "does not exist"),
        (("a.pdf",), "a.pdf", "evaluated alone"),
    ],
)
def test_what_cannot_be_evaluated_is_said_in_one_sentence(
    tmp_path: Path, names: tuple[str, ...], wanted: str, words: str
) -> None:
    touch(tmp_path / "mine", *names)
    with pytest.raises(InputError, match=words):
        find_systems([tmp_path / "mine" / wanted])


@pytest.mark.parametrize("table", ["name,emotion\na,anger\n", "clip,emotion\na,angerish-thing\n"])
def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, table: str) -> None:
    folder = touch(tmp_path / "mine", "a.mp4")
    (folder / "clips.csv").write_text(table)
    with pytest.raises(InputError):
        find_systems([folder])


def test_a_clip_may_not_count_twice(tmp_path: Path) -> None:
    clip = touch(tmp_path, "a.mp4") / "a.mp4"
    with pytest.raises(InputError, match="give each clip once"):
        find_systems([clip, clip])

"""What is gathered for an evaluation: takes by name, uploads by theirs, and nothing else."""

import json
from pathlib import Path

import pytest

from espressivo.errors import InputError
from espressivo.ui.studio.evaluate.clips import MOST_CLIPS, gather
from espressivo.ui.studio.library.project_file import write_project
from espressivo.ui.studio.library.takes import Library
from espressivo.ui.studio.sessions import Session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = Session(tmp_path / "visitor")
    for name in ("one", "two"):
        (session.folder / name).mkdir()
        (session.folder / name / "take.json").write_text(json.dumps({"request": {}}))
    return session


def _upload(folder: Path, name: str) -> Path:
    path = folder / "uploads" / str(len(list(folder.rglob("*")))) / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    return path


def test_takes_and_uploads_lie_side_by_side(session: Session, tmp_path: Path) -> None:
    files = [_upload(tmp_path, name) for name in ("clip.mp4", "clip.txt", "clip.mp4", "song.MID")]
    paths, report = gather(session, ["two", "two"], files)
    assert [path.name for path in paths] == ["clip-2.mp4", "clip.mp4", "song.MID", "two"]
    assert (paths[0].parent / "clip.txt").is_file(), "what belongs to a clip lies beside it"
    assert (paths[-1] / "take.json").is_file()
    assert session.takes() == ["two", "one"] or session.takes() == ["one", "two"]
    assert report.is_relative_to(session.folder)


def test_every_evaluation_has_a_place_of_its_own_and_the_one_before_is_gone(session: Session) -> None:
    _, first = gather(session, ["one"], [])
    _, second = gather(session, ["one"], [])
    assert first != second
    assert not first.parent.exists()
    assert (session.folder / "one" / "take.json").is_file(), "takes are linked, not moved"


def test_a_project_file_is_unfolded(session: Session, tmp_path: Path) -> None:
    other = Session(tmp_path / "other")
    (other.folder / "theirs").mkdir()
    (other.folder / "theirs" / "take.json").write_text(json.dumps({"request": {}}))
    project = write_project(Library(other), ["theirs"], tmp_path / "theirs.espressivo.zip")
    paths, _ = gather(session, [], [project])
    assert [path.name for path in paths] == ["theirs"]
    assert sorted(session.takes()) == ["one", "two"], "and no take of the library"


@pytest.mark.parametrize(
    ("takes", "names", "said"),
    [
        ([], [], "Nothing to evaluate"),
        (["three"], [], "no take"),
        (["../other"], [], "no take"),
        ([], ["clip.exe"], r"clip\.exe cannot be evaluated"),
        ([], ["words.txt"], "Only what belongs to clips"),
        ([], ["a.zip"], "project file"),
        ([], ["a.mp4"] * (MOST_CLIPS + 1), "At most"),
    ],
)
def test_what_cannot_be_gathered_is_said(
    session: Session, tmp_path: Path, takes: list[str], names: list[str], said: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        gather(session, takes, [_upload(tmp_path, name) for name in names])
    assert str(session.folder) not in str(refused.value)

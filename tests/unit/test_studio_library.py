"""A visitor's takes: found and searched, deleted and brought back, carried away and taken in, whatever a zip holds."""

import json
import re
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from espressivo.errors import InputError
from espressivo.media.encode import write_mp4
from espressivo.media.video import Video
from espressivo.take import staged_take, write_record
from espressivo.ui.studio.library.project_file import MAX_MEMBERS, read_project, write_project
from espressivo.ui.studio.library.takes import Library
from espressivo.ui.studio.sessions import Session


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(Session(tmp_path / "visitor"))


def make_take(library: Library, words: str, emotion: str = "joy:0.8", video: bool = False) -> str:
    """Put a take as `perform` writes it into the library, and return its name."""
    place = library.place_for(words)
    with staged_take(place) as folder:
        (folder / "face.csv").write_text(f"Timecode,BlendshapeCount\n{words}\n")
        if video:
            ramp = np.linspace(0, 255, 10).astype(np.uint8)
            write_mp4(folder / "face.mp4", Video((np.full((64, 64, 3), grey, np.uint8) for grey in ramp), 10.0))
        request = {"speech": "speech.wav", "emotion": emotion, "transcript": words}
        generators = {"face": {"name": "parametric", "licence": "Apache-2.0"}}
        write_record(folder, {"request": request, "generators": generators})
    return place.name


def test_an_empty_library_has_no_takes(library: Library) -> None:
    assert library.entries() == []
    assert library.deleted() == []


def test_a_take_is_listed_with_its_words_emotion_and_parts(library: Library) -> None:
    make_take(library, "You did it!")
    (entry,) = library.entries()
    assert (entry.name, entry.title, entry.emotion) == ("You-did-it", "You did it!", "joy:0.8")
    assert (entry.generators, entry.parts) == (("parametric",), ("face",))


def test_a_search_needs_every_word_wherever_it_stands(library: Library) -> None:
    make_take(library, "You did it!", "joy:0.8")
    make_take(library, "You lost it.", "sadness:0.4")
    assert [entry.title for entry in library.entries("you SADNESS")] == ["You lost it."]
    assert len(library.entries("you")) == 2
    assert library.entries("you nowhere") == []


def test_takes_of_the_same_words_get_names_of_their_own(library: Library) -> None:
    assert [make_take(library, "Again") for _ in range(3)] == ["Again", "Again-2", "Again-3"]


@pytest.mark.parametrize("hint", ["../../etc/passwd", "<img src=x onerror=alert(1)>", "...", "", "a" * 300, "Schön"])
def test_any_hint_becomes_a_harmless_name(library: Library, hint: str) -> None:
    place = library.place_for(hint)
    assert place.parent == library.folder
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,59}", place.name)


@pytest.mark.parametrize("name", ["../other/takes/secret", "/etc", "secret/..", "", ".", "takes"])
def test_a_path_is_no_name(library: Library, tmp_path: Path, name: str) -> None:
    make_take(Library(Session(tmp_path / "other")), "secret")
    make_take(library, "mine")
    with pytest.raises(InputError, match="no take"):
        library.entry(name)
    with pytest.raises(InputError, match="no take"):
        library.delete(name)


def test_a_link_into_another_folder_is_no_take(library: Library, tmp_path: Path) -> None:
    other = Library(Session(tmp_path / "other"))
    name = make_take(other, "secret")
    (library.folder / "stolen").symlink_to(other.folder / name)
    assert library.entries() == []


def test_a_damaged_record_is_left_out(library: Library) -> None:
    name = make_take(library, "one")
    make_take(library, "two")
    (library.folder / name / "take.json").write_text("{")
    assert [entry.name for entry in library.entries()] == ["two"]


def test_a_deleted_take_comes_back_as_it_was(library: Library) -> None:
    name = make_take(library, "one")
    before = (library.folder / name / "face.csv").read_bytes()
    token = library.delete(name)
    assert library.entries() == []
    assert library.deleted() == [token]
    assert library.restore(token).name == name
    assert (library.folder / name / "face.csv").read_bytes() == before
    assert library.deleted() == []


def test_a_take_comes_back_beside_a_new_one_of_its_name(library: Library) -> None:
    token = library.delete(make_take(library, "one"))
    new = make_take(library, "one")
    assert library.restore(token).name == "one"
    again = library.delete("one")
    (library.folder / new).rename(library.folder / "one")
    assert library.restore(again).name == "one-3"


@pytest.mark.parametrize("token", ["", "..", "../takes/one", "one", "one.1700000000000.abcdef"])
def test_what_is_not_in_the_trash_cannot_be_brought_back(library: Library, token: str) -> None:
    make_take(library, "one")
    with pytest.raises(InputError, match="no longer in the trash"):
        library.restore(token)


def test_a_thumbnail_is_made_once_and_follows_a_new_take(library: Library) -> None:
    name = make_take(library, "one", video=True)
    first = library.thumbnail(name)
    assert first is not None
    assert first.read_bytes().startswith(b"\xff\xd8")
    assert library.thumbnail(name) == first


def test_a_take_without_pictures_and_one_with_a_broken_video_have_none(library: Library) -> None:
    name = make_take(library, "one")
    assert library.thumbnail(name) is None
    (library.folder / name / "face.mp4").write_bytes(b"no video")
    assert library.thumbnail(name) is None


def test_takes_go_through_a_project_file_unchanged(library: Library, tmp_path: Path) -> None:
    names = [make_take(library, "one"), make_take(library, "two", "fear")]
    project = write_project(library, names, tmp_path / "both.espressivo.zip")
    other = Library(Session(tmp_path / "other"))
    assert sorted(entry.name for entry in read_project(other, project)) == ["one", "two"]
    for name in names:
        for file in (library.folder / name).iterdir():
            assert (other.folder / name / file.name).read_bytes() == file.read_bytes()


def test_a_project_read_twice_gives_two_of_each(library: Library, tmp_path: Path) -> None:
    project = write_project(library, [make_take(library, "one")], tmp_path / "p.espressivo.zip")
    assert [entry.name for entry in read_project(library, project)] == ["one-2"]
    assert len(library.entries()) == 2


def test_a_project_of_nothing_is_refused(library: Library, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No take is chosen"):
        write_project(library, [], tmp_path / "p.zip")


def _archive(path: Path, members: dict[str, bytes], head: bool = True) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if head:
            archive.writestr("project.json", "{}")
        for name, content in members.items():
            archive.writestr(name, content)
    return path


_RECORD = json.dumps({"request": {}}).encode()


def _link(path: Path) -> Path:
    with zipfile.ZipFile(_archive(path, {"takes/a/take.json": _RECORD}), "a") as archive:
        member = zipfile.ZipInfo("takes/a/face.csv")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    return path


def _cut_short(path: Path) -> Path:
    _archive(path, {"takes/a/take.json": _RECORD})
    path.write_bytes(path.read_bytes()[:-20])
    return path


def _flipped(path: Path) -> Path:
    _archive(path, {"takes/a/take.json": _RECORD * 50})
    content = bytearray(path.read_bytes())
    place = content.index(b"takes/a/take.json") + 25
    content[place] ^= 0xFF
    path.write_bytes(bytes(content))
    return path


def _with_nul(path: Path) -> Path:
    _archive(path, {"takes/a/take.json": _RECORD, "takes/a/face.csv@.exe": b"x"})
    path.write_bytes(path.read_bytes().replace(b"csv@", b"csv\0"))  # zipfile itself writes no such name
    return path


def _locked(path: Path) -> Path:
    _archive(path, {"takes/a/take.json": _RECORD})
    content = bytearray(path.read_bytes())
    for header, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = -1
        while (place := content.find(header, place + 1)) >= 0:
            content[place + flags] |= 1
    path.write_bytes(bytes(content))
    return path


def _text(path: Path) -> Path:
    path.write_text("no zip")
    return path


def _with(members: dict[str, bytes], head: bool = True) -> Callable[[Path], Path]:
    return lambda path: _archive(path, {"takes/a/take.json": _RECORD} | members, head)


_HOSTILE: dict[str, Callable[[Path], Path]] = {
    "upwards": _with({"takes/../../evil.csv": b"x"}),
    "upwards in a name": _with({"takes/a/..": b"x"}),
    "absolute": _with({"/takes/a/evil.csv": b"x"}),
    "a drive": _with({"C:/a/evil.csv": b"x"}),
    "backslashes": _with({"takes\\..\\evil.csv": b"x"}),
    "deeper": _with({"takes/a/b/evil.csv": b"x"}),
    "beside the takes": _with({"evil.csv": b"x"}),
    "hidden": _with({"takes/a/.bashrc": b"x"}),
    "a NUL": _with_nul,
    "a program": _with({"takes/a/run.sh": b"x"}),
    "a pickle": _with({"takes/a/weights.pt": b"x"}),
    "a link": _link,
    "a bomb": _with({"takes/a/face.csv": b"0" * 40_000_000}),
    "too many": _with({f"takes/a/{number}.csv": b"" for number in range(MAX_MEMBERS + 1)}),
    "no head": _with({}, head=False),
    "no take": lambda path: _archive(path, {}),
    "no record": lambda path: _archive(path, {"takes/a/face.csv": b"x"}),
    "a record of nothing": lambda path: _archive(path, {"takes/a/take.json": b"[]"}),
    "a record without end": lambda path: _archive(path, {"takes/a/take.json": b"[" * 100_000}),
    "another file than recorded": lambda path: _archive(
        path,
        {
            "takes/a/take.json": json.dumps({"request": {}, "files": {"face.csv": "00"}}).encode(),
            "takes/a/face.csv": b"changed",
        },
    ),
    "cut short": _cut_short,
    "a flipped byte": _flipped,
    "locked": _locked,
    "no zip": _text,
}


@pytest.mark.parametrize("kind", _HOSTILE)
def test_a_hostile_project_file_is_refused_in_a_sentence_and_leaves_nothing(
    library: Library, tmp_path: Path, kind: str
) -> None:
    make_take(library, "mine")
    project = _HOSTILE[kind](tmp_path / "hostile.zip")
    before = sorted(path for path in tmp_path.rglob("*"))
    with pytest.raises(InputError) as refused:
        read_project(library, project)
    assert str(refused.value).startswith(("This project file", "This zip"))
    assert str(tmp_path) not in str(refused.value)
    assert sorted(path for path in tmp_path.rglob("*")) == before

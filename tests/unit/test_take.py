"""A take appears whole or not at all."""

import json
from pathlib import Path

import pytest

from espressivo.errors import InputError, OutputError
from espressivo.take import Take, free_name, staged_take, write_record


def _make(out: Path, text: str, overwrite: bool = False) -> None:
    with staged_take(out, overwrite) as folder:
        (folder / "face.csv").write_text(text)
        write_record(folder, {"request": {}})


def test_a_finished_take_is_there_and_nothing_else(tmp_path: Path) -> None:
    _make(tmp_path / "deep" / "take", "one")
    assert Take.open(tmp_path / "deep" / "take").file("face.csv").read_text() == "one"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["take"]


def test_the_record_names_every_file_with_its_hash(tmp_path: Path) -> None:
    with staged_take(tmp_path / "take") as folder:
        (folder / "lines").mkdir()
        (folder / "lines" / "one.txt").write_text("abc")
        write_record(folder, {"request": {}})
    files = Take.open(tmp_path / "take").record["files"]
    assert files == {"lines/one.txt": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}


def test_a_failure_leaves_no_trace_and_the_earlier_take(tmp_path: Path) -> None:
    out = tmp_path / "take"
    _make(out, "one")
    with pytest.raises(UnicodeEncodeError), staged_take(out, overwrite=True) as folder:
        (folder / "face.csv").write_text("two, and a \ud800 that cannot be written", encoding="utf-8")
    assert (out / "face.csv").read_text() == "one"
    assert list(tmp_path.iterdir()) == [out]


def test_a_failure_leaves_no_empty_folders(tmp_path: Path) -> None:
    def fail(out: Path) -> None:
        with staged_take(out):
            raise InputError("It cannot be made.")

    with pytest.raises(InputError):
        fail(tmp_path / "takes" / "deep" / "take")
    assert not list(tmp_path.iterdir())
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputError):
        fail(tmp_path / "mine" / "take")
    assert (tmp_path / "mine").is_dir()


def test_overwriting_replaces_the_whole_take(tmp_path: Path) -> None:
    out = tmp_path / "take"
    _make(out, "one")
    (out / "stray.txt").write_text("x")
    _make(out, "two", overwrite=True)
    assert sorted(path.name for path in out.iterdir()) == ["face.csv", "take.json"]
    assert (out / "face.csv").read_text() == "two"
    assert list(tmp_path.iterdir()) == [out]


def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="disk is full"), staged_take(tmp_path / "take"):
        Path("/dev/full").write_text("x" * 100_000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", "no json"])
def test_a_damaged_record_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "take.json").write_text(content)
    with pytest.raises(InputError, match="no take"):
        Take.open(tmp_path)


def test_a_take_opens_by_its_record_too(tmp_path: Path) -> None:
    (tmp_path / "take.json").write_text(json.dumps({"request": {"seed": 1}}))
    assert Take.open(tmp_path / "take.json") == Take.open(tmp_path)


def test_a_free_name_is_numbered(tmp_path: Path) -> None:
    assert free_name(tmp_path / "line").name == "line"
    (tmp_path / "line").mkdir()
    (tmp_path / "line-2").mkdir()
    assert free_name(tmp_path / "line").name == "line-3"


def test_two_runs_at_once_do_not_take_each_other_s_place(tmp_path: Path) -> None:
    with staged_take(free_name(tmp_path / "line [1]")) as one, staged_take(free_name(tmp_path / "line [1]")) as other:
        for number, folder in enumerate((one, other)):
            write_record(folder, {"request": {"seed": number}})
    assert Take.open(tmp_path / "line [1]").record["request"]["seed"] == 0
    assert Take.open(tmp_path / "line [1]-2").record["request"]["seed"] == 1


def test_what_another_run_made_meanwhile_is_kept(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="made by another run"), staged_take(tmp_path / "take") as folder:
        _make(folder.parent / "take", "two")
    assert Take.open(tmp_path / "take").file("face.csv").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["take"]

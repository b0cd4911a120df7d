"""What the tabs beside Perform do, asked for by programs, with hostile values too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.ui.takes import NAMES

gradio_client = pytest.importorskip("gradio_client")

HOSTILE_NAMES = ("", ".", "..", "../../etc/passwd", "/etc/passwd", "line/../line", "a\0b", "x" * 5000, "<b>", "%2e%2e")


@pytest.fixture
def client(studio_url: str) -> Iterator[Any]:
    client = gradio_client.Client(studio_url, verbose=False)
    yield client
    client.close()


def _refused(client: Any, *given: Any, api_name: str) -> str:
    with pytest.raises(gradio_client.exceptions.AppError) as refused:
        client.predict(*given, api_name=api_name)
    said = str(refused.value)
    assert "Traceback" not in said
    assert "/tmp" not in said
    return said


def test_a_library_by_endpoints(client: Any, studio_url: str, project: Path) -> None:
    names = client.predict(gradio_client.handle_file(project), api_name="/import_project")
    assert sorted(names) == sorted(NAMES)
    (found,) = client.predict("happiness music", api_name="/list_takes")
    assert (found["name"], found["parts"]) == ("piece", ["music"])
    take = client.predict("line", api_name="/open_take")
    assert take["request"]["transcript"].startswith("You will not believe this")
    assert urlopen(studio_url + take["files"]["face.mp4"]).read()[4:8] == b"ftyp"
    token = client.predict("line", api_name="/delete_take")
    assert len(client.predict("", api_name="/list_takes")) == len(NAMES) - 1
    assert client.predict(token, api_name="/restore_take") == "line"
    saved = client.predict(["line", "piece"], api_name="/export_project")
    assert Path(saved).read_bytes()[:2] == b"PK"


def test_takes_are_evaluated(client: Any, studio_url: str, project: Path) -> None:
    client.predict(gradio_client.handle_file(project), api_name="/import_project")
    report = client.predict(["piece"], [], False, api_name="/evaluate")
    assert any("clip" in sentence for sentence in report["summary"])
    assert urlopen(studio_url + report["files"]["csv"]).read().startswith(b"system,role,clip,metric")


def test_nobody_sees_what_another_has(client: Any, studio_url: str, project: Path) -> None:
    client.predict(gradio_client.handle_file(project), api_name="/import_project")
    other = gradio_client.Client(studio_url, verbose=False)
    assert other.predict("", api_name="/list_takes") == []
    assert "no take" in _refused(other, "line", api_name="/open_take")
    assert "no take" in _refused(other, "line", "piece", api_name="/compare_takes")
    assert "no take" in _refused(other, ["line"], [], False, api_name="/evaluate")
    other.close()


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_is_no_path(client: Any, name: str) -> None:
    for endpoint in ("/open_take", "/delete_take", "/stems"):
        assert "no take" in _refused(client, name, api_name=endpoint)
    assert "trash" in _refused(client, name, api_name="/restore_take")
    assert "take" in _refused(client, [name], api_name="/export_project")


def test_an_address_needs_its_ticket(studio_url: str) -> None:
    for path in ("studio/files/guess/take.json", "studio/zips/guess/x.zip", "gradio_api/file=/etc/passwd"):
        with pytest.raises(HTTPError):
            urlopen(studio_url + path)


def test_only_what_was_uploaded_is_read(client: Any) -> None:
    server_file = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    for given, endpoint in (
        ((server_file,), "/import_project"),
        (("emogen", "joy", {}, server_file), "/compose"),
        (([], [server_file], False), "/evaluate"),
    ):
        said = _refused(client, *given, api_name=endpoint)
        assert "root:" not in said


def test_music_by_endpoints(client: Any) -> None:
    generators = {row["name"]: row for row in client.predict(api_name="/list_music_generators")}
    assert "bars" in generators["faders"]["request"]["properties"]
    made = client.predict("faders", "Q1:0.8", {"bars": 4}, None, api_name="/compose")
    assert {"music.mid", "music.wav", "take.json"} <= made["files"].keys()
    assert client.predict(made["take"], api_name="/stems").endswith("stems.zip")
    assert "names a file" in _refused(client, "faders", "joy", {"source": "/etc/passwd"}, None, api_name="/compose")
    assert "no system" in _refused(client, ["x"], "anger", "joy", "1", "0", api_name="/compare_systems")

"""What a stranger may send to the studio: paths, addresses, sizes, wrong types, component values, markup in names."""

import json
import math
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gradio")
httpx = pytest.importorskip("httpx")

from gradio_client import Client, handle_file  # noqa: E402
from gradio_client.exceptions import AppError  # noqa: E402

from espressivo.cli import main  # noqa: E402
from espressivo.conditioning.emotionml import write_emotionml  # noqa: E402
from espressivo.conditioning.state import EmotionState  # noqa: E402
from espressivo.conditioning.track import EmotionTrack  # noqa: E402
from espressivo.demo import SPEECH_FOLDER  # noqa: E402
from espressivo.errors import EspressivoError, InputError  # noqa: E402
from espressivo.media.wav import write_wav  # noqa: E402
from espressivo.performance import PerformanceRequest, repeat  # noqa: E402
from espressivo.take import Take  # noqa: E402
from espressivo.ui.studio import messages  # noqa: E402
from espressivo.ui.studio.asking import FILE_FIELDS, kept_request, request_from, typed_emotion  # noqa: E402
from espressivo.ui.studio.compare import grid  # noqa: E402
from espressivo.ui.studio.emotion_controls import track_of  # noqa: E402
from espressivo.ui.studio.files import Tickets  # noqa: E402
from espressivo.ui.studio.perform.result import result_html  # noqa: E402
from espressivo.ui.studio.sessions import Session, Sessions  # noqa: E402
from tests.ui.conftest import running_studio  # noqa: E402

LINE = str(SPEECH_FOLDER / "joy.wav")
NEUTRAL = EmotionTrack.constant(EmotionState.neutral())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with running_studio(folder, "--max-upload-mb", "1") as address:
        yield address


# Paths and addresses


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=/etc/passwd",
        "gradio_api/file=../../../../etc/passwd",
        "gradio_api/file=%2Fetc%2Fpasswd",
        "gradio_api/file=file:///etc/passwd",
        "gradio_api/file=pyproject.toml",
        "gradio_api/file={takes}/.secret",
        "gradio_api/file=/proc/self/environ",
        "gradio_api/file=http://169.254.169.254/latest/meta-data",
        "gradio_api/proxy=http://169.254.169.254/latest/meta-data",
        "gradio_api/proxy=http://localhost:22/",
        "gradio_api/stream//etc/passwd",
        "studio/../../../../etc/passwd",
        "studio/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "studio/..%2fapp.py",
        "studio/%2Fetc%2Fpasswd",
        "studio/heads/..%2f..%2fheads.glb",
        "studio/heads/%00.glb",
        "studio/files/nobody/face.mp4",
        "studio/files/../../etc/passwd",
        "studio/zips/nobody/take.zip",
        "studio/files/%2e%2e/passwd",
    ],
)
def test_no_file_but_our_own(path: str, address: str, folder: Path) -> None:
    with httpx.Client() as client:
        request = client.build_request("GET", address + path.format(takes=folder / "takes"))
        answer = client.send(request)
    assert answer.status_code in (400, 403, 404, 405, 307), answer.status_code
    assert b"root:" not in answer.content
    assert b"[project]" not in answer.content


def test_the_secret_is_the_owners(address: str, folder: Path) -> None:
    assert stat.S_IMODE((folder / "takes" / ".secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "takes").stat().st_mode) == 0o700


def test_the_page_tells_no_folders(address: str, folder: Path) -> None:
    for path in ("", "config", "gradio_api/info"):
        text = httpx.get(address + path).text
        for private in (str(folder), str(Path.home()), str(Path(__file__).parents[2])):
            assert private not in text


def test_upload_over_the_limit_is_refused_while_it_arrives(address: str, folder: Path) -> None:
    answer = httpx.post(address + "gradio_api/upload", files={"files": ("big.wav", bytes(3 << 20))})
    assert answer.status_code == 413
    assert not list(folder.rglob("big*"))


def test_names_of_uploads_cannot_lead_elsewhere(address: str, tmp_path: Path) -> None:
    for name in ("../../../../tmp/espressivo-was-here.wav", "/tmp/espressivo-was-here.wav", "a\0b.wav"):
        answer = httpx.post(address + "gradio_api/upload", files={"files": (name, b"RIFF")})
        if answer.status_code == 200:
            (stored,) = answer.json()
            assert "espressivo-studio-" in stored
            assert ".." not in stored
    assert not Path("/tmp/espressivo-was-here.wav").exists()


# Endpoints


def _post(address: str, name: str, data: list[Any]) -> str:
    """Call an endpoint as no client would, and return what it answers."""
    asked = httpx.post(f"{address}gradio_api/call/{name}", json={"data": data}, timeout=30)
    if asked.status_code != 200:
        return asked.text
    answer = httpx.get(f"{address}gradio_api/call/{name}/{asked.json()['event_id']}", timeout=60)
    return answer.text


@pytest.mark.parametrize(
    "speech",
    [
        None,
        7,
        "",
        LINE,
        "/etc/passwd",
        ["/etc/passwd"],
        {"path": LINE},
        {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
        {"path": "../../etc/passwd"},
        {"path": "http://169.254.169.254/latest", "url": "http://169.254.169.254/latest"},
        {"url": "http://127.0.0.1:1/line.wav", "meta": {"_type": "gradio.FileData"}},
        {"path": "file:///etc/passwd"},
        {"path": "\0"},
        {"path": {"path": LINE}},
        {},
    ],
    ids=str,
)
def test_speech_has_to_be_uploaded(speech: Any, address: str, folder: Path) -> None:
    answer = _post(address, "perform", [speech, "neutral", "", None])
    assert "event: error" in answer
    assert "Traceback" not in answer
    assert "root:" not in answer
    assert not list(folder.rglob("take.json"))


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"speech": "/etc/passwd"}, "speech"),
        ({"emotion": "of:/etc/passwd"}, "emotion"),
        ({"portrait": "/etc/passwd"}, "uploaded"),
        ({"portrait": {"path": "/etc/passwd"}}, "uploaded"),
        ({"speaking": {"style": "of:/etc/passwd"}}, "file"),
        ({"speaking": {"regions": ["lips=/etc/passwd.json"]}}, "file"),
        ({"identity": "../../heads"}, "file"),
        ({"identity": "nobody"}, "nobody"),
        ({"face": "os:system"}, "os:system"),
        ({"composer": "parametric", "music": True}, "parametric"),
        ({"unknown": 1}, "unknown"),
        ({"fps": "NaN"}, "fps"),
        ({"size": 1e9}, "size"),
        ({"size": 513}, "size"),
        ({"seed": -1}, "seed"),
        ({"formats": ["exe"]}, "formats"),
        ({"formats": "mp4"}, "formats"),
        ({"controls": {"jaw": 99}}, "jaw"),
        ({"controls": []}, "cannot be used"),
        ([], "settings"),
        ("size=1", "settings"),
        (7, "settings"),
    ],
    ids=str,
)
def test_settings(settings: Any, says: str, client: Client) -> None:
    with pytest.raises(AppError) as raised:
        client.predict(handle_file(LINE), settings=settings, api_name="/perform")
    sentence = str(raised.value)
    assert says in sentence
    assert "Traceback" not in sentence
    assert "/tmp" not in sentence


@pytest.mark.parametrize(
    "emotion",
    [
        "/etc/passwd.json",
        "../secret.emotionml",
        "x.xml",
        "of:/etc/passwd",
        " OF : /etc/passwd",
        "voice:/etc/passwd",
        "text:/etc/passwd",
        "auto",
        "",
        "\0",
        "@" * 1000,
        "joy:" + "9" * 400,
        "joy" * 100_000,
        "<script>alert(1)</script>",
        None,
        7,
        ["joy"],
    ],
    ids=lambda value: str(value)[:24],
)
def test_typed_emotions(emotion: Any) -> None:
    with pytest.raises(EspressivoError) as raised:
        typed_emotion(emotion)
    assert str(raised.value).endswith((".", "?"))
    assert len(str(raised.value)) < 400


def test_words_are_never_a_file(tmp_path: Path) -> None:
    request = request_from({}, LINE, "/etc/passwd.txt", NEUTRAL)
    assert request.transcript is not None
    assert not request.transcript.endswith(".txt")


# Values of our own components


def _key(**changes: Any) -> dict[str, Any]:
    return {"t_s": 0.0, "weights": {"anger": 1.0}, "intensity": 0.5} | changes


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "joy",
        [],
        {},
        {"keyframes": []},
        {"keyframes": "x"},
        {"keyframes": [_key()] * 2001},
        {"keyframes": [_key(t_s=-1)]},
        {"keyframes": [_key(t_s=math.nan)]},
        {"keyframes": [_key(t_s=math.inf)]},
        {"keyframes": [_key(t_s=1e9)]},
        {"keyframes": [_key(t_s="0; rm -rf /")]},
        {"keyframes": [_key(weights={"schadenfreude": 1.0})]},
        {"keyframes": [_key(weights={"anger": math.nan})]},
        {"keyframes": [_key(weights={"anger": 0.9, "fear": 0.9})]},
        {"keyframes": [_key(weights=[1, 2])]},
        {"keyframes": [_key(weights={"x" * 10_000: 1.0})]},
        {"keyframes": [_key(intensity=2)]},
        {"keyframes": [_key(vad=[0, 0])]},
        {"keyframes": [_key(vad=[0, 0, 5])]},
        {"keyframes": [_key(ease="bounce")]},
        {"keyframes": [_key(style="../../x")]},
        {"keyframes": [_key(style="<img src=x>")]},
        {"keyframes": [_key(__proto__={"admin": True})]},
        {"keyframes": [_key()], "path": "/etc/passwd"},
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_a_time_line_sends_is_checked(value: Any) -> None:
    with pytest.raises(EspressivoError) as raised:
        track_of(value)
    assert "\n" not in str(raised.value)


def test_a_forged_time_line_is_answered_in_place(address: str) -> None:
    """The event behind the button, called by hand with a component value that no browser of ours would send."""
    config = httpx.get(address + "config").json()
    ids = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
    begun = next(
        number
        for number, dependency in enumerate(config["dependencies"])
        if [ids["es-perform-go"], "click"] in dependency["targets"]
    )
    number, dependency = next(
        (number, dependency)
        for number, dependency in enumerate(config["dependencies"])
        if dependency["trigger_after"] == begun and ids["es-perform-timeline"] in dependency["inputs"]
    )
    _said(address, begun, [])
    defaults = {part["id"]: part["props"].get("value") for part in config["components"]}
    data = [defaults.get(source) for source in dependency["inputs"]]
    data[dependency["inputs"].index(ids["es-perform-timeline"])] = {"keyframes": [_key(t_s=-5)]}
    said = _said(address, number, data)
    assert "Traceback" not in said
    assert "es-problem" in said or "There is no speech" in said


def _said(address: str, number: int, data: list[Any]) -> str:
    """Call an event by its number, and return all that the studio answers until it is done with it."""
    body = {"data": data, "fn_index": number, "session_hash": "hostile0001", "event_data": None, "trigger_id": None}
    assert httpx.post(address + "gradio_api/queue/join", json=body, timeout=20).status_code == 200
    said = ""
    with httpx.stream("GET", address + "gradio_api/queue/data?session_hash=hostile0001", timeout=30) as stream:
        for line in stream.iter_lines():
            said += line
            if "process_completed" in line:
                break
    return said


# Names and markup


def test_markup_from_outside_stays_text(tmp_path: Path) -> None:
    bad = "<img src=x onerror=alert(1)>"
    assert "<img" not in messages.problem(InputError(f"{bad} cannot be used."))
    assert "<img" not in messages.note(bad)
    folder = tmp_path / "take"
    folder.mkdir()
    record = {"request": {"emotion": bad}, "generators": {"face": {"name": bad, "licence": ""}}, "files": {bad: "0"}}
    (folder / bad.replace("/", "")).write_text("x")
    (folder / "take.json").write_text(json.dumps(record))
    assert "<img" not in result_html(Tickets(), Take.open(folder))


def test_sentences_name_files_without_folders() -> None:
    text = messages.problem(InputError("/tmp/espressivo-studio-x/files/ab/line.wav is not a sound."))
    assert "/tmp" not in text
    assert "line.wav is not a sound." in text


def _take_that_asked(request: dict[str, Any], folder: Path) -> Take:
    folder.mkdir()
    (folder / "take.json").write_text(json.dumps({"request": request}))
    return Take.open(folder)


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"size": "huge"}, "size 'huge' cannot be used"),
        ({"size": 10**9}, "size"),
        ({"controls": {"jaw": "<b>"}}, "jaw"),
        ({"controls": []}, "[] cannot be used"),
        ({"formats": "exe"}, "formats"),
        ({"transcript": {"path": "/etc/passwd"}}, "transcript"),
        ({"speaking": {"style": "of:/etc/passwd"}}, "file"),
        ({"identity": "../../etc/passwd"}, "file"),
        ({"unknown": 1}, "unknown"),
    ],
    ids=str,
)
def test_what_an_imported_take_asked_for_is_checked(request_: dict[str, Any], says: str, tmp_path: Path) -> None:
    take = _take_that_asked(request_ | {"speech": "/etc/passwd", "portrait": "/etc/passwd"}, tmp_path / "line")
    with pytest.raises(InputError) as raised:
        kept_request(PerformanceRequest, take, (*FILE_FIELDS, "emotion"))
    assert says in str(raised.value)
    assert str(raised.value).startswith("What 'line' was asked for cannot be used here: ")
    assert "\n" not in str(raised.value)


def test_files_of_an_imported_take_are_not_asked_for_again(tmp_path: Path) -> None:
    take = _take_that_asked({"speech": "/etc/passwd", "portrait": "/etc/passwd", "size": 128}, tmp_path / "line")
    assert kept_request(PerformanceRequest, take, (*FILE_FIELDS, "emotion")) == {"size": 128}


def test_words_of_an_imported_take_are_words_and_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the safe opens at noon")
    take = _take_that_asked({"speech": "speech.wav", "transcript": str(secret)}, tmp_path / "line")
    write_wav(take.file("speech.wav"), np.zeros(16_000, np.float32), 16_000)
    write_emotionml(take.file("emotion.emotionml"), NEUTRAL, "speech.wav")
    cell = tmp_path / "mine" / "cell"
    with pytest.warns(UserWarning, match="No speech is heard"):
        grid.make_cell(grid.Cell("parametric", "face", "happiness", 1.0, 0), take.folder, cell, lambda event: None)
    with pytest.warns(UserWarning, match="No speech is heard"):
        again = repeat(take, tmp_path / "again")
    for made in (Take.open(cell), again):
        assert made.record["request"]["transcript"].strip() == str(secret)
        assert "noon" not in made.file("take.json").read_text()


# Sessions


class _Request:
    def __init__(self, page: Any, username: str | None = None, **headers: str) -> None:
        self.session_hash, self.username = page, username
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../other", "/etc", "a/b", "a\0b", ".secret", "x" * 200, None, 7, ["a"]]
)
def test_names_of_takes(name: Any, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "take.json").write_text("{}")
    session = Session(tmp_path / "mine")
    with pytest.raises(InputError):
        session.take(name)


def test_nobody_sees_anothers_takes(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "kept", tmp_path / "passing")
    token = sessions.claim(None, _Request("one"))  # type: ignore[arg-type]
    mine = sessions.of(_Request("one"))  # type: ignore[arg-type]
    sessions.claim(None, _Request("two"))  # type: ignore[arg-type]
    assert sessions.of(_Request("two")).folder != mine.folder  # type: ignore[arg-type]
    assert sessions.of(_Request("three")).folder != mine.folder  # type: ignore[arg-type]
    sessions.claim(token, _Request("four"))  # type: ignore[arg-type]
    assert sessions.of(_Request("four")) is mine  # type: ignore[arg-type]
    sessions.claim(token, _Request("five", "somebody else"))  # type: ignore[arg-type]
    assert sessions.of(_Request("five", "somebody else")) is not mine  # type: ignore[arg-type]
    assert stat.S_IMODE(mine.folder.stat().st_mode) == 0o700


def test_assistants_are_told_apart_and_are_no_page(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "kept", tmp_path / "passing")
    sessions.claim(None, _Request("one"))  # type: ignore[arg-type]
    callers = (_Request("one"), *(_Request("one", mcp_session_id=name) for name in ("one", "two", "../../etc")))
    folders = {sessions.of(caller).folder for caller in callers}  # type: ignore[arg-type]
    assert len(folders) == 4
    assert sum(folder.parent == tmp_path / "passing" for folder in folders) == 3


@pytest.mark.parametrize("token", ["", "../../etc", "a" * 43 + "/", 7, {"a": 1}, ["x"], "é" * 43])
def test_tokens_that_nobody_gave_out(token: Any, tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "kept", tmp_path / "passing")
    kept = sessions.claim(token, _Request("one"))  # type: ignore[arg-type]
    assert kept != token
    assert len(kept) == 43
    assert sessions.of(_Request("one")).folder.parent == tmp_path / "kept"  # type: ignore[arg-type]


@pytest.mark.parametrize("page", ["../../etc", "", None, "a" * 10_000, "\0"])
def test_pages_with_odd_hashes(page: Any, tmp_path: Path) -> None:
    session = Sessions(tmp_path / "kept", tmp_path / "passing").of(_Request(page))  # type: ignore[arg-type]
    assert session.folder.parent == tmp_path / "passing"


@pytest.mark.parametrize("stem", ["", "..", "a/b", "<b>", "x" * 500, "-", "CON", "é ü"])
def test_names_of_new_takes(stem: str, tmp_path: Path) -> None:
    session = Session(tmp_path / "mine")
    first, second = session.new_folder(stem), session.new_folder(stem)
    assert first != second
    assert first.parent == tmp_path / "mine"
    assert first.name.replace("-", "").replace("_", "").isalnum()


def test_takes_of_one_client_are_no_others(address: str, client: Client) -> None:
    made = client.predict(handle_file(LINE), settings={"size": 64, "fps": 5}, api_name="/perform")
    answer = httpx.get(address + made["files"]["face.glb"])
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert httpx.get(address + made["zip"]).content[:2] == b"PK"
    ticket = made["files"]["face.glb"].split("/")[2]
    assert httpx.get(f"{address}studio/files/{ticket[:-1]}x/face.glb").status_code == 404
    assert httpx.get(f"{address}studio/zips/{ticket}/face.zip").status_code == 404


# Who may come in


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", ""])
def test_no_other_interface_without_logins(host: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["studio", "--host", host, "--folder", str(tmp_path / "takes")]) == 2
    assert "--logins" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "-1", "65536", "99999"])
def test_ports_that_are_none(port: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["studio", "--port", port, "--folder", str(tmp_path / "takes")]) == 2
    assert f"no port {port}" in capsys.readouterr().err


def test_a_folder_that_is_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "me.jpg").write_text("a file")
    assert main(["studio", "--folder", str(tmp_path / "me.jpg")]) == 2
    assert "me.jpg cannot hold takes" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "no colon", ":secret", "name:", "a:b\nbroken"])
def test_logins_that_are_none(text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "logins.txt"
    file.write_text(text)
    assert main(["studio", "--logins", str(file), "--folder", str(tmp_path / "takes")]) == 2
    assert "name:password" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "0.0.0.0"])
def test_other_names_for_this_computer_are_not_answered_to(host: str, address: str) -> None:
    """A page elsewhere whose name is made to point here would otherwise read what the visitor's studio answers."""
    for path in ("", "config", "gradio_api/info"):
        answer = httpx.get(address + path, headers={"Host": host})
        assert answer.status_code == 400
        assert "espressivo" not in answer.text
    assert httpx.get(address + "config", headers={"Host": "localhost:1"}).status_code == 200


def test_with_logins_a_stranger_sees_nothing(tmp_path: Path) -> None:
    (tmp_path / "logins.txt").write_text("ada:a long password\n")
    with running_studio(tmp_path, "--logins", str(tmp_path / "logins.txt")) as address:
        assert httpx.get(address + "config").status_code == 401
        answer = httpx.post(address + "gradio_api/call/emotionml", json={"data": ["joy"]})
        assert answer.status_code == 401
        assert httpx.post(address + "login", data={"username": "ada", "password": "wrong"}).status_code == 400
        welcome = httpx.post(address + "login", data={"username": "ada", "password": "a long password"})
        assert welcome.status_code == 200

"""Bad input gets one clear sentence and exit code 2, before long work, and nothing is left behind."""

import os
import resource
import signal
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from espressivo.cli import main
from espressivo.demo import SPEECH_FOLDER

LINE = str(sorted(SPEECH_FOLDER.glob("*.wav"))[0])


def _fails(arguments: list[str], capsys: pytest.CaptureFixture[str], folder: Path) -> str:
    """Run the command line, expect code 2 and one sentence, and nothing new in `folder`; return the sentence."""
    before = sorted(folder.rglob("*"))
    assert main(arguments) == 2
    lines = [line for line in capsys.readouterr().err.strip().splitlines() if not line.endswith(": done")]
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    assert lines[0].endswith((".", "?")), lines[0]
    assert sorted(folder.rglob("*")) == before
    return lines[0]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="another system's signals")
@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_who_stops_the_program_finds_nothing_half_made(ending: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "espressivo", "perform", "--speech", LINE, "--size", "2048", "--fps", "120"]
    with subprocess.Popen([*command, "--out", str(tmp_path / "take")], stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith(b"read speech"):
                break
        assert len(list(tmp_path.iterdir())) == 1
        running.send_signal(getattr(signal, ending))
        assert running.stderr.read().endswith(b"espressivo: stopped; nothing was written.\n")
    assert running.returncode == 130
    assert not list(tmp_path.iterdir())


def test_whoever_reads_what_is_printed_may_stop() -> None:
    for arguments in (["weights"], ["generate", "avatar", "--help"]):
        command = [sys.executable, "-m", "espressivo", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shown:
            assert shown.stdout is not None
            assert shown.stderr is not None
            shown.stdout.close()
            assert shown.stderr.read() == b""


@pytest.mark.parametrize(
    ("emotion", "says"),
    [
        ("hapiness", "happiness"),
        ("happiness:7", "7"),
        ("happiness:nan", "nan"),
        ("vad:2,0,0", "2"),
        ("", "emotion"),
        ("@-1 anger", "-1"),
        ("no/such/track.emotionml", "track.emotionml"),
    ],
)
def test_emotion(emotion: str, says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["perform", "--speech", LINE, "--emotion", emotion, "--out", str(tmp_path / "take")]
    assert says in _fails(arguments, capsys, tmp_path)


def _text(path: Path) -> None:
    path.write_text("I am not a sound.\n" * 50)


def _concat_script(path: Path) -> None:
    path.write_text("ffconcat version 1.0\nfile /etc/hostname\n")


def _ten_hours_in_a_kilobyte(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(1000))
    data = bytearray(path.read_bytes())
    size = 10 * 3600 * 16000 * 2
    data[4:8], data[40:44] = (size + 36).to_bytes(4, "little"), size.to_bytes(4, "little")
    path.write_bytes(data)


def _nan_samples(path: Path) -> None:
    samples = np.full(16000, np.nan, "<f4").tobytes()
    header = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    header += b"\x03\x00\x01\x00" + (16000).to_bytes(4, "little") + (64000).to_bytes(4, "little") + b"\x04\x00\x20\x00"
    path.write_bytes(header + b"data" + len(samples).to_bytes(4, "little") + samples)


@pytest.mark.parametrize(
    "spoil",
    [Path.touch, _text, _concat_script, _ten_hours_in_a_kilobyte, _nan_samples, Path.mkdir],
    ids=["empty", "text", "concat script", "ten hours in a kilobyte", "nan", "folder"],
)
def test_speech(spoil, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    speech = tmp_path / "line.wav"
    spoil(speech)
    message = _fails(["perform", "--speech", str(speech), "--out", str(tmp_path / "take")], capsys, tmp_path)
    assert "line.wav" in message


def test_missing_speech(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    message = _fails(["perform", "--speech", "nowhere.wav", "--out", str(tmp_path / "take")], capsys, tmp_path)
    assert "nowhere.wav" in message


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--size", "511"),
        ("--size", "100000"),
        ("--fps", "0"),
        ("--seed", "-1"),
        ("--identity", "nobody"),
        ("--face", "parametrik"),
        ("--transcript", "no/such/words.txt"),
        ("--jaw", "99"),
        ("--head", "nan"),
    ],
)
def test_option(option: str, value: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _fails(["perform", "--speech", LINE, option, value, "--out", str(tmp_path / "take")], capsys, tmp_path)


def test_an_existing_folder_is_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "take"
    out.mkdir()
    (out / "mine.txt").write_text("precious")
    assert "--overwrite" in _fails(["perform", "--speech", LINE, "--out", str(out)], capsys, tmp_path)
    assert "no take" in _fails(["perform", "--speech", LINE, "--out", str(out), "--overwrite"], capsys, tmp_path)
    assert (out / "mine.txt").read_text() == "precious"


def test_out_below_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    _fails(["perform", "--speech", LINE, "--out", str(tmp_path / "file" / "take")], capsys, tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_out_in_a_folder_without_permission(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        _fails(["perform", "--speech", LINE, "--out", str(tmp_path / "take")], capsys, tmp_path)
    finally:
        tmp_path.chmod(0o700)


def _perform_in_a_process(out: Path, max_file_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        if max_file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))

    command = [sys.executable, "-B", "-m", "espressivo", "perform", "--speech", LINE, "--formats", "csv", "glb"]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "NUMBA_CACHE_DIR": str(out.parent / "numba")}
    return subprocess.run(
        [*command, "--out", str(out)], capture_output=True, text=True, preexec_fn=limit, env=environment, timeout=120
    )


def test_a_file_that_may_not_grow_leaves_nothing(tmp_path: Path) -> None:
    result = _perform_in_a_process(tmp_path / "out" / "take", max_file_bytes=40_000)
    assert result.returncode == 2, result.stderr
    assert "take" in result.stderr.strip().splitlines()[-1]
    assert list(tmp_path.iterdir()) == []  # nor the folder that was made for it


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        result = _perform_in_a_process(small / "take")
        assert result.returncode == 2, result.stderr
        assert "full" in result.stderr.strip().splitlines()[-1]
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)

"""Files made to harm: each is refused at once with one sentence that names it, and nothing reaches the terminal."""

import struct
from pathlib import Path

import numpy as np
import pytest

from espressivo.errors import MediaError
from espressivo.media.decode import read_audio


def wav_header(rate: int, size: int, bits: int = 16, code: int = 1) -> bytes:
    form = struct.pack("<HHIIHH", code, 1, rate, rate * bits // 8, bits // 8, bits)
    return b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt " + struct.pack("<I", 16) + form + b"data"


TONE = (1e4 * np.sin(np.arange(16_000) * 0.1)).astype("<i2").tobytes()
NAN = np.array([0.1, np.nan] * 500, "<f4").tobytes()
HOSTILE = {
    "concat.wav": (b"ffconcat version 1.0\nfile 'good.wav'\n", "not a sound or video file"),
    "list.wav": (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ngood.wav\n#EXT-X-ENDLIST\n", "not a sound or video"),
    "remote.wav": (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "not a sound or video file"),
    "text.wav": (b"This is no sound at all.\n" * 40, "not a sound or video file"),
    "ten_hours.wav": (wav_header(16_000, 1_152_000_000) + struct.pack("<I", 1_152_000_000) + bytes(1000), "10.0 hours"),
    "an_hour.wav": (wav_header(16_000, 115_200_000) + struct.pack("<I", 115_200_000) + bytes(1000), "cut off"),
    "slow.wav": (wav_header(1, 1000) + struct.pack("<I", 1000) + bytes(1000), "sample rate of 1 Hz"),
    "nan.wav": (wav_header(16_000, len(NAN), 32, 3) + struct.pack("<I", len(NAN)) + NAN, "not numbers"),
    "header.wav": (wav_header(16_000, 0) + struct.pack("<I", 0), "holds no samples"),
    "empty.wav": (b"", "is empty"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_refused(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.wav").write_bytes(wav_header(16_000, len(TONE)) + struct.pack("<I", len(TONE)) + TONE)
    assert len(read_audio(tmp_path / "good.wav")) == 16_000
    content, reason = HOSTILE[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MediaError, match=reason) as refusal:
        read_audio(tmp_path / name)
    assert name in str(refusal.value)
    assert str(refusal.value).count("\n") == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".", "is a folder"),
        ("missing.wav", "does not exist"),
        ("bad\0name.wav", "cannot be read"),
        ("http://127.0.0.1:9/a.wav", "does not exist"),
        ("concat:a.wav|b.wav", "does not exist"),
        ("/dev/zero", "not a regular file"),
    ],
)
def test_a_name_that_is_no_file_is_refused(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=reason):
        read_audio(tmp_path / name)

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from espressivo.errors import MediaError, OutputError
from espressivo.media.decode import read_audio
from espressivo.media.wav import write_wav


def wav_bytes(samples: np.ndarray, rate: int = 16_000, declared: int | None = None) -> bytes:
    """A WAV file of (n,) or (n, channels) samples, integers or floats, whose header may lie about its size."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    data, width = samples.tobytes(), samples.dtype.itemsize
    size = len(data) if declared is None else declared
    code = 3 if samples.dtype.kind == "f" else 1
    form = struct.pack("<HHIIHH", code, channels, rate, rate * channels * width, channels * width, 8 * width)
    riff = struct.pack("<I", min(size + 36, 2**32 - 1))
    return b"RIFF" + riff + b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", size) + data


def tone(rate: int = 16_000, seconds: float = 0.5, hz: float = 200.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (8_000, 1), (192_000, 8), (48_000, 11)])
def test_every_rate_and_channel_count_becomes_mono_16_khz(tmp_path: Path, rate: int, channels: int) -> None:
    sound = np.repeat((tone(rate) * 32767).astype("<i2")[:, np.newaxis], channels, axis=1)
    (tmp_path / "a.wav").write_bytes(wav_bytes(sound, rate))
    samples = read_audio(tmp_path / "a.wav")
    assert samples.dtype == np.float32
    assert abs(len(samples) - 8000) <= 40
    np.testing.assert_allclose(samples[1000:7000], tone()[1000:7000], atol=5e-3)


def test_a_float_file_above_full_scale_is_scaled_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "loud.wav").write_bytes(wav_bytes(tone() * 6))
    samples = read_audio(tmp_path / "loud.wav")
    assert np.abs(samples).max() == pytest.approx(1.0)
    np.testing.assert_allclose(samples, tone() * 2, atol=1e-2)


def test_the_sound_of_a_video_is_read_and_a_silent_video_refused(tmp_path: Path) -> None:
    for name, with_sound in (("talk.mp4", True), ("mute.mp4", False)):
        with av.open(str(tmp_path / name), "w") as out:
            video = out.add_stream("mpeg4", rate=10, width=32, height=32)
            audio = out.add_stream("aac", rate=16_000, layout="mono") if with_sound else None
            for _ in range(5):
                out.mux(video.encode(av.VideoFrame(32, 32, "yuv420p")))
            out.mux(video.encode())
            if audio is not None:
                frame = av.AudioFrame.from_ndarray(tone()[np.newaxis], "fltp", "mono")
                frame.sample_rate = 16_000
                out.mux(audio.encode(frame))
                out.mux(audio.encode())
    assert len(read_audio(tmp_path / "talk.mp4")) == pytest.approx(8000, abs=2100)
    with pytest.raises(MediaError, match=r"mute\.mp4 holds no sound"):
        read_audio(tmp_path / "mute.mp4")


def test_a_cut_off_file_is_used_while_half_of_it_is_there(tmp_path: Path) -> None:
    sound = (tone(seconds=1.0) * 32767).astype("<i2")
    (tmp_path / "most.wav").write_bytes(wav_bytes(sound[:12_000], declared=32_000))
    (tmp_path / "little.wav").write_bytes(wav_bytes(sound[:4_000], declared=32_000))
    assert len(read_audio(tmp_path / "most.wav")) == 12_000
    with pytest.raises(MediaError, match=r"little\.wav is damaged or cut off"):
        read_audio(tmp_path / "little.wav")


def test_written_wav_reads_back(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tone(), 16_000)
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav"), tone(), atol=1e-4)
    with pytest.raises(OutputError, match="cannot be written"):
        write_wav(tmp_path / "none" / "a.wav", tone(), 16_000)

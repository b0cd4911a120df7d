"""Video in: the formats that are read, and the limits that hold before and while it is decoded."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from espressivo.errors import MediaError
from espressivo.media import video
from espressivo.media.video import probe, read_video_frames


def _write(path: Path, codec: str, frames: int = 5, pixels: str = "yuv420p", ms_per_frame: int = 40) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        stream.codec_context.time_base = Fraction(1, 25)
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 40 * index, np.uint8), "rgb24")
            frame.pts = index * ms_per_frame // 40
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mpg", "mpeg1video"), ("a.mkv", "mpeg4"), ("a.avi", "mpeg4"), ("a.mp4", "mpeg4")]
)
def test_common_containers_are_read(tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    _write(path, codec)
    levels = [int(frame.mean()) for frame in read_video_frames(path)]
    assert len(levels) == 5
    assert levels == pytest.approx([0, 40, 80, 120, 160], abs=4)
    assert probe(path).fps == pytest.approx(25)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_phone_that_was_held_in_any_way_gives_upright_pictures(quarters: int, tmp_path: Path) -> None:
    scene = np.zeros((32, 64, 3), np.uint8)
    scene[:16, :16] = 255  # the upper left corner
    with av.open(str(tmp_path / "phone.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        assert isinstance(stream, av.VideoStream)
        stored = np.ascontiguousarray(np.rot90(scene, -quarters))
        stream.height, stream.width, stream.pix_fmt = *stored.shape[:2], "yuv420p"
        stream.set_display_rotation(90 * quarters)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(stored, "rgb24")))
        container.mux(stream.encode(None))
    (read,) = read_video_frames(tmp_path / "phone.mp4")
    assert read.shape == scene.shape
    assert np.abs(read.astype(int) - scene).mean() < 10


@pytest.mark.parametrize(
    ("side", "reason"),
    [(12_000, "pictures of 12000 x 12000 pixels; scale it"), (30_000, "far too large, or of no size; scale it")],
)
def test_pictures_that_would_fill_the_memory_are_refused_before_they_are_decoded(
    tmp_path: Path, side: int, reason: str
) -> None:
    path = tmp_path / "huge.avi"
    _write(path, "rawvideo", frames=2)
    content = path.read_bytes()
    head, rest = content[:2048], content[2048:]
    path.write_bytes(head.replace(struct.pack("<II", 64, 64), struct.pack("<II", side, side)) + rest)
    for read in (probe, lambda file: list(read_video_frames(file))):
        with pytest.raises(MediaError, match=rf"huge\.avi has .*{reason}") as refusal:
            read(path)
        assert "\n" not in str(refusal.value)


def test_a_video_of_many_hours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.mkv"
    _write(path, "mpeg4", frames=2, ms_per_frame=10 * 3600 * 1000)
    with pytest.raises(MediaError, match=r"long\.mkv declares a length of 10\.0 hours; at most 2 hours"):
        next(iter(read_video_frames(path)))


@pytest.mark.parametrize(("limit", "value", "reason"), [("MAX_FRAMES", 3, "more than 3"), ("MAX_DECODING_S", 0, "0 s")])
def test_limits_hold_while_frames_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, reason: str
) -> None:
    """The header of a file may lie about how much follows."""
    path = tmp_path / "clip.mkv"
    _write(path, "mpeg4")
    monkeypatch.setattr(video, limit, value)
    with pytest.raises(MediaError, match=reason):
        list(read_video_frames(path))

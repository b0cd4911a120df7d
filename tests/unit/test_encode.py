"""MP4 writing: sound and picture meet, memory stays flat, and a failure leaves nothing behind."""

import itertools
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from espressivo.errors import Cancelled, MediaError, OutputError
from espressivo.media.encode import write_mp4
from espressivo.media.video import Sound, Video, VideoInfo, probe, read_video_frames
from espressivo.progress import ProgressEvent

FLASHES_S = (0.0, 1.0, 2.0)
DARK, BRIGHT = 16, 235


def grey_frames(values: Iterator[int] | list[int], height: int = 64, width: int = 96) -> Iterator[np.ndarray]:
    for value in values:
        yield np.full((height, width, 3), value, np.uint8)


def flash_and_beep(fps: int, rate_hz: int) -> Video:
    values = [BRIGHT if k % fps == 0 else DARK for k in range(3 * fps)]
    samples = np.zeros(int(3.5 * rate_hz), np.float32)
    beep = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(int(0.04 * rate_hz)) / rate_hz)
    for start_s in FLASHES_S:
        start = int(start_s * rate_hz)
        samples[start : start + len(beep)] = beep
    return Video(grey_frames(values), fps, Sound(samples, rate_hz))


def decoded_sound(path: Path) -> tuple[np.ndarray, int]:
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    assert frames[0].time == 0.0
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), frames[0].sample_rate


@pytest.mark.parametrize(("fps", "rate_hz"), [(25, 16_000), (30, 16_000), (60, 44_100), (24, 22_050)])
def test_flash_and_beep_meet_within_5_ms(tmp_path: Path, fps: int, rate_hz: int) -> None:
    path = tmp_path / "flash.mp4"
    write_mp4(path, flash_and_beep(fps, rate_hz))
    with av.open(str(path)) as container:
        flashes_s = [f.time for f in container.decode(video=0) if f.to_ndarray(format="gray").mean() > 128]
    assert flashes_s == pytest.approx(FLASHES_S, abs=1e-6)
    samples, rate = decoded_sound(path)
    loud = np.abs(samples) > 0.2
    for flash_s in flashes_s:
        window = slice(max(0, int((flash_s - 0.1) * rate)), int((flash_s + 0.1) * rate))
        onset_s = (window.start + np.argmax(loud[window])) / rate
        assert abs(onset_s - flash_s) < 0.005


def test_duration_is_that_of_the_longer_part(tmp_path: Path) -> None:
    longer_sound, longer_picture = tmp_path / "a.mp4", tmp_path / "b.mp4"
    write_mp4(longer_sound, Video(grey_frames([9] * 10), 10, Sound(np.zeros(32_000, np.float32), 16_000)))
    write_mp4(longer_picture, Video(grey_frames([9] * 30), 10, Sound(np.zeros(16_000, np.float32), 16_000)))
    assert probe(longer_sound).duration_s == pytest.approx(2.0, abs=0.03)
    assert probe(longer_picture).duration_s == pytest.approx(3.0, abs=0.03)


def test_probe_states_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_mp4(path, Video(grey_frames([40] * 12), 24, Sound(np.zeros(8_000, np.float32), 16_000)))
    assert probe(path) == VideoInfo(0.5, 24.0, 96, 64, 12, "h264", "aac", 48_000)


def test_mute_video_has_no_sound_stream(tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    write_mp4(path, Video(grey_frames([40] * 5), 30))
    assert probe(path).audio_codec is None


def test_colours_and_their_tags_are_bt709(tmp_path: Path) -> None:
    path = tmp_path / "colours.mp4"
    colours = [(200, 60, 40), (30, 180, 70), (40, 60, 210)]
    frames = (np.broadcast_to(np.array(colour, np.uint8), (64, 64, 3)).copy() for colour in colours)
    write_mp4(path, Video(frames, 10))
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.pix_fmt, context.color_primaries, context.color_trc) == ("yuv420p", 1, 1)
        assert (context.colorspace, context.color_range) == (1, 1)
        # An observer of our own for the written luma: ITU-R BT.709, item 3.2, in limited range.
        for frame, (red, green, blue) in zip(container.decode(video=0), colours, strict=True):
            luma = 16 + 219 / 255 * (0.2126 * red + 0.7152 * green + 0.0722 * blue)
            assert np.asarray(frame.planes[0])[0] == pytest.approx(luma, abs=2)
    for frame, colour in zip(read_video_frames(path), colours, strict=True):
        assert np.abs(frame.astype(int) - colour).max() <= 6


def test_file_can_be_played_while_it_loads(tmp_path: Path) -> None:
    path = tmp_path / "fast.mp4"
    write_mp4(path, Video(grey_frames([40] * 5), 30))
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_memory_is_flat(tmp_path: Path) -> None:
    peak_kib: list[int] = []

    def frames() -> Iterator[np.ndarray]:
        for k in range(3000):
            if k == 500:
                peak_kib.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            yield np.full((64, 96, 3), k % 251, np.uint8)

    write_mp4(tmp_path / "long.mp4", Video(frames(), 30, Sound(np.zeros(1_600_000, np.float32), 16_000)))
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_kib[0]
    assert grown_kib < 20_000  # 2500 frames kept would be 46 MB
    assert probe(tmp_path / "long.mp4").frame_count == 3000


def test_rendering_does_not_run_ahead_of_encoding(tmp_path: Path) -> None:
    rendered = []

    def frames() -> Iterator[np.ndarray]:
        for k in range(400):
            rendered.append(k)
            yield np.full((64, 96, 3), k % 251, np.uint8)

    held = threading.Event()
    queue_filled = threading.Event()

    class SlowSamples(np.ndarray):
        """Sound that is not ready before the queue of pictures had time to fill."""

        def __getitem__(self, key: Any) -> np.ndarray:
            queue_filled.set()
            held.wait(20)
            return np.asarray(self)[key]

    sound = Sound(np.zeros(300_000, np.float32).view(SlowSamples), 16_000)
    writing = threading.Thread(target=write_mp4, args=(tmp_path / "a.mp4", Video(frames(), 30, sound)))
    writing.start()
    assert queue_filled.wait(20)
    writing.join(1.0)
    ahead = len(rendered)
    held.set()
    writing.join(60)
    assert ahead < 20
    assert len(rendered) == 400


def test_cancelling_leaves_nothing_and_keeps_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"earlier take")

    def cancel(event: ProgressEvent) -> None:
        if event.fraction > 0:
            raise Cancelled("stopped")

    def slow_frames() -> Iterator[np.ndarray]:
        for frame in grey_frames([20] * 100_000):
            threading.Event().wait(0.02)
            yield frame

    with pytest.raises(Cancelled):
        write_mp4(path, Video(slow_frames(), 30), cancel, total_frames=100_000)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"earlier take"
    assert not [thread for thread in threading.enumerate() if thread.name == "mp4 encoder"]


def test_cancelling_works_without_a_known_length(tmp_path: Path) -> None:
    def cancel(_: ProgressEvent) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        write_mp4(tmp_path / "clip.mp4", Video(grey_frames(itertools.repeat(20)), 30), cancel)
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_frames_is_passed_on_and_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield from grey_frames([20] * 5)
        raise RuntimeError("the renderer broke")

    with pytest.raises(RuntimeError, match="renderer broke"):
        write_mp4(tmp_path / "clip.mp4", Video(broken(), 30))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "no frames"),
        ([np.zeros((63, 64, 3), np.uint8)], "even"),
        ([np.zeros((64, 64, 4), np.uint8)], "uint8"),
        ([np.zeros((64, 64, 3), np.float32)], "uint8"),
        ([np.zeros((64, 64, 3), np.uint8), np.zeros((32, 64, 3), np.uint8)], "one size"),
    ],
)
def test_frames_that_cannot_be_encoded_are_refused(tmp_path: Path, frames: list[np.ndarray], reason: str) -> None:
    with pytest.raises(MediaError, match=reason):
        write_mp4(tmp_path / "clip.mp4", Video(frames, 30))
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder_is_one_sentence_and_costs_no_rendering(tmp_path: Path) -> None:
    rendered = []

    def frames() -> Iterator[np.ndarray]:
        rendered.append(1)
        yield from grey_frames([1])

    with pytest.raises(OutputError, match=r"missing/clip\.mp4 cannot be written \(No such file"):
        write_mp4(tmp_path / "missing" / "clip.mp4", Video(frames(), 30))
    with pytest.raises(OutputError, match="directory"):
        write_mp4(tmp_path, Video(frames(), 30))
    assert not rendered


def test_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    # A limit on file size stands in for a full disk; it holds for a whole process, hence one of its own.
    script = f"""
import resource, numpy as np
from pathlib import Path
from typing import Any
from espressivo.errors import OutputError
from espressivo.media.encode import write_mp4
from espressivo.media.video import Video
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
noise = np.random.default_rng(0)
frames = (noise.integers(0, 256, (128, 128, 3), dtype=np.uint8) for _ in range(60))
try:
    write_mp4(Path({str(tmp_path / "clip.mp4")!r}), Video(frames, 30))
except OutputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert "clip.mp4 cannot be written (File too large)" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_reading_what_is_no_video_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a video at all")
    write_mp4(tmp_path / "inner.mp4", Video(grey_frames([1] * 3), 30))
    # FFmpeg recognises such a script by content and would open the file that it names.
    (tmp_path / "script.mp4").write_text("ffconcat version 1.0\nfile inner.mp4\n")
    for name in ("text.mp4", "script.mp4", "missing.mp4"):
        with pytest.raises(MediaError, match=f"{name} cannot be read as a video"):
            list(read_video_frames(tmp_path / name))
        with pytest.raises(MediaError, match=f"{name} cannot be read as a video"):
            probe(tmp_path / name)

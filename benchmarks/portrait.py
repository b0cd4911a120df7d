"""How fast a portrait speaks, from a line of speech to a finished video: `python benchmarks/portrait.py` prints JSON.

`benchmarks/portrait_render.py` times the drawing alone. Here the whole way is timed, part by part, in processor
seconds (which other programs on the machine do not change) and on the clock; the first frame in a fresh process; and
with `--minutes` the memory while so much speech is made into a video.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.eval.shipped_lines import shipped_lines
from espressivo.generators.portrait.generator import PortraitAvatar
from espressivo.generators.portrait.request import PortraitRequest
from espressivo.media.decode import read_audio
from espressivo.media.encode import write_mp4
from espressivo.media.video import Video

_PICTURE = Path(__file__).parents[1] / "assets" / "portraits" / "cg_head.jpg"
_EMOTION = "happiness:0.8"
_FIRST_FRAME = """
import sys, time
started = time.perf_counter()
from espressivo.generators.portrait.generator import PortraitAvatar
generator = PortraitAvatar.from_pretrained()
request = generator.Request(speech=sys.argv[1], emotion="happiness:0.8", portrait=sys.argv[2])
next(iter(generator.generate(request).frames))
print(time.perf_counter() - started, time.process_time())
"""


def main(portrait: Path = _PICTURE, seconds: float = 10.0, minutes: float = 0.0, out: Path | None = None) -> None:
    """Time the way from speech to video.

    Args:
        portrait: the picture.
        seconds: length of the line, put together from the lines that ship.
        minutes: length of the speech for the memory; none is made if 0.
        out: JSON file to write as well.
    """
    report: dict[str, Any] = {
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
        },
        "line_s": seconds,
        "first_frame_of_a_line": first_frame(portrait),
        "512px": parts(portrait, seconds, 512),
        "256px": parts(portrait, seconds, 256),
    }
    if minutes:
        report["memory"] = memory(portrait, minutes)
    text = json.dumps(report, indent=1)
    print(text)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")


def parts(portrait: Path, seconds: float, size: int) -> dict[str, Any]:
    """Time motion, drawing and writing of one line; all that is compiled or kept is there before."""
    generator = PortraitAvatar.from_pretrained()
    request = PortraitRequest(speech=line(seconds), emotion=parse_emotion(_EMOTION), portrait=portrait, size=size)
    next(iter(generator.generate(request).frames))
    with Timed() as motion:
        video = generator.generate(request)
    with Timed() as drawing:
        frames = sum(1 for _ in video.frames)
    with tempfile.TemporaryDirectory() as scratch, Timed() as both:
        write_mp4(Path(scratch) / "portrait.mp4", video)
    return {
        "frames": frames,
        "motion_cpu_s": motion.cpu_s,
        "draw_cpu_ms_per_frame": round(1e3 * drawing.cpu_s / frames, 2),
        "draw_frames_per_s": round(frames / drawing.wall_s, 1),
        "draw_and_write_cpu_ms_per_frame": round(1e3 * both.cpu_s / frames, 2),
        "draw_and_write_frames_per_s": round(frames / both.wall_s, 1),
    }


def first_frame(portrait: Path) -> dict[str, float]:
    """Time a fresh process from its first import to the first frame of a short line, with a filled compile cache."""
    sound = next(iter(shipped_lines().values())).sound
    command = [sys.executable, "-c", _FIRST_FRAME, str(sound), str(portrait)]
    lines = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    wall_s, cpu_s = map(float, lines[-1].split())
    return {"wall_s": round(wall_s, 2), "cpu_s": round(cpu_s, 2)}


def memory(portrait: Path, minutes: float) -> dict[str, Any]:
    """Return the peak memory of this process after each tenth of a long video, as it is written."""
    request = PortraitRequest(speech=line(60 * minutes), emotion=parse_emotion(_EMOTION), portrait=portrait, size=256)
    video = PortraitAvatar.from_pretrained().generate(request)
    peaks: list[float] = []

    def watched() -> Iterator[np.ndarray]:
        for index, frame in enumerate(video.frames):
            if index % max(1, len(video) // 10) == 0:
                peaks.append(round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1))
            yield frame

    with tempfile.TemporaryDirectory() as scratch:
        write_mp4(Path(scratch) / "portrait.mp4", Video(watched(), video.fps, video.sound))
    return {"minutes": minutes, "size": 256, "peak_mb": peaks, "growth_while_drawn_mb": round(peaks[-1] - peaks[1], 1)}


def line(seconds: float) -> Speech:
    """Return the lines that ship, said over and over."""
    samples = np.concatenate([read_audio(line.sound) for line in shipped_lines().values()])
    return Speech(np.resize(samples, round(seconds * SAMPLE_RATE_HZ)).astype(np.float32))


class Timed:
    """Seconds of what is inside, of the processor and on the clock."""

    def __enter__(self) -> "Timed":
        self._began = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        cpu_s, wall_s = time.process_time() - self._began[0], time.perf_counter() - self._began[1]
        self.cpu_s, self.wall_s = round(cpu_s, 3), round(wall_s, 3)


if __name__ == "__main__":
    tyro.cli(main)

"""How fast a portrait is drawn: `python benchmarks/portrait_render.py [PICTURE ...] [--minutes N]` prints JSON.

Without a picture the one in assets/ is taken. The first frame is timed in a fresh process, from a picture file to a
drawn frame, with an empty compile cache and again with a filled one. With `--minutes` so much video is drawn and the
memory is looked at as it goes on.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from espressivo.generators.face.arkit import weights_from
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.portrait.avatar.avatar import Avatar
from espressivo.generators.portrait.avatar.photograph import Photograph

SIZES = (256, 512)
FPS = 25.0
FRAMES = 100
_PICTURE = Path(__file__).parents[1] / "assets" / "portraits" / "cg_head.jpg"
_FIRST_FRAME = """
import sys, time
started = time.perf_counter()
from pathlib import Path
import numpy as np
from espressivo.generators.face.arkit import weights_from
from espressivo.generators.portrait.avatar.avatar import Avatar
from espressivo.generators.portrait.avatar.photograph import Photograph
avatar = Avatar.of(Photograph.read(Path(sys.argv[1])))
avatar.draw(weights_from(jawOpen=0.3), (0.05, 0.1, 0.02))
print(time.perf_counter() - started, time.process_time())
"""


def talking(frames: int) -> FaceMotion:
    """A face that speaks, blinks, feels and turns its head, all the time."""
    times_s = np.arange(frames) / FPS
    wave = [0.5 + 0.5 * np.sin(2 * np.pi * times_s * rate) for rate in (2.1, 0.9, 0.13)]
    blink = (times_s % 3 < 0.2).astype(np.float32)
    weights = (
        np.outer(wave[0], weights_from(jawOpen=0.4))
        + np.outer(wave[1], weights_from(mouthSmile=0.5, cheekSquint=0.3, mouthPucker=0.2))
        + np.outer(wave[2], weights_from(browInnerUp=0.8, browDown=0.2, mouthUpperUp=0.3))
        + np.outer(blink, weights_from(eyeBlink=1.0))
    )
    head = np.radians(np.stack([5 * wave[2] - 2, 8 * wave[1] - 4, 3 * wave[2] - 1], axis=1))
    gaze = np.radians(np.stack([8 * wave[2] - 4, 3 * wave[1]], axis=1))
    return FaceMotion(np.clip(weights, 0, 1), head, gaze, FPS)


def frames_per_second(picture: Path, size: int) -> dict[str, float | str]:
    photograph = Photograph.read(picture)
    Avatar.of(photograph, size)
    wall, busy = time.perf_counter(), time.process_time()
    avatar = Avatar.of(photograph, size)
    prepared = time.process_time() - busy
    for _ in avatar.frames(talking(5)):
        pass
    wall, busy = time.perf_counter(), time.process_time()
    for _ in avatar.frames(talking(FRAMES)):
        pass
    wall, busy = time.perf_counter() - wall, time.process_time() - busy
    return {
        "picture": picture.name,
        "frames_per_s": round(FRAMES / wall, 1),
        "frames_per_cpu_s": round(FRAMES / busy, 1),
        "cpu_ms_per_frame": round(1e3 * busy / FRAMES, 2),
        "prepare_cpu_s": round(prepared, 2),
    }


def first_frame_s(picture: Path, cache: str) -> dict[str, float]:
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    command = [sys.executable, "-c", _FIRST_FRAME, str(picture)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    wall, busy = map(float, result.stdout.split())
    return {"wall_s": round(wall, 2), "cpu_s": round(busy, 2)}


def memory_mb(picture: Path, minutes: float) -> list[float]:
    """Peak memory of the process after each tenth of a clip that is drawn and thrown away."""
    avatar, peaks = Avatar.of(Photograph.read(picture)), []
    frames = round(minutes * 60 * FPS)
    for index, _ in enumerate(avatar.frames(talking(frames))):
        if (index + 1) % max(1, frames // 10) == 0:
            peaks.append(round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1))
    return peaks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="*", type=Path, default=[_PICTURE])
    parser.add_argument("--minutes", type=float, default=0.0, help="of video, for the memory")
    options = parser.parse_args()
    report: dict[str, object] = {"machine": platform.machine(), "cpus": os.cpu_count()}
    report |= {f"{size}px": [frames_per_second(picture, size) for picture in options.pictures] for size in SIZES}
    with tempfile.TemporaryDirectory() as cache:
        report["first_frame_compiling"] = first_frame_s(options.pictures[0], cache)
        report["first_frame"] = first_frame_s(options.pictures[0], cache)
    if options.minutes:
        report["peak_memory_mb"] = memory_mb(options.pictures[0], options.minutes)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()

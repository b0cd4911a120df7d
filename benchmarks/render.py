"""How fast the face is drawn: `python benchmarks/render.py` prints JSON.

The first frame is timed in a fresh process with an empty compile cache, and again with a filled one.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time

import numpy as np
import tyro

from espressivo.errors import MissingDependencyError
from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.face.render import cpu, open_renderer
from espressivo.generators.face.render.stage import Stage
from espressivo.generators.face.rig import load_head

SIZES = (256, 512, 1024)
FRAMES = 60
_FIRST_FRAME = """
import time
started = time.perf_counter()
import numpy as np
from espressivo.generators.face.render import open_renderer
from espressivo.generators.face.rig import load_head
with open_renderer(load_head(), backend="cpu") as renderer:
    renderer.frame(np.zeros(52, np.float32), np.zeros(3), np.zeros(2))
print(time.perf_counter() - started)
"""


def poses(frames: int = FRAMES) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """A face that moves everywhere."""
    generator = np.random.default_rng(3)
    return [
        (
            generator.uniform(0, 0.4, len(ARKIT_NAMES)).astype(np.float32),
            generator.normal(0, 0.1, 3),
            generator.normal(0, 0.1, 2),
        )
        for _ in range(frames)
    ]


def frames_per_second(backend: str, size: int) -> dict[str, float | str]:
    frames = FRAMES if backend == "cpu" else 12
    with open_renderer(load_head(), size, size, backend) as renderer:  # type: ignore[arg-type]
        renderer.frame(*poses(1)[0])
        wall, busy = time.perf_counter(), time.process_time()
        for pose in poses(frames):
            renderer.frame(*pose)
        wall, busy = time.perf_counter() - wall, time.process_time() - busy
        return {
            "renderer": renderer.name,
            "frames_per_s": round(frames / wall, 1),
            "cpu_ms_per_frame": round(1e3 * busy / frames, 1),
        }


def stages_ms(size: int = 512) -> dict[str, float]:
    """CPU milliseconds a frame of each stage, on one thread."""
    spent: dict[str, float] = {}

    def timed(owner: object, name: str, label: str) -> None:
        inner = getattr(owner, name)

        def outer(*arguments: object) -> object:
            started = time.thread_time()
            result = inner(*arguments)
            spent[label] = spent.get(label, 0.0) + time.thread_time() - started
            return result

        setattr(owner, name, outer)

    stage_pose, head = Stage.pose, load_head()
    timed(Stage, "pose", "pose, normals, shadow")
    for name, label in (
        ("project", "project"),
        ("bin_triangles", "bin"),
        ("raster_rows", "raster"),
        ("shade_rows", "shade"),
    ):
        timed(cpu, name, label)
    with open_renderer(head, size, size, "cpu") as renderer:
        renderer.frame(*poses(1)[0])
        spent.clear()
        for pose in poses():
            renderer.frame(*pose)
    Stage.pose = stage_pose
    return {name: round(1e3 * seconds / FRAMES, 2) for name, seconds in spent.items()}


def first_frame_s() -> dict[str, float]:
    """Seconds from the start of the imports to the first picture."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        seconds = [
            float(
                subprocess.run(
                    [sys.executable, "-c", _FIRST_FRAME], env=environment, check=True, capture_output=True
                ).stdout
            )
            for _ in range(2)
        ]
    return {"compiling": round(seconds[0], 2), "compiled_before": round(seconds[1], 2)}


def main() -> None:
    report: dict[str, object] = {
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
        },
        "first_frame_s": first_frame_s(),
    }
    for backend in ("cpu", "opengl"):
        try:
            report[backend] = {str(size): frames_per_second(backend, size) for size in SIZES}
        except MissingDependencyError as error:
            report[backend] = str(error)
    report["stages_512_ms"] = stages_ms()
    json.dump(report, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)

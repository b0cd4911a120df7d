"""How long evaluating a clip of 10 s takes, all that ships: `python benchmarks/evaluate.py` prints JSON.

Each time is a new process from start to written report, as a user has it.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tyro

from espressivo.eval.shipped_lines import shipped_lines
from espressivo.media.decode import SAMPLE_RATE_HZ, read_audio
from espressivo.media.wav import write_wav
from espressivo.performance import PerformanceRequest, perform

SECONDS = 10.0


def main(runs: int = 3) -> None:
    """Make a take and evaluate it.

    Args:
        runs: how often.
    """
    with tempfile.TemporaryDirectory() as scratch:
        sound = Path(scratch) / "line.wav"
        samples = np.concatenate([read_audio(line.sound) for line in shipped_lines().values()])
        write_wav(sound, samples[: int(SECONDS * SAMPLE_RATE_HZ)], SAMPLE_RATE_HZ)
        take = Path(scratch) / "take"
        perform(PerformanceRequest(speech=sound, emotion="happiness:0.8", formats=("mp4", "npz")), take)
        times = [_evaluate_s(take) for _ in range(runs)]
    print(json.dumps({"clip_s": SECONDS, "evaluate_s": [round(seconds, 2) for seconds in times]}, indent=1))


def _evaluate_s(take: Path) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "espressivo", "evaluate", str(take), "--overwrite"]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)

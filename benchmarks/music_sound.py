"""How fast scores become sound: `python benchmarks/music_sound.py` prints JSON.

Half a minute of piano music made up on the spot, one core, own synthesiser, with loudness and limiter; "times real
time" is the length of the sound against the processor time. The first rendering in a fresh installation compiles.
"""

import json
import os
import time

os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
)

import numpy as np
import tyro

from espressivo.generators.music.score import Score
from espressivo.generators.music.sound.ducking import duck
from espressivo.generators.music.sound.loudness import integrated_lufs, true_peak_db
from espressivo.generators.music.sound.render import RATE_HZ, Sound, render
from espressivo.media.notes import Notes

SECONDS, ROUNDS = 30, 5
DENSITIES = {"ballad": 3, "pop": 7, "dense": 14}
"""Notes a second."""


def piece(notes_per_s: int) -> Score:
    random = np.random.default_rng(0)
    count = SECONDS * notes_per_s
    start = np.sort(random.integers(0, SECONDS * 960 - 960, count))
    return Score.of(
        Notes(
            pitch=random.integers(36, 90, count),
            velocity=random.integers(30, 110, count),
            start_tick=start,
            end_tick=start + random.integers(100, 960, count),
            track=np.zeros(count, int),
            is_drum=np.zeros(count, bool),
            ticks_per_quarter=480,
        )
    )


def least_cpu_s(notes_per_s: int) -> tuple[float, Sound]:
    score = piece(notes_per_s)
    sound = render(score, "own")
    spent_s = []
    for _ in range(ROUNDS):
        started = time.process_time()
        sound = render(score, "own")
        spent_s.append(time.process_time() - started)
    return min(spent_s), sound


def figures(notes_per_s: int) -> dict[str, float]:
    cpu_s, sound = least_cpu_s(notes_per_s)
    speech = np.random.default_rng(1).standard_normal(10 * RATE_HZ) * 0.1
    started = time.process_time()
    duck(sound.mix, speech, RATE_HZ)
    return {
        "notes_per_s": notes_per_s,
        "cpu_s": round(cpu_s, 3),
        "times_real_time": round(sound.seconds / cpu_s),
        "ducking_cpu_s": round(time.process_time() - started, 3),
        "lufs": round(integrated_lufs(sound.mix, RATE_HZ), 2),
        "true_peak_db": round(true_peak_db(sound.mix), 2),
    }


def main() -> None:
    print(json.dumps({name: figures(notes_per_s) for name, notes_per_s in DENSITIES.items()}, indent=2))


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)

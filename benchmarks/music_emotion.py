"""How fast the emotion of music is read: `python benchmarks/music_emotion.py` prints JSON.

A piece of piano music made up on the spot, on one core; "times real time" is against its length when played.
"""

import json
import os
import time

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np
import tyro

from espressivo.conditioning.music_emotion.recogniser import DEFAULT, NON_COMMERCIAL, load_reader, recognise_music
from espressivo.media.notes import Notes

SECONDS, NOTES_PER_S = 180, 10


def piece() -> Notes:
    random = np.random.default_rng(0)
    count = SECONDS * NOTES_PER_S
    start = np.sort(random.integers(0, SECONDS * 960, count))
    return Notes(
        pitch=random.integers(36, 90, count),
        velocity=random.integers(30, 110, count),
        start_tick=start,
        end_tick=start + random.integers(100, 1500, count),
        track=np.zeros(count, int),
        is_drum=np.zeros(count, bool),
        ticks_per_quarter=480,
    )


def figures(name: str) -> dict[str, float]:
    started = time.perf_counter()
    reader = load_reader(name)
    load_s = time.perf_counter() - started
    notes = piece()
    recognise_music(notes, reader)
    started = time.process_time()
    recognise_music(notes, reader)
    cpu_s = time.process_time() - started
    return {"load_s": round(load_s, 3), "cpu_s": round(cpu_s, 3), "times_real_time": round(notes.seconds / cpu_s)}


def main() -> None:
    print(json.dumps({name: figures(name) for name in (DEFAULT, NON_COMMERCIAL)}, indent=2))


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)

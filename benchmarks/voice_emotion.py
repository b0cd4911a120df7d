"""How fast the emotion of a voice is heard: `python benchmarks/voice_emotion.py` prints JSON.

Half a minute and five minutes of the speech that ships, on one core, in seconds of sound per second of processor time.
"""

import json
import os
import time

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np
import tyro

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.conditioning.voice_emotion.recogniser import DEFAULT, NON_COMMERCIAL, load_recogniser
from espressivo.eval.shipped_lines import shipped_lines
from espressivo.media.decode import read_audio

LENGTHS_S = (30, 300)
RUNS = 3


def times_real_time(name: str, seconds: int) -> float:
    """The best of a few runs, from samples to the finished track."""
    lines = np.concatenate([read_audio(line.sound) for line in shipped_lines().values()])
    speech = Speech(np.resize(lines, seconds * SAMPLE_RATE_HZ))
    recogniser = load_recogniser(name)
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        track_of(recogniser.recognise(speech))
        times.append(time.process_time() - started)
    return round(seconds / min(times), 1)


def main() -> None:
    started = time.process_time()
    load_recogniser()
    loaded_s = round(time.process_time() - started, 2)
    ratios = {
        name: {f"{length} s": times_real_time(name, length) for length in LENGTHS_S}
        for name in (DEFAULT, NON_COMMERCIAL)
    }
    print(json.dumps({"load_cpu_s": loaded_s, "times_real_time": ratios}, indent=1))


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)

"""How fast speech is encoded: `python benchmarks/latents.py` prints JSON.

Half a minute of the speech that ships, on one core, in seconds of sound per second of processor time.
"""

import json
import os
import time

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np
import tyro

from espressivo.conditioning.latents.encoder import encode_speech, load_encoder
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.eval.shipped_lines import shipped_lines
from espressivo.media.decode import read_audio

LENGTH_S = 30
RUNS = 3


def main() -> None:
    lines = np.concatenate([read_audio(line.sound) for line in shipped_lines().values()])
    speech = Speech(np.resize(lines, LENGTH_S * SAMPLE_RATE_HZ))
    started = time.process_time()
    load_encoder()
    loaded_s = time.process_time() - started
    times_s = []
    for _ in range(RUNS):
        started = time.process_time()
        encode_speech(speech)
        times_s.append(time.process_time() - started)
    print(json.dumps({"load_s": round(loaded_s, 2), "times_real_time": round(LENGTH_S / min(times_s), 1)}))


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)

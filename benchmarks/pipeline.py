"""How fast speech becomes a face, and what 10 minutes cost: `python benchmarks/pipeline.py` prints JSON.

The long run happens in a process of its own, so that its peak memory is its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tyro

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.prosody import analyse_prosody
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.demo import SPEECH_FOLDER, demo_request
from espressivo.generators.registry import load_generator
from espressivo.media.decode import read_audio
from espressivo.media.wav import write_wav
from espressivo.performance import PerformanceRequest, perform

LONG_S = 600.0


def line() -> Speech:
    request = demo_request()
    return Speech.read(request.speech, request.transcript)


def times_real_time(speech: Speech) -> dict[str, float]:
    """Seconds of speech per second of work, each after one warm-up."""
    without_words = Speech(speech.samples)
    with_phones = recognise_phones(speech)
    face = load_generator("parametric")
    request = face.Request(speech=with_phones, emotion=parse_emotion("happiness:0.8"))
    stages = {
        "phones, with transcript": lambda: recognise_phones(speech),
        "phones, without transcript": lambda: recognise_phones(without_words),
        "prosody": lambda: analyse_prosody(speech),
        "face motion": lambda: face.generate(request),
    }
    return {name: round(speech.duration_s / _seconds(work), 1) for name, work in stages.items()}


def demo_take_s(portrait: bool) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter()
        perform(demo_request(portrait=portrait), Path(scratch) / "take")
        return round(time.perf_counter() - started, 2)


def long_take(size: int = 128) -> dict[str, float]:
    """Perform 10 minutes of speech; run in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        samples = np.concatenate([read_audio(path) for path in sorted(SPEECH_FOLDER.glob("*.wav"))])
        wav = Path(scratch) / "long.wav"
        write_wav(wav, np.resize(samples, int(LONG_S * SAMPLE_RATE_HZ)), SAMPLE_RATE_HZ)
        started = time.perf_counter()
        perform(PerformanceRequest(speech=wav, size=size, formats=("mp4", "glb", "csv", "npz")), Path(scratch) / "take")
        seconds = time.perf_counter() - started
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"speech_s": LONG_S, "seconds": round(seconds, 1), "peak_mib": round(peak_mib)}


def _seconds(work) -> float:
    work()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main(long: bool = False) -> None:
    """Measure speeds.

    Args:
        long: print what 10 minutes of speech cost and nothing else.
    """
    if long:
        print(json.dumps(long_take()))
        return
    perform_s = [demo_take_s(portrait) for portrait in (False, False, True, True)]
    long_run = subprocess.run([sys.executable, __file__, "--long"], check=True, capture_output=True, text=True)
    report = {
        "times_real_time": times_real_time(line()),
        "demo_take_s": {"first in a process": perform_s[0], "later": perform_s[1]},
        "demo_take_with_portrait_s": {"first": perform_s[2], "later": perform_s[3]},
        "ten_minutes": json.loads(long_run.stdout),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)

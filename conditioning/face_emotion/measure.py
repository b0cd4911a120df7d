"""What is read in videos of known emotion: `python -m espressivo.conditioning.face_emotion.measure CLIPS --emotion E`.

CLIPS are videos that all show the emotion E, "neutral" by default: people who just speak. Speaking moves the mouth as
emotions do, so this is where reading frame by frame errs. Accuracy on labelled pictures is measured where the networks
are calibrated (`python -m espressivo.eval.emotion.ceiling`).
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.face_emotion.recogniser import recognise_video
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.media.video import probe


def main() -> None:
    """Print a JSON object, or write it to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--emotion", choices=CATEGORIES, default="neutral")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    recognise_video(arguments.clips[0])  # loads and compiles
    rows = {clip.stem: _figures(clip, arguments.emotion) for clip in arguments.clips}
    report = {
        "emotion": arguments.emotion,
        "clips": rows,
        "clips_right": sum(row["heads_the_clip"] == arguments.emotion for row in rows.values()),
        "readings_right": round(float(np.mean([row["readings_right"] for row in rows.values()])), 3),
        "times_real_time_on_one_core": round(float(np.median([row["times_real_time"] for row in rows.values()])), 1),
    }
    text = json.dumps(report, indent=1) + "\n"
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        print(text)


def _figures(clip: Path, emotion: str) -> dict[str, Any]:
    began = time.process_time()
    found = recognise_video(clip)
    spent_s = time.process_time() - began
    strengths = track_of(found).sample(found.times_s).strengths.mean(axis=0)
    return {
        "readings": len(found.times_s),
        "readings_right": round(float((found.posterior.argmax(1) == CATEGORIES.index(emotion)).mean()), 3),
        "heads_the_clip": CATEGORIES[int(found.posterior.mean(0).argmax())],
        "mean_strength_of_the_track": round(float(strengths.sum()), 3),
        "times_real_time": round(probe(clip).duration_s / spent_s, 1),
    }


if __name__ == "__main__":
    main()

"""Does the aligner notice a transcript that is not what is said?

    python -m espressivo.eval.transcript_fit --corpora realspeech DIR ravdess DIR

Every clip is aligned with its own words and with those of another clip of the corpus.
"""

import json
from pathlib import Path

import numpy as np
import tyro

from espressivo.conditioning.phones.aligner import PocketsphinxAligner
from espressivo.conditioning.speech import Speech
from espressivo.errors import InputError
from espressivo.eval.corpora import read_corpora, sample_clips


def main(corpora: dict[str, Path], clips: int = 40, seed: int = 0) -> None:
    """Print the share of right and of wrong transcripts that are accepted.

    Args:
        corpora: names and folders of realspeech and ravdess.
        clips: clips per corpus, drawn evenly over speakers.
        seed: which clips and which wrong words.
    """
    rng = np.random.default_rng(seed)
    report = {}
    for name, every_clip in read_corpora(corpora):
        chosen = sample_clips(every_clip, clips, seed)
        texts = sorted({clip.transcript for clip in chosen if clip.transcript})
        accepted = {"right": [], "wrong": []}
        for clip in chosen:
            others = [text for text in texts if text != clip.transcript]
            for kind, text in (("right", clip.transcript), ("wrong", others[rng.integers(len(others))])):
                accepted[kind].append(_accepts(Speech.read(clip.sound, text)))
        report[name] = {kind: round(float(np.mean(hits)), 3) for kind, hits in accepted.items()} | {
            "clips": len(chosen)
        }
    print(json.dumps(report, indent=1))


def _accepts(speech: Speech) -> bool:
    try:
        PocketsphinxAligner().recognise(speech)
    except InputError:
        return False
    return True


if __name__ == "__main__":
    tyro.cli(main)

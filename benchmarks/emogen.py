"""How fast music is written: `python benchmarks/emogen.py [FOLDER]` prints JSON.

FOLDER holds a model of `emogen.train`; without one, a network of the size that ships, with random weights, is timed.
One core. "Recompute" is a decoder without memory, that reads the whole piece again for each token.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np
import torch

from espressivo.generators.music.emogen.composing import Composer
from espressivo.generators.music.emogen.decoding import Decoding
from espressivo.generators.music.emogen.emotion import Mood, command_of
from espressivo.generators.music.emogen.lengths import Length
from espressivo.generators.music.emogen.network import EmoGenLanguageModel
from espressivo.generators.music.emogen.sampling import Plan, write
from espressivo.generators.music.emogen.tokens import piano
from espressivo.generators.music.emogen.train import SMALL

BARS, STEPS = 16, 200
RECOMPUTED_AT = 1280
DRAFTS = (1, 4, 8)


def main() -> None:
    torch.set_num_threads(1)
    model = EmoGenLanguageModel(SMALL).eval() if len(sys.argv) < 2 else Composer.load(Path(sys.argv[1])).model
    plan = Plan(Length(bars=BARS), Mood.quadrant("Q1"))
    figures: dict[str, object] = {"steps_per_s": steps_per_s(model)}
    for count in DRAFTS:
        started, first_s, tokens = time.perf_counter(), None, 0
        for bar in write(model, piano(), plan, [[0, number] for number in range(count)]):
            first_s = first_s or time.perf_counter() - started
            tokens += len(bar.tokens)
        took = time.perf_counter() - started
        figures[f"{BARS}_bars_{count}_drafts"] = {
            "seconds": round(took, 2),
            "first_bar_s": round(first_s or 0.0, 2),
            "tokens": tokens,
            "tokens_per_s": round(tokens / took),
        }
    figures["recompute_everything_times_slower"] = round(recompute_s(model) / step_s(model, 1), 1)
    print(json.dumps(figures, indent=1))


def steps_per_s(model: EmoGenLanguageModel) -> dict[str, int]:
    """Guided steps, for several pieces at once."""
    return {f"{pieces}_pieces": round(1 / step_s(model, pieces)) for pieces in DRAFTS}


def step_s(model: EmoGenLanguageModel, pieces: int) -> float:
    decoding = Decoding(model, pieces, told=True, open_too=True)
    strengths = np.full(pieces, 2.0)
    started = 0.0
    for step in range(STEPS + 20):
        if step == 20:
            started = time.perf_counter()
        decoding.step([300] * pieces, strengths)
    return (time.perf_counter() - started) / STEPS


@torch.inference_mode()
def recompute_s(model: EmoGenLanguageModel) -> float:
    """Seconds for the last token of a block, guided, when all tokens before it are read again."""
    tokens = torch.full((2, RECOMPUTED_AT), 300)
    bits = torch.from_numpy(np.stack([command_of(Mood.quadrant("Q1"))] * 2))
    model(tokens, bits)
    started = time.perf_counter()
    for _ in range(3):
        model(tokens, bits)
    return (time.perf_counter() - started) / 3


if __name__ == "__main__":
    main()

"""How fast music is written: `python benchmarks/music.py` prints JSON.

One core. `cpu_s` is processor time: on a machine
that does nothing else it is what `wall_s` is. The first run after an installation compiles, before anything is timed.

"Recompute" is a decoder without memory, which reads the whole piece again for each token, guided as the other one is;
they take turns, at the length of 16 bars (400 tokens) and at that of the blocks that the model learned from.
"""

import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np
import torch
import tyro

from espressivo.generators.music.attributes.attributes import table
from espressivo.generators.music.emogen.composing import Composer
from espressivo.generators.music.emogen.decoding import Decoding
from espressivo.generators.music.emogen.emotion import command_of, telling
from espressivo.generators.music.emogen.generator import EmoGenRequest
from espressivo.generators.music.emogen.lengths import Length
from espressivo.generators.music.emogen.mode import with_mode
from espressivo.generators.music.emogen.network import UNSET
from espressivo.generators.music.emogen.playing import Playing
from espressivo.generators.music.emogen.sampling import Plan, write
from espressivo.generators.music.emogen.streaming import stream
from espressivo.generators.music.emogen.tokens import piano
from espressivo.generators.music.moods import Mood

SHIPPED = Path(__file__).parents[1] / "weights" / "emogen-pop"
MOOD = Mood.quadrant("Q1", 0.8)
BARS, DRAFTS, SEEDS = 16, (1, EmoGenRequest.model_fields["best_of"].default), 8
STEPS, PLACES = 200, (100, 10_000)
RECOMPUTED_AT, RECOMPUTED = (400, 1280), 5
LONG_S, SETTLED_S = 600.0, 60.0
STRENGTH = 2.0


@contextmanager
def timed(figures: dict[str, float]) -> Iterator[None]:
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    yield
    figures["wall_s"] = round(time.perf_counter() - wall_s, 3)
    figures["cpu_s"] = round(time.process_time() - cpu_s, 3)


def sixteen_bars(composer: Composer, drafts: int) -> dict[str, float]:
    """Guided pieces in a mood, of several seeds; with several drafts the choice among them is timed too."""
    spent: list[dict[str, float]] = []
    notes: list[int] = []
    for seed in range(SEEDS):
        spent.append({})
        with timed(spent[-1]):
            piece = composer.compose(Plan(Length(bars=BARS), MOOD, playing=Playing()), seed, best_of=drafts)
        notes.append(len(piece.notes))
    return _of_several(spent) | {"notes_median": float(np.median(notes))}


def first_bars(composer: Composer, count: int = 8) -> dict[str, float]:
    """Until the first bar of a piece is handed out, over several seeds."""
    spent: list[dict[str, float]] = []
    for seed in range(count):
        spent.append({})
        with timed(spent[-1]):
            next(stream(composer.model, piano(), Plan(Length(bars=BARS), MOOD), seed))
    return _of_several(spent)


def _of_several(spent: list[dict[str, float]]) -> dict[str, float]:
    return {f"{name}_{clock}": round(float(pick([one[clock] for one in spent])), 3)
            for clock in ("wall_s", "cpu_s") for name, pick in (("median", np.median), ("slowest", max))}  # fmt: skip


def command(composer: Composer) -> np.ndarray:
    """What the model is told of the mood; models without the mode have an attribute less."""
    return command_of(MOOD, with_mode(telling(table().commands)))[: composer.model.size.attributes]


def begun(composer: Composer) -> Decoding:
    decoding = Decoding(composer.model, 1, told=True, open_too=True)
    decoding.tell(0, command(composer))
    return decoding


def steps_per_cpu_s(composer: Composer) -> dict[str, int]:
    """Guided steps of one piece that was never read anew, when it has so many tokens."""
    decoding, strength, started = begun(composer), np.array([STRENGTH]), 0.0
    found: dict[str, int] = {}
    for place in range(max(PLACES) + STEPS):
        if place in PLACES:
            started = time.process_time()
        decoding.step([300], strength)
        if place + 1 - STEPS in PLACES:
            found[f"at_token_{place + 1 - STEPS}"] = round(STEPS / (time.process_time() - started))
    return found


def long_piece(composer: Composer) -> dict[str, float]:
    """Ten minutes, guided; what memory grows by once the first minute is written."""
    figures: dict[str, float] = {}
    settled_kb, seconds, tokens = 0, 0.0, 0
    with timed(figures):
        for bar in write(composer.model, piano(), Plan(Length(seconds=LONG_S), MOOD), [[0, 0]]):
            seconds, tokens = bar.begin_s + bar.seconds, tokens + len(bar.tokens)
            if seconds >= SETTLED_S and not settled_kb:
                settled_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - settled_kb
    return figures | {"seconds": round(seconds, 1), "tokens": tokens, "memory_grown_mib": round(grown_kb / 1024, 1)}


@torch.inference_mode()
def against_recomputing(composer: Composer, after: int) -> dict[str, float]:
    """One guided token after so many others, by both decoders."""
    decoding, strength = begun(composer), np.array([STRENGTH])
    tokens = torch.full((2, after), 300)
    bits = torch.from_numpy(np.stack([command(composer), np.full(composer.model.size.attributes, UNSET)]))
    ours, theirs = [], []
    for _ in range(RECOMPUTED):
        started = time.process_time()
        composer.model(tokens, bits)[:, -1]
        between = time.process_time()
        for _ in range(STEPS // RECOMPUTED):
            decoding.step([300], strength)
        theirs.append(between - started)
        ours.append((time.process_time() - between) / (STEPS // RECOMPUTED))
    return {
        "tokens": after,
        "recomputing_cpu_s": round(float(np.median(theirs)), 4),
        "recurrent_cpu_s": round(float(np.median(ours)), 5),
        "times_faster": round(float(np.median(theirs) / np.median(ours)), 1),
    }


def main(folder: tyro.conf.Positional[Path] = SHIPPED) -> None:
    """Write pieces and time it.

    Args:
        folder: a model of `emogen.train`; by default that which ships.
    """
    torch.set_num_threads(1)
    composer = Composer.load(folder, telling(table().commands))
    composer.compose(Plan(Length(bars=1), MOOD), best_of=2)
    figures: dict[str, object] = {f"{BARS}_bars_best_of_{count}": sixteen_bars(composer, count) for count in DRAFTS}
    figures["first_bar"] = first_bars(composer)
    figures["against_recomputing"] = [against_recomputing(composer, tokens) for tokens in RECOMPUTED_AT]
    figures["steps_per_cpu_s"] = steps_per_cpu_s(composer)
    figures["ten_minutes"] = long_piece(composer)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)

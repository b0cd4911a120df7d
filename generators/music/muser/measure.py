"""How MusER's pieces sound to the rule-based reader of music: `python -m espressivo.generators.music.muser.measure`.

Writes pieces of each quadrant, and tells which one the reader hears. The reader ranks drafts, too: leave `--best-of` at
1, or believe the judges of `eval.music` instead.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from espressivo.conditioning.music_emotion.listening import listen
from espressivo.conditioning.music_emotion.recogniser import feeling_of, load_reader
from espressivo.generators.music.muser.generator import MusER
from espressivo.generators.music.score import Score, write_midi

_HIGH_VALENCE, _HIGH_AROUSAL = np.array([True, False, False, True]), np.array([True, True, False, False])


def main() -> None:
    """Read the command line, write and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="folder; by default the weights that ship")
    parser.add_argument("--pieces", type=int, default=50, help="of each quadrant")
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--guidance", type=float, default=MusER.Request.model_fields["guidance"].default)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--best-of", type=int, default=1)
    parser.add_argument("--midi", type=Path, help="folder to keep the pieces in, as Q1_0000.mid")
    parser.add_argument("--out", type=Path, help="file for the figures, as JSON")
    arguments = parser.parse_args()
    generator, reader = MusER.from_pretrained(arguments.weights), load_reader()
    heard = np.zeros((4, 4), int)
    rows: list[list[list[float]]] = []
    for quadrant in range(4):
        rows.append([])
        for seed in range(arguments.pieces):
            score = _piece(generator, quadrant, seed, arguments)
            heard[quadrant, int(np.argmax(feeling_of(listen(score.notes), reader).quadrants))] += 1
            rows[-1].append(_described(score))
        print(f"asked for Q{quadrant + 1}, heard Q1 to Q4: {heard[quadrant].tolist()}", flush=True)
    figures = _recognised(heard) | {
        "asked_and_heard": heard.tolist(),
        "means_by_quadrant": [
            dict(zip(_DESCRIBED, np.mean(each, axis=0).round(2).tolist(), strict=True)) for each in rows
        ],
    }
    text = json.dumps(figures, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")


def _piece(generator: MusER, quadrant: int, seed: int, arguments: argparse.Namespace) -> Score:
    request = MusER.Request.model_validate(
        {
            "emotion": f"Q{quadrant + 1}",
            "bars": arguments.bars,
            "seed": seed,
            "guidance": arguments.guidance,
            "temperature": arguments.temperature,
            "best_of": arguments.best_of,
        }
    )
    score = generator.generate(request)
    if arguments.midi:
        arguments.midi.mkdir(parents=True, exist_ok=True)
        write_midi(arguments.midi / f"Q{quadrant + 1}_{seed:04d}.mid", score)
    return score


_DESCRIBED = ("notes per second", "velocity", "pitch", "tempo", "in major")


def _described(score: Score) -> list[float]:
    notes = score.notes
    tempo = float(np.median([tempo.bpm for tempo in notes.tempi]))
    loud, high = float(notes.velocity.mean()), float(notes.pitch.mean())
    return [len(notes) / score.seconds, loud, high, tempo, float(score.keys[0].key.mode == "major")]


def _recognised(heard: np.ndarray) -> dict[str, float]:
    """Return the shares of pieces whose quadrant, arousal and valence were heard as asked."""
    total = heard.sum()
    right = {
        "quadrants": np.eye(4, dtype=bool),
        "arousal": np.equal.outer(_HIGH_AROUSAL, _HIGH_AROUSAL),
        "valence": np.equal.outer(_HIGH_VALENCE, _HIGH_VALENCE),
    }
    return {name: round(float(heard[mask].sum() / total), 3) for name, mask in right.items()}


if __name__ == "__main__":
    main()

"""What the faders of Music FaderNets do: `python benchmarks/music_faders.py MUSIC SEGMENTS.npz`, tables as JSON.

MUSIC is the folder of the corpora's archives, SEGMENTS.npz the table of POP909 that `faders.corpus` writes; only songs
that were held out are used. "faders" are the authors' measures (Tan and Herremans 2020, section 4.3), of decoded music:
100 segments, 10 rounds, 8 values of the latent number from its least to its greatest among the segments; attributes in
standard deviations of the training data. Consistency is 1 - the mean spread of the attribute over segments at one
value; restrictiveness is 1 - the mean spread of the other attribute along the fader; linearity is R2 of the attribute
and the value over all of them. "product" is linearity for the settings 0..1 of the request. "transfer" raises and
lowers the arousal of whole pieces: how often two judges, which no generator knows, hear it move the way that was asked
from the piece rewritten without an emotion, and how much of the pitch classes of the original is kept (intersection of
the two histograms of how long each sounds).
"""

import argparse
import json
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np

from espressivo.eval.music.judges import load_music_judges
from espressivo.generators.music.emogen.corpora import READERS
from espressivo.generators.music.faders.composing import Wish, encoded, written
from espressivo.generators.music.faders.corpus import CORPORA, Segments
from espressivo.generators.music.faders.events import read
from espressivo.generators.music.faders.generator import MusicFaderNets
from espressivo.generators.music.faders.network import Faders
from espressivo.generators.music.faders.pieces import Source
from espressivo.generators.music.faders.pretrained import Model
from espressivo.generators.music.faders.scales import latent_of
from espressivo.generators.music.faders.segments import chroma_of, tracks_of
from espressivo.generators.music.keys import Key
from espressivo.generators.music.score import Score, write_midi
from espressivo.media.notes import Notes

_FADERS = ("rhythm", "density")
_BARS = 16
_AROUSAL = 0.6
"""Of emotions at full strength."""


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path)
    parser.add_argument("segments", type=Path)
    parser.add_argument("--weights", type=Path, help="folder; by default the weights that ship")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--values", type=int, default=8)
    parser.add_argument("--pieces", type=int, default=30, help="of each corpus, for the transfer")
    parser.add_argument("--skip", type=int, default=24, help="held-out pieces that settings were chosen on")
    parser.add_argument("--out", type=Path, help="file for the tables, besides")
    arguments = parser.parse_args()
    generator = MusicFaderNets.from_pretrained(arguments.weights)
    segments = Segments.load(arguments.segments)
    held = segments.rows(segments.held_out())
    shape = (arguments.samples, arguments.rounds, arguments.values)
    tables = {
        "faders": {name: fader_table(generator.model, held, name, *shape) for name in _FADERS},
        "transfer": {
            corpus: transfer_table(generator, _held_pieces(arguments.music, corpus, arguments.skip, arguments.pieces))
            for corpus in CORPORA
        },
    }
    text = json.dumps(tables, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")


def fader_table(
    model: Model, held: Segments, name: str, samples: int, rounds: int, values: int
) -> dict[str, float | list[float]]:
    """Move one fader of held-out segments; return the measures, means over rounds."""
    rows: dict[str, list[float]] = {}
    curve: list[np.ndarray] = []
    for number in range(rounds):
        random = np.random.default_rng([7, number])
        source = _source(held.rows(random.choice(len(held), min(samples, len(held)), replace=False)))
        faders = encoded(model, source.grids)
        own = (faders.rhythm if name == "rhythm" else faders.notes)[:, 0].numpy()
        steps = own.min() + np.arange(values) / values * np.ptp(own)
        own_attribute, other = _along(model, source, faders, name, steps, random)
        found = {
            "linearity": _r2(steps, own_attribute),
            "consistency": 1 - float(own_attribute.std(axis=0).mean()),
            "restrictiveness": 1 - float(other.std(axis=1).mean()),
        }
        settings = np.arange(values) / (values - 1)
        set_to, _ = _along(model, source, faders, name, np.array([latent_of(x) for x in settings]), random)
        found["product_linearity"] = _r2(settings, set_to)
        curve.append(set_to.mean(axis=0))
        for measure, value in found.items():
            rows.setdefault(measure, []).append(value)
    return {
        **{measure: round(float(np.mean(found)), 4) for measure, found in rows.items()},
        "product_means": np.mean(curve, axis=0).round(3).tolist(),
    }


def transfer_table(generator: MusicFaderNets, pieces: list[Notes]) -> dict[str, float | int]:
    """Raise and lower the arousal of pieces."""
    judges = load_music_judges()
    changes: list[list[float]] = []
    kept: list[list[float]] = []
    for notes in pieces:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "source.mid"
            write_midi(path, Score.of(notes).between(0, min(_BARS, Score.of(notes).bars)))
            requests = [{"source": path, **_emotion(arousal)} for arousal in (-1, 0, 1)]
            results = [generator.generate(generator.Request.model_validate(each)).notes for each in requests]
            original = Score.of(notes).between(0, min(_BARS, Score.of(notes).bars)).notes
        heard = np.array([[judge.valence_arousal(result)[1] for result in results] for judge in judges])
        changes.append([*(heard[:, 1] - heard[:, 0]), *(heard[:, 2] - heard[:, 1])])
        kept.append([pitch_classes_kept(original, result) for result in results])
    moved, shares = np.array(changes), np.array(kept)
    return {
        "pieces": len(moved),
        **{
            f"{way}, {judge}": round(float((moved[:, column] > 0).mean()), 3)
            for column, (way, judge) in enumerate(
                (way, judge) for way in ("lowered", "raised") for judge in ("EMOPIA's judge", "VGMIDI's judge")
            )
        },
        "pitch classes kept, mean": round(float(shares.mean()), 3),
        "pitch classes kept, lowered": round(float(shares[:, 0].mean()), 3),
        "pitch classes kept, as it is": round(float(shares[:, 1].mean()), 3),
        "pitch classes kept, raised": round(float(shares[:, 2].mean()), 3),
        "pieces that keep 70 %": round(float((shares[:, [0, 2]] >= 0.7).mean()), 3),
    }


def pitch_classes_kept(before: Notes, after: Notes) -> float:
    """Return the intersection of the histograms of pitch classes, by how long they sound, 0..1."""
    shares = []
    for notes in (before.pitched, after.pitched):
        weights = np.bincount(notes.pitch % 12, weights=notes.end_tick - notes.start_tick, minlength=12)
        shares.append(weights / max(1e-9, weights.sum()))
    return float(np.minimum(*shares).sum())


def _emotion(arousal: int) -> dict[str, str]:
    return {"emotion": f"vad:0,{arousal * _AROUSAL},0"} if arousal else {}


def _along(
    model: Model, source: Source, faders: Faders, name: str, steps: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the attribute and the other one, segments x steps, in standard deviations."""
    scales = model.scales
    found: list[np.ndarray] = []
    for value in steps:
        rhythm, notes = faders.rhythm.clone(), faders.notes.clone()
        (rhythm if name == "rhythm" else notes)[:, 0] = float(value)
        parts = written(model, source, Faders(rhythm, notes), Wish(), random)
        tracks = [tracks_of(grid) for part in parts for grid in part]
        found.append(np.array([[t.rhythm_density, t.note_density] for t in tracks]))
    attributes = np.array(found).transpose(1, 0, 2) / [scales.rhythm_std, scales.notes_std]
    own = _FADERS.index(name)
    return attributes[:, :, own], attributes[:, :, 1 - own]


def _source(rows: Segments) -> Source:
    """Segments side by side, as if they were a piece."""
    grids = tuple(read(events.tolist()) for events in rows.events)
    none = np.zeros(0, np.int64)
    empty = Notes(none, none, none, none, none, none.astype(bool), 480)
    return Source(grids, np.stack([chroma_of(grid) for grid in grids]), Key(0), rows.key[0], empty)


def _r2(values: np.ndarray, attribute: np.ndarray) -> float:
    return float(np.corrcoef(np.tile(values, len(attribute)), attribute.ravel())[0, 1] ** 2)


def _held_pieces(music: Path, corpus: str, skip: int, pieces: int) -> list[Notes]:
    """Pieces of the corpus that were held out, after the first ones."""
    held = (notes for name, notes in READERS[corpus](music) if Segments.is_held_out(name))
    return list(islice(held, skip, skip + pieces))


if __name__ == "__main__":
    main()

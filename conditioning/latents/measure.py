"""Measure: `python -m espressivo.conditioning.latents.measure RAVDESS EMODB --out FILE [--weights NAME or FOLDER]`.

Fresh probes read sentence, emotion and speaker from raw features and from each vector, on clips of speakers that the
encoder was not trained on (others in the folders are left out). Recalls are unweighted means over classes with 95 %
bootstrap intervals over clips; classes with fewer than six clips are left out.

`same speakers`: the probe is fitted on one half of every speaker's clips and read on the other half, with sentences and
emotions evenly in both: the harder test of leakage, and the only one there is for speakers. `other speakers`: it is
fitted on all speakers but one and read on that one: emotion and sentence of somebody never heard.

`exchange`: a neutral clip is decoded with the emotion vector of another speaker's clip, and compared with the speaker's
real clip of that emotion: mean absolute difference on the clock in standard deviations, beside that of the neutral clip
decoded as it is, and the share of clips that came nearer.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from espressivo.conditioning.latents.clips import Clip, read_clips
from espressivo.conditioning.latents.encoder import DEFAULT, PARTS, LatentEncoder, load_encoder
from espressivo.conditioning.latents.hearing import hear
from espressivo.conditioning.latents.material import SPEEDS, gather
from espressivo.conditioning.latents.probes import KINDS, halves, probe, reading
from espressivo.conditioning.latents.segments import parts_of
from espressivo.errors import InputError
from espressivo.progress import track

TASKS = ("sentence", "emotion", "speaker")
"""What content, emotion and style are about, in that order."""

_FEWEST = 6


def main() -> None:
    """Read the arguments, measure, print the table and write JSON."""
    parser = argparse.ArgumentParser(description="Measure what can be read from each vector.")
    parser.add_argument("data", type=Path, nargs="+", help="folders in the form of RAVDESS or EMO-DB")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", default=DEFAULT, help="name of an encoder that ships, or a folder")
    arguments = parser.parse_args()
    encoder = chosen_encoder(arguments.weights)
    figures = {}
    for folder in arguments.data:
        clips = unseen_clips(encoder, folder)
        found = figures_on(encoder, clips) | {"exchange": exchange_figures(encoder, clips, read_clips(folder))}
        figures[folder.resolve().name] = found
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for name, found in figures.items():
        print(f"\n{name}: {found['clips']} clips of {len(found['speakers'])} unseen speakers")
        print("\n".join(_lines(found["readings"])))
        print(f"exchange of emotion: {found['exchange']}")


def chosen_encoder(weights: str) -> LatentEncoder:
    """Load an encoder by its name or folder."""
    return LatentEncoder.load(Path(weights)) if Path(weights).is_dir() else load_encoder(weights)


def unseen_clips(encoder: LatentEncoder, folder: Path) -> tuple[Clip, ...]:
    """Clips of the folder whose speakers the encoder was not trained on.

    Raises:
        InputError: they have fewer than two speakers.
    """
    clips = tuple(clip for clip in read_clips(folder) if clip.speaker not in encoder.speakers)
    if len({clip.speaker for clip in clips}) < 2:
        raise InputError(f"{folder} holds fewer than two speakers that the encoder was not trained on; add others.")
    return clips


def figures_on(encoder: LatentEncoder, clips: tuple[Clip, ...]) -> dict[str, Any]:
    """Everything read from raw features and vectors of clips."""
    heard = [hear(clip.samples()) for clip in track(clips, "hearing clips", len(clips), None)]
    voice = np.array([each.voice for each in heard])
    vectors = encoder.vectors(voice, np.array([parts_of(each.phones) for each in heard]))
    return {
        "clips": len(clips),
        "speakers": sorted({clip.speaker for clip in clips}),
        "readings": readings({"raw": voice, **dict(zip(PARTS, vectors, strict=True))}, clips),
    }


def exchange_figures(encoder: LatentEncoder, clips: tuple[Clip, ...], among: tuple[Clip, ...]) -> dict[str, float]:
    """Whether a lent emotion brings neutral clips nearer to real emotional ones; `among` as in `material.gather`."""
    sound = gather(clips, among=among, speeds=SPEEDS[:1])
    parts = np.array([parts_of(phones[:steps]) for phones, steps in zip(sound.phones, sound.steps, strict=True)])
    content, emotion, style = encoder.vectors(sound.voice[:, 0], parts)
    pairs = []
    for place, clip in enumerate(clips):
        calm = _places(clips, lambda each, clip=clip: _cell(each) == (clip.speaker, clip.sentence, "neutral"))
        lenders = _places(clips, lambda each, clip=clip: each.speaker != clip.speaker and _mood(each) == _mood(clip))
        if clip.emotion == "neutral" or not len(calm) or not len(lenders):
            continue
        plain = encoder.say(content[calm], emotion[calm], style[calm]).mean(axis=0)
        feeling = np.broadcast_to(emotion[lenders].mean(axis=0), emotion[calm].shape)
        lent = encoder.say(content[calm], feeling, style[calm]).mean(axis=0)
        pairs.append(
            [float(np.nanmean(np.abs(said - sound.clock[place]) / encoder.clock_spread)) for said in (plain, lent)]
        )
    plain, lent = np.array(pairs, np.float64).T
    figures = {"plain": plain.mean(), "lent": lent.mean(), "nearer": np.mean(lent < plain)}
    return {"clips": len(pairs)} | {name: round(float(figure), 3) for name, figure in figures.items()}


def readings(vectors: dict[str, Float[np.ndarray, "clips _"]], clips: tuple[Clip, ...]) -> list[dict[str, Any]]:
    """One row per protocol, label, vector and probe."""
    rows = []
    for protocol, task, labels, kept, folds in _questions(clips):
        for name, values in vectors.items():
            for kind in KINDS:
                read = probe(values[kept], labels[kept], folds[kept], kind)
                found = {key: round(value, 3) for key, value in asdict(reading(read, labels[kept])).items()}
                rows.append({"protocol": protocol, "label": task, "vector": name, "probe": kind, **found})
    return rows


def _places(clips: tuple[Clip, ...], wanted: Callable[[Clip], bool]) -> np.ndarray:
    return np.array([place for place, clip in enumerate(clips) if wanted(clip)], int)


def _cell(clip: Clip) -> tuple[str, str, str]:
    return clip.speaker, clip.sentence, clip.emotion


def _mood(clip: Clip) -> tuple[str, str]:
    return clip.emotion, clip.strength


def _questions(
    clips: tuple[Clip, ...],
) -> Iterator[tuple[str, str, np.ndarray, Bool[np.ndarray, "clips"], np.ndarray]]:
    cells = [(clip.speaker, clip.emotion, clip.sentence, clip.strength) for clip in clips]
    speakers = np.array([clip.speaker for clip in clips])
    for task in TASKS:
        labels = np.array([getattr(clip, task) for clip in clips])
        names, counts = np.unique(labels, return_counts=True)
        kept = np.isin(labels, names[counts >= _FEWEST])
        yield "same speakers", task, labels, kept, halves(cells)
        if task != "speaker":
            yield "other speakers", task, labels, kept, speakers


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A table with one line per protocol, label and probe."""
    yield f"{'protocol':15} {'label':9} {'probe':7} {'chance':>6}  " + "".join(f"{n:^19}" for n in ("raw", *PARTS))
    keys = dict.fromkeys((row["protocol"], row["label"], row["probe"], row["chance"]) for row in rows)
    for protocol, label, kind, chance in keys:
        cells = [row for row in rows if (row["protocol"], row["label"], row["probe"]) == (protocol, label, kind)]
        shown = "".join(f" {row['recall']:.2f} [{row['low']:.2f}-{row['high']:.2f}] " for row in cells)
        yield f"{protocol:15} {label:9} {kind:7} {chance:6.2f}  {shown}"


if __name__ == "__main__":
    main()

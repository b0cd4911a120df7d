"""Train a voice-emotion recogniser: `python -m espressivo.conditioning.voice_emotion.train DATA... --out DIR`.

DATA are folders as `corpus` describes. The first one with acted emotion gives the categories; further ones with acted
emotion only inform the regression of ratings; read speech says how voices and microphones differ. No extra is needed.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from safetensors.numpy import save_file

from espressivo.conditioning.voice_emotion.corpus import Corpus, read_corpus
from espressivo.conditioning.voice_emotion.features import feature_names
from espressivo.conditioning.voice_emotion.fit import Described, fit_head, fitted_spread, fitted_temperature
from espressivo.conditioning.voice_emotion.head import Head
from espressivo.conditioning.voice_emotion.recogniser import VoiceRecogniser
from espressivo.conditioning.voice_emotion.training_data import describe_acted, mean_voices
from espressivo.errors import InputError


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that is learned from."""

    acted: Described
    categories: tuple[str, ...]
    folds: tuple[tuple[str, ...], ...]
    """Speakers to hold out together, named as in `acted.speaker`."""
    voices: Float[np.ndarray, "speakers features"]
    also_rated: Described | None = None

    def relative(self) -> "Material":
        """The same relative to each speaker; there, other people's voices say nothing."""
        also = None if self.also_rated is None else self.also_rated.relative()
        return replace(self, acted=self.acted.relative(), also_rated=also)


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(description="Train a recogniser of emotion in voices.")
    parser.add_argument("data", type=Path, nargs="+", help="folders with acted emotion or read speech")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    recogniser = train(read_material(arguments.data, arguments.seed), arguments.seed)
    save(recogniser, arguments.out)


def read_material(folders: list[Path], seed: int = 0) -> Material:
    """Measure what lies in the folders.

    Raises:
        InputError: there is no acted emotion or no read speech among them.
    """
    corpora = [read_corpus(folder) for folder in folders]
    acted = [corpus for corpus in corpora if corpus.acted]
    read = [corpus for corpus in corpora if not corpus.acted]
    if not acted or not read:
        raise InputError("Training needs a folder with acted emotion and one with read speech.")
    described = [describe_acted(corpus, seed=seed) for corpus in acted]
    return Material(
        acted=described[0],
        categories=acted[0].categories,
        folds=named_folds(acted[0]),
        voices=np.concatenate([mean_voices(corpus) for corpus in read]),
        also_rated=None if len(described) == 1 else described[1],
    )


def named_folds(corpus: Corpus) -> tuple[tuple[str, ...], ...]:
    """Speakers to hold out together, as `Described.speaker` names them."""
    return tuple(tuple(f"{corpus.name}/{speaker}" for speaker in fold) for fold in corpus.folds())


def train(material: Material, seed: int = 0) -> VoiceRecogniser:
    """Fit both heads, each calibrated on speakers that it was not fitted on."""
    stranger = _calibrated(material, material.voices, seed)
    familiar = _calibrated(material.relative(), None, seed)
    return VoiceRecogniser(material.categories, stranger, familiar)


def unseen(
    material: Material, voices: Float[np.ndarray, "speakers features"] | None, seed: int = 0
) -> Iterator[tuple[Bool[np.ndarray, "clips"], Head]]:
    """Give each fold's clips and a head, not yet calibrated, that was fitted without their speakers."""
    for fold in material.folds:
        held = np.isin(material.acted.speaker, fold)
        yield held, fit_head(material.acted.of(~held), material.categories, voices, material.also_rated, seed)


def save(recogniser: VoiceRecogniser, folder: Path) -> None:
    """Write `config.json` and `model.safetensors`."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = recogniser.stranger.tensors("stranger") | recogniser.familiar.tensors("familiar")
    save_file(tensors, folder / "model.safetensors")
    config = {"categories": recogniser.categories, "features": feature_names()}
    (folder / "config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")


def _calibrated(material: Material, voices: Float[np.ndarray, "speakers features"] | None, seed: int) -> Head:
    heads = list(unseen(material, voices, seed))
    clips = material.acted
    places = np.array([material.categories.index(name) for name in clips.category])
    log_odds = np.zeros((len(places), len(material.categories)))
    for held, head in heads:
        log_odds[held] = head.log_odds(clips.clean[held])
    temperature = np.array(fitted_temperature(log_odds, places))
    opinions = np.zeros((len(places), 3))
    for held, head in heads:
        opinions[held] = replace(head, temperature=temperature).opinions(clips.clean[held])
    gain, offset = fitted_spread(opinions, clips.category)
    final = fit_head(clips, material.categories, voices, material.also_rated, seed)
    return replace(final, temperature=temperature, rating_gain=gain, rating_offset=offset)


if __name__ == "__main__":
    main()

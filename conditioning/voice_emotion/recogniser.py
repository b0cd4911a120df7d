"""Which emotion a voice carries, over time or of a whole utterance. Runs in numpy, with the weights that ship.

What it knows is how acted sentences sound (German ones by default): posteriors mean "an actor asked for this emotion
would sound like this", ratings mean "listeners would place it here". It does not know what a person feels.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file

from espressivo.conditioning.recognition import RecognisedEmotion, Source
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS
from espressivo.conditioning.voice_emotion.features import describe, feature_names
from espressivo.conditioning.voice_emotion.frames import analyse_frames
from espressivo.conditioning.voice_emotion.head import SPREAD_FLOOR, Head
from espressivo.conditioning.voice_emotion.priors import NEUTRAL
from espressivo.conditioning.voice_emotion.windows import listen, voice_evidence
from espressivo.errors import InputError
from espressivo.weights.manifest import FOLDER

DEFAULT = "voice-emotion"
NON_COMMERCIAL = "voice-emotion-nc"
"""Trained on RAVDESS (CC BY-NC-SA 4.0)."""

_RATED_LENGTH = 0.65
"""How far out listeners place acted emotions, of where the words themselves lie (Russell and Mehrabian)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class VoiceEmotion(RecognisedEmotion):
    """What was heard in a recording, at times of `windows.HOP_S`; arrays are read-only."""

    source: Source = "voice"
    ratings: Float[np.ndarray, "times 3"]
    """Valence, arousal, dominance as listeners would rate them: neutral speech is at `priors.NEUTRAL`, not at 0, and
    acted emotions lie at about two thirds of where the words themselves do."""


@dataclass(frozen=True, eq=False)
class Voice:
    """What is usual for one speaker, to hear emotions as deviations from it (`VoiceRecogniser.learn_voice`)."""

    mean: Float[np.ndarray, "features"]
    spread: Float[np.ndarray, "features"]


@dataclass(frozen=True, eq=False)
class VoiceRecogniser:
    """A trained recogniser: one head for strangers, one for voices that it could get used to."""

    categories: tuple[str, ...]
    stranger: Head
    familiar: Head

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `config.json` and `model.safetensors`.

        Raises:
            InputError: a file is missing or is no such recogniser.
        """
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            tensors = load_file(folder / "model.safetensors")
            recogniser = cls(
                tuple(config["categories"]),
                Head.from_tensors(tensors, "stranger"),
                Head.from_tensors(tensors, "familiar"),
            )
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise InputError(f"{folder} does not hold a voice-emotion recogniser ({error}).") from error
        if tuple(config["features"]) != feature_names() or not set(recogniser.categories) <= set(CATEGORIES):
            raise InputError(f"{folder} holds a recogniser of other features or categories; train it anew.")
        return recogniser

    def learn_voice(self, recordings: Sequence[Float[np.ndarray, "samples"]]) -> Voice:
        """Get used to a speaker from recordings in several moods; a single mood would be taken for neutral.

        Raises:
            InputError: there are fewer than two recordings.
        """
        if len(recordings) < 2:
            raise InputError("A voice is learned from two recordings or more.")
        features = np.array([describe(analyse_frames(samples)) for samples in recordings])
        return Voice(features.mean(axis=0), features.std(axis=0) + SPREAD_FLOOR)

    def classify(
        self, samples: Float[np.ndarray, "samples"], voice: Voice | None = None
    ) -> tuple[Float[np.ndarray, "categories"], Float[np.ndarray, "3"]]:
        """Return the posterior (columns as `CATEGORIES`) and the ratings of one utterance, taken as a whole.

        Args:
            samples: mono sound at 16 kHz.
            voice: what is usual for the speaker, if known.
        """
        frames = analyse_frames(samples)
        audible = bool(np.square(samples, dtype=np.float64).mean() > 1e-6)
        evidence = np.array([voice_evidence(frames) if audible else 0.0])
        posterior, ratings = self._hear([describe(frames)[None]], evidence, voice)
        return posterior[0], ratings[0]

    def recognise(self, speech: Speech, voice: Voice | None = None) -> VoiceEmotion:
        """Listen to a recording window by window, each together with what is around it."""
        windows = listen(speech.samples)
        posterior, ratings = self._hear([windows.features, windows.context], windows.voice, voice)
        return VoiceEmotion(
            times_s=windows.times_s,
            posterior=posterior,
            vad=_performable(posterior, ratings),
            ratings=ratings,
            confidence=windows.voice * posterior.max(axis=1),
            intensity=_intensity(posterior, ratings),
        )

    def _hear(
        self,
        views: Sequence[Float[np.ndarray, "n features"]],
        evidence: Float[np.ndarray, "n"],
        voice: Voice | None,
    ) -> tuple[Float[np.ndarray, "n categories"], Float[np.ndarray, "n 3"]]:
        """Posterior and ratings by all views of the same moments, drawn to neutral where there is no voice."""
        head = self.stranger if voice is None else self.familiar
        if voice is not None:
            views = [(features - voice.mean) / voice.spread for features in views]
        posterior = np.zeros((len(evidence), len(CATEGORIES)))
        known = [CATEGORIES.index(name) for name in self.categories]
        posterior[:, known] = head.calibrated(np.mean([head.log_odds(features) for features in views], axis=0))
        ratings = np.mean([head.ratings(features) for features in views], axis=0)
        heard = evidence[:, None]
        silence = np.eye(1, len(CATEGORIES), CATEGORIES.index("neutral"))
        return heard * posterior + (1.0 - heard) * silence, heard * ratings + (1.0 - heard) * NEUTRAL


@cache
def load_recogniser(name: str = DEFAULT) -> VoiceRecogniser:
    """Load a recogniser that ships: `DEFAULT`, or `NON_COMMERCIAL`, which may not be used commercially.

    Raises:
        InputError: there is none of that name.
    """
    if name not in (DEFAULT, NON_COMMERCIAL):
        raise InputError(f"{name!r} is no voice recogniser; there are {DEFAULT} and {NON_COMMERCIAL}.")
    return VoiceRecogniser.load(FOLDER / name)


def recognise_emotion(speech: Speech, recogniser: VoiceRecogniser | None = None) -> VoiceEmotion:
    """Hear the emotion of a line over time, with the default recogniser unless another is given."""
    return (recogniser or load_recogniser()).recognise(speech)


def _performable(
    posterior: Float[np.ndarray, "n categories"], ratings: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "n 3"]:
    """Valence, arousal, dominance from neutral at the length of `MEANS`.

    Valence is half what the likely categories have: voices alone say little of it, and what is performed as anger
    should not look pleased.
    """
    vad = np.clip((ratings - NEUTRAL) / _RATED_LENGTH, -1.0, 1.0)
    vad[:, 0] = 0.5 * (vad[:, 0] + posterior @ MEANS[:, 0])
    return vad


def _intensity(
    posterior: Float[np.ndarray, "n categories"], ratings: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "n"]:
    """Distance from neutral in lengths of the likely emotions, scaled to where listeners place acted ones."""
    emotional = posterior[:, 1:]
    lengths = np.linalg.norm(MEANS[1:], axis=1)
    full = _RATED_LENGTH * (emotional @ lengths) / np.maximum(emotional.sum(axis=1), 1e-9)
    distance = np.linalg.norm(ratings - NEUTRAL, axis=1)
    return np.clip(np.where(emotional.sum(axis=1) > 1e-6, distance / np.maximum(full, 1e-6), 0.0), 0.0, 1.0)

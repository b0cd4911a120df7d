"""Speech to vectors of content, emotion and style, and vectors back to the sound of a sentence. Runs in numpy.

The emotion vector hears how a voice moves, never its mean spectrum; content hears phones, never the voice. Content and
emotion are choices among learned codes and style is a place on a coarse grid, so that what is left of the other two in
small differences is cut off.
"""

import json
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from scipy.special import softmax

from espressivo.conditioning.latents.clock import STEPS
from espressivo.conditioning.latents.hearing import hear, moving_features
from espressivo.conditioning.latents.segments import parts_of
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.voice_emotion.features import feature_names
from espressivo.conditioning.voice_emotion.windows import listen
from espressivo.errors import InputError
from espressivo.weights.manifest import FOLDER

DEFAULT = "speech-latents"
"""Trained on EMO-DB."""
NON_COMMERCIAL = "speech-latents-nc"
"""Trained on RAVDESS (CC BY-NC-SA 4.0) too: better on English and on voices unlike EMO-DB's."""

Part = Literal["content", "emotion", "style"]
PARTS: tuple[Part, ...] = ("content", "emotion", "style")
Layers = tuple[tuple[Float[np.ndarray, "inputs outputs"], Float[np.ndarray, "outputs"]], ...]
"""Weights and biases, a ReLU between layers."""

SPREAD = 4.0
"""Standard deviations at which voice features are cut off."""
_SHARPNESS = 4.0
"""Factor on log-odds of codes: near to choosing one, as in training, without a jump where two are as likely."""
_NETWORKS = (*PARTS, "decoder")
_ARRAYS = ("voice_mean", "voice_spread", "clock_mean", "clock_spread", "content_codes", "emotion_codes")


@dataclass(frozen=True, eq=False)
class SpeechLatents:
    """Three vectors of a line, and how its emotion runs; arrays are read-only."""

    content: Float[np.ndarray, "content"]
    """What is said, as a whole."""
    emotion: Float[np.ndarray, "emotion"]
    style: Float[np.ndarray, "style"]
    """Who speaks."""
    phones: Float[np.ndarray, "steps 40"]
    """What is said in order, roots of phone probabilities at `hearing.PHONE_RATE_HZ` from the first sound to the last:
    for generators that need more than the vector. Recognised, not disentangled."""
    times_s: Float[np.ndarray, "times"]
    emotion_over_time: Float[np.ndarray, "times emotion"]
    """The emotion vector of windows of 1.5 s around `times_s`."""

    def __post_init__(self) -> None:
        for field in fields(self):
            getattr(self, field.name).setflags(write=False)


@dataclass(frozen=True, eq=False)
class LatentEncoder:
    """Trained encoders and the decoder that goes with them."""

    voice_mean: Float[np.ndarray, "387"]
    voice_spread: Float[np.ndarray, "387"]
    clock_mean: Float[np.ndarray, "42"]
    clock_spread: Float[np.ndarray, "42"]
    content: Layers
    emotion: Layers
    style: Layers
    content_codes: Float[np.ndarray, "codes content"]
    emotion_codes: Float[np.ndarray, "codes emotion"]
    decoder: Layers
    speakers: tuple[str, ...] = ()
    """Whom it was trained on, as CORPUS/SPEAKER: nothing that is said of strangers is to be measured on them."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `config.json` and `model.safetensors`.

        Raises:
            InputError: a file is missing or is no such encoder.
        """
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            tensors = {
                name: array.astype(np.float32) for name, array in load_file(folder / "model.safetensors").items()
            }
            values: dict[str, Any] = {name: _layers(tensors, name) for name in _NETWORKS}
            values |= {name: tensors[name] for name in _ARRAYS}
            speakers = tuple(map(str, config["speakers"]))
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise InputError(f"{folder} does not hold an encoder of speech ({error}); train or install one.") from error
        if tuple(config.get("features", ())) != feature_names():
            raise InputError(f"{folder} holds an encoder of other features; train it anew.")
        return cls(**values, speakers=speakers)

    def save(self, folder: Path) -> None:
        """Write `config.json` and `model.safetensors`, networks in 16 bits."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, np.ndarray] = {name: np.asarray(getattr(self, name), np.float32) for name in _ARRAYS}
        for name in _NETWORKS:
            for number, (weight, bias) in enumerate(getattr(self, name)):
                tensors[f"{name}.{number}.weight"] = np.ascontiguousarray(weight, np.float16)
                tensors[f"{name}.{number}.bias"] = np.asarray(bias, np.float16)
        save_file(tensors, folder / "model.safetensors")
        config = {"speakers": self.speakers, "features": feature_names()}
        (folder / "config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")

    def encode(self, speech: Speech) -> SpeechLatents:
        """Encode a line; silence and noise are encoded too, and mean nothing (`voice_emotion` tells them apart)."""
        heard = hear(speech.samples)
        content, emotion, style = self.vectors(heard.voice[None], parts_of(heard.phones)[None])
        windows = listen(speech.samples)
        return SpeechLatents(
            content[0], emotion[0], style[0], heard.phones, windows.times_s, self.emotions(windows.features)
        )

    def vectors(
        self, voice: Float[np.ndarray, "n 387"], parts: Float[np.ndarray, "n parts"]
    ) -> tuple[Float[np.ndarray, "n content"], Float[np.ndarray, "n emotion"], Float[np.ndarray, "n style"]]:
        """Encode clips from what was heard: voice features, and phones by `segments.parts_of`."""
        return self.contents(parts), self.emotions(voice), np.round(self.places(voice))

    def contents(self, parts: Float[np.ndarray, "n parts"]) -> Float[np.ndarray, "n content"]:
        """Content vectors."""
        return softmax(_SHARPNESS * run(self.content, parts), axis=1) @ self.content_codes

    def emotions(self, voice: Float[np.ndarray, "n 387"]) -> Float[np.ndarray, "n emotion"]:
        """Emotion vectors of stretches."""
        return (
            softmax(_SHARPNESS * run(self.emotion, self._scaled(voice) * moving_features()), axis=1)
            @ self.emotion_codes
        )

    def places(self, voice: Float[np.ndarray, "n 387"]) -> Float[np.ndarray, "n style"]:
        """Style before it is put on the grid of whole numbers."""
        return run(self.style, self._scaled(voice))

    def say(
        self,
        content: Float[np.ndarray, "... content"],
        emotion: Float[np.ndarray, "... emotion"],
        style: Float[np.ndarray, "... style"],
    ) -> Float[np.ndarray, "... 64 42"]:
        """Return the sound on the sentence's clock (rows as `material.CHANNELS`) of any three vectors."""
        said = run(self.decoder, np.concatenate([content, emotion, style], axis=-1))
        return said.reshape(*said.shape[:-1], STEPS, -1) * self.clock_spread + self.clock_mean

    def with_decoder(self, decoder: Layers) -> "LatentEncoder":
        """The same encoders with another decoder."""
        return replace(self, decoder=decoder)

    def _scaled(self, voice: Float[np.ndarray, "n 387"]) -> Float[np.ndarray, "n 387"]:
        return np.clip((voice - self.voice_mean) / self.voice_spread, -SPREAD, SPREAD)


@cache
def load_encoder(name: str = DEFAULT) -> LatentEncoder:
    """Load an encoder that ships: `DEFAULT`, or `NON_COMMERCIAL`, which may not be used commercially.

    Vectors of one mean nothing to the other.

    Raises:
        InputError: there is none of that name.
    """
    if name not in (DEFAULT, NON_COMMERCIAL):
        raise InputError(f"{name!r} is no encoder of speech; there are {DEFAULT} and {NON_COMMERCIAL}.")
    return LatentEncoder.load(FOLDER / name)


def encode_speech(speech: Speech, encoder: LatentEncoder | None = None) -> SpeechLatents:
    """Encode a line with the default encoder unless another is given."""
    return (encoder or load_encoder()).encode(speech)


def run(layers: Layers, values: Float[np.ndarray, "... inputs"]) -> Float[np.ndarray, "... outputs"]:
    """Apply affine layers with ReLU between them."""
    for number, (weight, bias) in enumerate(layers):
        values = (np.maximum(values, 0.0) if number else values) @ weight + bias
    return values


def _layers(tensors: dict[str, np.ndarray], name: str) -> Layers:
    count = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in tensors)
    if not count:
        raise KeyError(name)
    return tuple((tensors[f"{name}.{number}.weight"], tensors[f"{name}.{number}.bias"]) for number in range(count))

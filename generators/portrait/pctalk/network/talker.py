"""PC-Talk's five networks together: speech becomes lips, and emotion a deformation of the whole face."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from espressivo.errors import InputError
from espressivo.generators.portrait.liveportrait.keypoints import Keypoints
from espressivo.generators.portrait.pctalk.network.audio import AudioVisualEncoder
from espressivo.generators.portrait.pctalk.network.config import EMOTIONS, LIPS
from espressivo.generators.portrait.pctalk.network.emotion import EmotionDecoder
from espressivo.generators.portrait.pctalk.network.lips import LipDecoder, LipRefinement, MotionDecoder
from espressivo.generators.portrait.pctalk.network.mel import frame_count, mel_spectrogram, mel_windows
from espressivo.generators.portrait.pctalk.network.style import StyleEncoder
from espressivo.generators.portrait.pctalk.network.windows import in_windows
from espressivo.progress import ProgressCallback

_HEARD_AT_ONCE = 256

Features = Float32[np.ndarray, "frames 512"]
Manner = Float[Tensor, "1 width"]


@dataclass(frozen=True, eq=False)
class Talker:
    """The networks, ready to run on one device."""

    audio_encoder: AudioVisualEncoder
    lips_decoder: LipDecoder
    refinement: LipRefinement
    emotion_decoder: EmotionDecoder
    style_encoder: StyleEncoder

    def hear(self, samples: Float[np.ndarray, "samples"]) -> Features:
        """Return what is heard at each frame of the video (25 per second) of speech at 16 kHz."""
        mel = mel_spectrogram(samples)
        frames = frame_count(mel)
        starts = range(0, frames, _HEARD_AT_ONCE)
        with torch.no_grad():
            pieces = [
                self.audio_encoder(self._tensor(mel_windows(mel, start, min(start + _HEARD_AT_ONCE, frames))))
                for start in starts
            ]
        return torch.cat(pieces).numpy(force=True)

    def manner_of_person(self, number: int) -> Manner:
        """Return how one of the persons of the training data moves the lips.

        Raises:
            InputError: there is no such person.
        """
        return _person(self.lips_decoder, number)

    def manner_of_video(self, lips: Float[np.ndarray, "frames 6 3"]) -> Manner:
        """Return how somebody moves the lips, from the deformation of theirs in a video."""
        with torch.no_grad():
            return self.style_encoder(self._tensor(_rows(lips))[None]).manner

    def lips(
        self,
        features: Features,
        undeformed: Float[np.ndarray, "frames 6 3"],
        manner: Manner,
        progress: ProgressCallback | None = None,
    ) -> Float32[np.ndarray, "frames 6 3"]:
        """Return how speech deforms the lips.

        Args:
            features: what is heard.
            undeformed: where the lips would lie without expression.
            manner: in which they are moved.
            progress: told how far it has come.
        """
        at_rest, heard = self._tensor(_rows(undeformed)), self._tensor(features)

        def predict(first: int, last: int, before: np.ndarray | None) -> np.ndarray:
            audio = heard[None, first:last]
            decoded = self.lips_decoder(audio, manner, self._given(before))
            return self.refinement(audio, at_rest[None, first:last], decoded)[0].numpy(force=True)

        with torch.no_grad():
            period = self.lips_decoder.size.period
            return _points(in_windows(len(features), period, predict, "move the lips", progress))

    def face(
        self,
        features: Features,
        emotion: Float[np.ndarray, "8"],
        person: int = 0,
        progress: ProgressCallback | None = None,
    ) -> Float32[np.ndarray, "frames 21 3"]:
        """Return how speech and an emotion deform the face.

        Args:
            features: what is heard.
            emotion: shares of `EMOTIONS`.
            person: of the training data, whose face it would be.
            progress: told how far it has come.

        Raises:
            InputError: there is no such person.
        """
        heard, felt = self._tensor(features), self._tensor(emotion)[None]
        manner = _person(self.emotion_decoder, person)

        def predict(first: int, last: int, before: np.ndarray | None) -> np.ndarray:
            decoded = self.emotion_decoder(heard[None, first:last], felt, manner, self._given(before))
            return decoded[0].numpy(force=True)

        with torch.no_grad():
            period = self.emotion_decoder.size.period
            return _points(in_windows(len(features), period, predict, "move the face", progress))

    def _given(self, before: np.ndarray | None) -> Tensor | None:
        return None if before is None else self._tensor(before)[None]

    def _tensor(self, array: np.ndarray) -> Tensor:
        device = self.refinement.out_fc.weight.device
        return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)


def one_emotion(name: str) -> Float32[np.ndarray, "8"]:
    """Return the input that stands for one emotion alone."""
    return np.eye(len(EMOTIONS), dtype=np.float32)[EMOTIONS.index(name)]


def lips_of(keypoints: Keypoints) -> Float[np.ndarray, "frames 6 3"]:
    """Return the keypoints that speech moves."""
    return keypoints[:, list(LIPS)]


def _person(net: MotionDecoder, number: int) -> Manner:
    if not 0 <= number < net.size.person_num:
        raise InputError(
            f"The checkpoint knows {net.size.person_num} persons, so there is none with number {number}; count from 0."
        )
    with torch.no_grad():
        return net.person(number)


def _rows(points: Float[np.ndarray, "frames k 3"]) -> Float[np.ndarray, "frames 3*k"]:
    """Lay points out as the networks read them: all x, all y, all z."""
    return np.swapaxes(points, 1, 2).reshape(len(points), -1)


def _points(rows: Float[np.ndarray, "frames 3*k"]) -> Float[np.ndarray, "frames k 3"]:
    return np.ascontiguousarray(np.swapaxes(rows.reshape(len(rows), 3, -1), 1, 2))

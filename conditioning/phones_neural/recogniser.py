"""Phones of a line without transcript, heard by the neural network."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.phones.recogniser import Recognition
from espressivo.conditioning.phones_neural.decode import HeardPhone, decode
from espressivo.conditioning.phones_neural.features import speech_features
from espressivo.conditioning.phones_neural.network import PhoneNetwork, PhoneScores, default_network
from espressivo.conditioning.speech import Speech
from espressivo.progress import ProgressCallback


class NeuralPhoneRecogniser:
    """Hears English phones in sound alone. `recognise` gives phones; `hear` also confidences and mouth opening."""

    name: ClassVar[str] = "neural"
    source: ClassVar[str] = "recognised"

    def __init__(self, network: PhoneNetwork | None = None) -> None:
        self._network = network

    def recognise(self, speech: Speech, progress: ProgressCallback | None = None) -> Recognition:
        """Return the phones; a transcript is not looked at, and words are not heard."""
        heard, _ = self.hear(speech, progress)
        return Recognition(tuple(each.phone for each in heard), None)

    def hear(
        self, speech: Speech, progress: ProgressCallback | None = None
    ) -> tuple[tuple[HeardPhone, ...], PhoneScores]:
        """Return the phones with confidences, and the scores at 100 frames per second they were made from."""
        network = self._network or default_network()
        scores = network.scores(speech_features(speech.samples, network.prior), progress)
        return decode(scores.log_posterior, network.log_share, network.log_bigram, speech.duration_s), scores


def mouth_opening(speech: Speech, network: PhoneNetwork | None = None) -> Float[np.ndarray, " frames"]:
    """Return how far the mouth is open, in [0, 1] at 100 frames per second, heard without deciding on phones."""
    network = network or default_network()
    return network.scores(speech_features(speech.samples, network.prior)).opening

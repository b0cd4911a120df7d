"""Encoders: what is heard, seen or read of a recording -> the same 128 numbers as its emotion, by way of the bank."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file

from espressivo.conditioning.bank.embedding import DEFAULT, WIDTH, EmotionEmbedding
from espressivo.errors import InputError
from espressivo.weights.manifest import FOLDER

MUSIC = "bank-1-music"
"""Encoders of music, trained on data for research only: not for commercial use."""
MODALITIES = {"speech": DEFAULT, "face": DEFAULT, "text": DEFAULT, "music": MUSIC}
"""Which weights hold the encoder of a modality."""

_REACH = 4.0
_PARTS = ("mean", "deviation", "hidden.weight", "hidden.bias", "out.weight", "out.bias")


@dataclass(frozen=True, eq=False)
class BankEncoder:
    """Features of recordings of one modality -> embeddings; trained by `train`."""

    bank: EmotionEmbedding
    mean: Float[np.ndarray, "features"]
    deviation: Float[np.ndarray, "features"]
    hidden: tuple[Float[np.ndarray, "features hidden"], Float[np.ndarray, "hidden"]]
    out: tuple[Float[np.ndarray, "hidden 128"], Float[np.ndarray, "128"]]

    @classmethod
    def load(cls, modality: str, bank: EmotionEmbedding | None = None, folder: Path | None = None) -> Self:
        """Load the encoder of "speech", "face", "text" or "music" that belongs to a bank.

        Args:
            modality: what the features are of: speech `voice_emotion.features.describe`, face 52 ARKit weights in the
                order of Google's face landmarker, text `bank.features.read_sentences`, music
                `music_emotion.features.describe`.
            bank: the default one unless given.
            folder: where other encoders lie than those that ship.

        Raises:
            InputError: there is no such encoder, it is damaged, or it was made for another bank.
        """
        if modality not in MODALITIES:
            raise InputError(f"{modality!r} is no modality of the bank; there are {', '.join(MODALITIES)}.")
        bank = bank or EmotionEmbedding.load()
        folder = folder or FOLDER / MODALITIES[modality]
        try:
            config = json.loads((folder / "encoders.json").read_text(encoding="utf-8"))
            tensors = load_file(folder / "encoders.safetensors")
            parts = [tensors[f"{modality}.{part}"].astype(np.float64) for part in _PARTS]
            made_for = config["bank"], config["bank_sha256"]
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise InputError(f"{folder} does not hold the bank's encoder of {modality} ({error}).") from error
        if made_for != (bank.id, bank.digest):
            raise InputError(f"The encoder of {modality} in {folder} was made for another bank than {bank.id}.")
        mean, deviation, hidden, hidden_bias, out, out_bias = parts
        return cls(bank, mean, deviation, (hidden, hidden_bias), (out, out_bias))

    def encode(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n 128"]:
        """Embed recordings, float32.

        Raises:
            InputError: as `query`.
        """
        return self.bank.aggregate(self.query(features)).astype(np.float32).reshape(-1, WIDTH)

    def query(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n 128"]:
        """Ask the bank for recordings: what `EmotionEmbedding.attend` takes.

        Raises:
            InputError: there are other numbers of features than the encoder reads, or some are not finite.
        """
        features = np.asarray(features, float)
        if features.ndim != 2 or features.shape[1] != len(self.mean):
            raise InputError(
                f"Features {features.shape} do not fit the encoder; it reads (recordings, {len(self.mean)})."
            )
        if not np.isfinite(features).all():
            raise InputError("Features of a recording must be numbers; some are not finite.")
        x = np.clip((features - self.mean) / self.deviation, -_REACH, _REACH)
        (weight_in, bias_in), (weight_out, bias_out) = self.hidden, self.out
        return np.tanh(x @ weight_in + bias_in) @ weight_out + bias_out

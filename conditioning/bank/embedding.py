"""The embedding of emotion that generators are conditioned on, in numpy: a frozen, versioned bank of learned vectors.

After DICE-Talk (arXiv 2504.18087): a query from the state attends over all rows of the bank, so that related emotions
share rows; around each emotion lies a Gaussian that belongs to nobody in particular. A generator names the bank that it
was trained with (`EmotionEmbedding.id`) and refuses another.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load

from espressivo.conditioning.bank.query import INPUTS, query_inputs
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionCurves
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import InputError
from espressivo.weights.manifest import FOLDER

DEFAULT = "bank-1"
WIDTH = 128


@dataclass(frozen=True, eq=False)
class EmotionEmbedding:
    """Emotion -> 128 numbers. The same state gives the same bits, alone or among others; intensity 0 is one point."""

    id: str
    """Name of the bank, with its version: what a generator that was trained with it stores."""
    version: int
    digest: str
    """SHA-256 of its weights, as hexadecimal digits."""
    rows: Float[np.ndarray, "rows 128"]
    sharpness: float
    """What nearness is multiplied by before the softmax."""
    query_layers: tuple[tuple[Float[np.ndarray, "inputs outputs"], Float[np.ndarray, "outputs"]], ...]
    vad_weight: Float[np.ndarray, "128 3"]
    category_weight: Float[np.ndarray, "128 categories"]
    category_bias: Float[np.ndarray, "categories"]
    spreads: Float[np.ndarray, "categories directions 128"]
    """How each category varies between recordings: a factor of its covariance, 0 for neutral."""

    @classmethod
    def load(cls, name: str | Path = DEFAULT) -> Self:
        """Load a bank that ships by its name, or one in a folder.

        Raises:
            InputError: there is none, it is damaged, or its weights are not those its configuration names.
        """
        folder = Path(name) if isinstance(name, Path) else FOLDER / name
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            content = (folder / "model.safetensors").read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            tensors = {key: value.astype(np.float64) for key, value in load(content).items()}
            found = config["sha256"], tuple(config["categories"]), tuple(config["inputs"])
            if {key: value.shape for key, value in tensors.items()} != tensor_shapes(int(config["rows"])):
                raise ValueError("tensors of other names or shapes")
            if not all(np.isfinite(value).all() for value in tensors.values()):
                raise ValueError("values that are no numbers")
            bank_id, version = str(config["id"]), int(config["version"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
            raise InputError(f"{name} is no bank of emotions ({error}); there is {DEFAULT}.") from error
        if found != (digest, CATEGORIES, INPUTS):
            raise InputError(f"Bank {name} is not the one its config.json names; a bank is frozen: install it anew.")
        layers = tuple((tensors[f"query.{part}.weight"], tensors[f"query.{part}.bias"]) for part in ("in", "out"))
        heads = (tensors[name] for name in ("vad.weight", "category.weight", "category.bias", "spreads"))
        return cls(bank_id, version, digest, tensors["rows"], float(tensors["sharpness"][0]), layers, *heads)

    def embed(self, emotion: EmotionCurves | EmotionState) -> Float[np.ndarray, "times 128"]:
        """Embed a sampled track (or one state: a single row), float32.

        Each row depends on its own time only. It moves smoothly with strengths and VAD.

        Raises:
            EmotionError: a value is no number or is out of range.
        """
        return self.aggregate(self._query(*_channels(emotion))).astype(np.float32)

    def sample(
        self, emotion: EmotionCurves | EmotionState, seed: int, spread: float = 1.0
    ) -> Float[np.ndarray, "times 128"]:
        """Embed one natural variant of the emotion, float32.

        The seed draws one deviation for the whole of it, which follows the strengths: a variant is as smooth in time as
        the mean, belongs to no speaker, and is the neutral point itself where there is no emotion.

        Args:
            emotion: a sampled track, or one state.
            seed: the same seed is the same variant.
            spread: 0 is the mean (`embed`), 1 as much as recordings of the same emotion differ.

        Raises:
            InputError: the spread is negative or no number.
            EmotionError: a value of the emotion is no number or is out of range.
        """
        if not 0 <= spread < np.inf:
            raise InputError(f"Spread {spread} must be a number of 0 or more.")
        strengths, _ = channels = _channels(emotion)
        deviation = np.random.default_rng(seed).standard_normal(self.spreads.shape[1])
        moves = deviation @ self.spreads  # per category
        mean = self.aggregate(self._query(*channels))
        return (mean + spread * _rowwise(np.asarray(strengths, float), moves)).astype(np.float32)

    def attention(self, emotion: EmotionCurves | EmotionState) -> Float[np.ndarray, "times rows"]:
        """Return how much each row of the bank has to say; rows sum to 1."""
        return self.attend(self._query(*_channels(emotion)))

    def correlations(self) -> Float[np.ndarray, "categories categories"]:
        """Return which emotions the bank holds to be alike: cosines of their embeddings, less the mean of all."""
        apart = np.vstack([self.embed(EmotionState({name: 1.0})) for name in CATEGORIES]).astype(float)
        apart -= apart.mean(axis=0)
        apart /= np.linalg.norm(apart, axis=1, keepdims=True)
        return apart @ apart.T

    def vad_of(self, embedding: Float[np.ndarray, "times 128"]) -> Float[np.ndarray, "times 3"]:
        """Read valence, arousal and dominance back, in [-1, 1]; exactly 0 at the neutral point."""
        away = np.asarray(embedding, float) - self.neutral
        return np.clip(_rowwise(away, self.vad_weight), -1.0, 1.0)

    def posterior_of(self, embedding: Float[np.ndarray, "times 128"]) -> Float[np.ndarray, "times categories"]:
        """Read the categories back: shares that sum to 1. What an intensity below 1 leaves is neutral."""
        logits = _rowwise(np.asarray(embedding, float), self.category_weight) + self.category_bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    @property
    def neutral(self) -> Float[np.ndarray, "128"]:
        """The embedding of no emotion."""
        return self.embed(EmotionState.neutral())[0].astype(float)

    def attend(self, query: Float[np.ndarray, "times 128"]) -> Float[np.ndarray, "times rows"]:
        """Attend to rows by how near they are to a query of the same space (a state's, or an encoder's)."""
        logits = self.sharpness * (2.0 * _rowwise(query, self.rows.T) - (self.rows**2).sum(axis=1))
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def aggregate(self, query: Float[np.ndarray, "times 128"]) -> Float[np.ndarray, "times 128"]:
        """Mean of the rows that a query attends to, float64."""
        return _rowwise(self.attend(query), self.rows)

    def _query(
        self, strengths: Float[np.ndarray, "times categories"], vad: Float[np.ndarray, "times 3"]
    ) -> Float[np.ndarray, "times 128"]:
        (weight_in, bias_in), (weight_out, bias_out) = self.query_layers
        hidden = np.tanh(_rowwise(query_inputs(strengths, vad), weight_in) + bias_in)
        return _rowwise(hidden, weight_out) + bias_out


@cache
def default_embedding() -> EmotionEmbedding:
    """Return the bank that generators are conditioned on, read once."""
    return EmotionEmbedding.load()


def tensor_shapes(rows: int, hidden: int = 64, directions: int = 12) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors of a bank."""
    categories = len(CATEGORIES)
    return {
        "rows": (rows, WIDTH),
        "sharpness": (1,),
        "query.in.weight": (len(INPUTS), hidden),
        "query.in.bias": (hidden,),
        "query.out.weight": (hidden, WIDTH),
        "query.out.bias": (WIDTH,),
        "vad.weight": (WIDTH, 3),
        "category.weight": (WIDTH, categories),
        "category.bias": (categories,),
        "spreads": (categories, directions, WIDTH),
    }


def _channels(
    emotion: EmotionCurves | EmotionState,
) -> tuple[Float[np.ndarray, "times categories"], Float[np.ndarray, "times 3"]]:
    if isinstance(emotion, EmotionState):
        # In float32, as a track samples it: the same state is the same bits either way.
        return emotion.strengths()[None].astype(np.float32), np.array([emotion.vad], np.float32)
    return emotion.strengths, emotion.vad


def _rowwise(
    rows: Float[np.ndarray, "n inputs"], matrix: Float[np.ndarray, "inputs outputs"]
) -> Float[np.ndarray, "n outputs"]:
    """Multiply row by row: a product of the whole may round a row differently, depending on how many there are."""
    return np.matmul(rows[:, None, :], matrix)[:, 0, :]

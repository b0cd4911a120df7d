"""The trained text recogniser: sentence embeddings or words in, ratings and label probabilities out."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, Self

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file

from espressivo.conditioning.text_emotion.bag import WordBag
from espressivo.conditioning.text_emotion.encoder import WIDTH, SentenceEncoder, model_folder
from espressivo.conditioning.text_emotion.heads import Heads, Readings, standardised
from espressivo.conditioning.text_emotion.lexicon import evidence_of
from espressivo.conditioning.text_emotion.style import style_features, words_of
from espressivo.conditioning.vocabulary import MEANS
from espressivo.errors import InputError
from espressivo.weights.manifest import FOLDER

WEIGHTS = FOLDER / "text-emotion"
_BAG_STYLE = 0.1  # style features count little beside words
_WORDS_SHARE = 0.2  # of a rating, beside the sentence embedding (chosen on EmoBank's development part)
# Shares of known words: at the first a text is not English, at the second it is (tried on lines of eight languages).
_FOREIGN, _ENGLISH = 0.4, 0.55
_SHORT_WORDS, _SHORT_SHARE = 2, 0.7
_NAME = re.compile(r"(?<=[\w,;] )[A-Z][a-z]\w*")

Source = Literal["embedding", "lexicon"]


@dataclass(frozen=True, eq=False)
class TextModel:
    """Reads sentences. `encoder` is None where the package with the sentence encoder is missing: words then decide."""

    bag: WordBag
    style_mean: Float[np.ndarray, " features"]
    style_spread: Float[np.ndarray, " features"]
    word_heads: Heads
    sentence_heads: Heads
    encoder: SentenceEncoder | None

    @classmethod
    def load(cls, folder: Path = WEIGHTS, source: Source | None = None) -> Self:
        """Read `words.json` and `model.safetensors`.

        Args:
            folder: what `train` wrote.
            source: "embedding" or "lexicon"; by default the former where its package is installed.

        Raises:
            InputError: a file is missing or is no such model.
            MissingDependencyError: "embedding" is asked for and its package is not installed.
        """
        source = source or best_source()
        try:
            words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
            tensors = load_file(folder / "model.safetensors")
            style = tensors["style.mean"], tensors["style.spread"]
            heads = Heads.from_tensors(tensors, "lexicon"), Heads.from_tensors(tensors, "embedding")
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise InputError(
                f"{folder} does not hold the text recogniser ({error}); install espressivo anew."
            ) from error
        encoder = SentenceEncoder.load(_adapters(tensors)) if source == "embedding" else None
        return cls(WordBag(words), *style, *heads, encoder)

    @property
    def source(self) -> Source:
        """What decides: "embedding" (of the whole sentence) or "lexicon" (its words alone)."""
        return "lexicon" if self.encoder is None else "embedding"

    def english_share(self, text: str) -> float:
        """Return how English a text is, in [0, 1]; 0 without words, never below .7 for one or two words in a-z.

        A word is known where the training texts hold it often, and half known where it is one piece of the encoder's
        vocabulary, which holds foreign words too. Names, capitals inside a sentence, do not count beside other words.
        """
        words = words_of(_NAME.sub(" ", text)) or words_of(text)
        if not words:
            return 0.0
        known = sum(map(self.bag.holds, words)) / len(words)
        if self.encoder is not None:
            known = (known + sum(map(self.encoder.pieces.holds, words)) / len(words)) / 2
        least = _SHORT_SHARE if len(words) <= _SHORT_WORDS and text.isascii() else 0.0
        return max(least, float(np.clip((known - _FOREIGN) / (_ENGLISH - _FOREIGN), 0, 1)))

    def read(self, texts: Sequence[str]) -> Readings:
        """Read sentences; none is an empty list of readings."""
        return self.read_words(texts) if self.encoder is None else self.read_embedded(texts, self.encoder.embed(texts))

    def read_words(self, texts: Sequence[str]) -> Readings:
        """Read sentences by their words alone."""
        return self.word_heads.read(bag_features(self.bag, self._style(texts), texts))

    def read_embedded(self, texts: Sequence[str], embeddings: Float[np.ndarray, "texts 384"]) -> Readings:
        """Read sentences by their embeddings (of the adapted encoder); words have a little say in the ratings."""
        readings = self.sentence_heads.read(embedding_features(embeddings, self._style(texts)))
        of_words = self.read_words(texts).ratings
        return replace(readings, ratings=(1 - _WORDS_SHARE) * readings.ratings + _WORDS_SHARE * of_words)

    def _style(self, texts: Sequence[str]) -> Float[np.ndarray, "texts style"]:
        return standardised(style_features(texts), self.style_mean, self.style_spread)


def best_source() -> Source:
    """Return "embedding" where the sentence encoder's package is installed, else "lexicon"."""
    return "embedding" if model_folder() else "lexicon"


@cache
def default_model(source: Source) -> TextModel:
    """Return the shipped model, read once."""
    return TextModel.load(WEIGHTS, source)


def embedding_features(
    embeddings: Float[np.ndarray, "texts 384"], style: Float[np.ndarray, "texts style"]
) -> Float[np.ndarray, "texts features"]:
    """Put embeddings, scaled to a mean square of 1, and style side by side."""
    lengths = np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-9)
    return np.hstack([embeddings / lengths * np.float32(np.sqrt(WIDTH)), style])


def bag_features(
    bag: WordBag, style: Float[np.ndarray, "texts style"], texts: Sequence[str]
) -> Float[np.ndarray, "texts features"]:
    """Put words, style and the place of the emotion words in VAD space side by side."""
    named = np.array([evidence_of(text).strengths @ MEANS for text in texts], np.float32).reshape(len(texts), 3)
    return np.hstack([bag.vectors(texts), _BAG_STYLE * style, named])


def _adapters(tensors: Mapping[str, Float[np.ndarray, "..."]]) -> dict[str, Float[np.ndarray, "..."]]:
    return {name: tensor for name, tensor in tensors.items() if name.startswith("encoder.")}

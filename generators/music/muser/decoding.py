"""The prior and the decoder step by step, for a piece that is led by an emotion.

Where an emotion leads, both are asked twice, with the emotion and without, and go further in the direction in which it
draws them (classifier-free guidance, J. Ho and T. Salimans, 2022). The rows of a batch are the two questions. A small
network learns from little music to continue it long before it learns what emotions have to do with it; therefore what
each quadrant's music has more of is counted, too, and leans every draw that way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from espressivo.generators.music.moods import SIGNS, Mood
from espressivo.generators.music.muser.manners import CODES
from espressivo.generators.music.muser.pretrained import Leans, Model
from espressivo.generators.music.muser.prior import EMOTIONS, PRIOR_TEMPERATURE
from espressivo.generators.music.muser.stepping import CodeStepper, Hidden, WordStepper

Logits = Float[np.ndarray, "classes"]
_LEANING = 0.4


@dataclass(frozen=True, eq=False)
class Leading:
    """Which emotion leads, and how."""

    for_codes: Float[np.ndarray, "rows 256"]
    """The emotion that the prior is told in each row: the mood's, and none where that is asked too."""
    for_words: Float[np.ndarray, "rows 128"]
    """The same for the decoder."""
    leans: Mapping[str, Float[np.ndarray, "classes"]]
    """What the mood's music has more of than other music, for codes and elements; empty if that is not known."""
    strength: float
    """How far the first row's answer is followed beyond the last one's, and leans with it."""

    def followed(self, logits: Float[np.ndarray, "rows classes"], name: str, guidance: float) -> Logits:
        """Return logits of codes or of an element, led by the mood."""
        strength = self.strength * guidance
        led, free = logits[0], logits[-1]
        followed = free + strength * (led - free) if len(logits) > 1 else led
        return followed + _LEANING * strength * self.leans[name] if name in self.leans else followed


class Leader:
    """Tells how moods lead."""

    def __init__(self, model: Model, *, is_led: bool, leans: Leans | None = None) -> None:
        """Take a model.

        Args:
            model: in evaluation mode.
            is_led: whether there is any emotion in the piece at all.
            leans: instead of the model's own.
        """
        self._model, self._is_led, self._leans = model, is_led, model.leans if leans is None else leans
        self._known: dict[Mood, Leading] = {}

    def lead(self, mood: Mood) -> Leading:
        """Return how a mood leads. Between quadrants, embeddings are mixed by how near each is (bilinear)."""
        if mood not in self._known:
            rows = torch.tensor(np.array(self._shares(mood)), dtype=torch.float32)
            quadrants = torch.tensor(_quadrants(mood.valence, mood.arousal), dtype=torch.float32)
            leans = {name: (quadrants @ lean).numpy() for name, lean in self._leans.items()}
            with torch.no_grad():
                told = [each.emotion(rows).numpy() for each in (self._model.prior, self._model.network)]
            self._known[mood] = Leading(told[0], told[1], leans, mood.intensity)
        return self._known[mood]

    def _shares(self, mood: Mood) -> list[Float[np.ndarray, "5"]]:
        """Return the shares of no emotion, and of quadrants 1 to 4, in each row."""
        untold = np.eye(1, EMOTIONS)[0]
        if self._model.guided and not self._is_led:
            return [untold]
        # A model that knows no pieces without emotion is told one nearer to the middle of all quadrants instead.
        reach = 1.0 if self._model.guided else mood.intensity
        told = np.concatenate([[0.0], _quadrants(reach * mood.valence, reach * mood.arousal)])
        return [told, untold] if self._model.guided else [told]


class CodeWriter:
    """The prior after some codes."""

    def __init__(self, stepper: CodeStepper, first: Leading) -> None:
        self._stepper = stepper
        self._past = stepper.past(len(first.for_codes))
        self._logits = stepper.step(None, self._past, first.for_codes)

    def logits(self, lead: Leading, guidance: float) -> Logits:
        """Return logits of the next code, at the temperature of training."""
        return lead.followed(self._logits / PRIOR_TEMPERATURE, CODES, guidance)

    def write(self, code: int, lead: Leading) -> None:
        """Add a code."""
        codes = np.full(len(self._logits), code)
        self._logits = self._stepper.step(codes, self._past, lead.for_codes if self._stepper.emotion_is_steady else 0.0)


class WordWriter:
    """The decoder after some words, with the latents of all words that will come."""

    def __init__(self, stepper: WordStepper, latent: Float[Tensor, "1 length 112"], rows: int) -> None:
        self._stepper, self._latent = stepper, latent[0].numpy()
        self._memory, self._past = stepper.memory(latent, rows), stepper.past(rows)
        self._hidden: Hidden = np.empty(0)

    def read(self, word: Int[np.ndarray, "8"], lead: Leading) -> None:
        """Add a word, the first of which says the emotion; afterwards the next one's logits are known."""
        rows, place = len(lead.for_words), self._past.place
        self._hidden = self._stepper.step(
            np.broadcast_to(word, (rows, len(word))),
            np.broadcast_to(self._latent[place], (rows, self._latent.shape[1])),
            self._memory,
            self._past,
            lead.for_words if self._stepper.emotion_is_steady or not place else None,
        )

    def types(self, lead: Leading, guidance: float) -> Logits:
        """Return logits of the next word's type."""
        return lead.followed(self._stepper.types(self._hidden), "type", guidance)

    def element(self, name: str, kind: int, lead: Leading, guidance: float) -> Logits:
        """Return logits of another element of the next word, given its type."""
        return lead.followed(self._stepper.element(name, self._hidden, kind), name, guidance)


def _quadrants(valence: float, arousal: float) -> Float[np.ndarray, "4"]:
    """Return how near each quadrant is."""
    return np.prod(0.5 * (1.0 + SIGNS * [valence, arousal]), axis=1)

"""How the next token is drawn from what a model thinks of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from espressivo.errors import InputError
from espressivo.generators.music.compiled import compiled


@dataclass(frozen=True)
class Manner:
    """How tokens are drawn.

    Raises:
        InputError: a value is out of range.
    """

    temperature: float = 1.0
    top_p: float = 0.9
    """The likeliest tokens that together are at least so probable may be drawn, no others."""
    guidance: float = 1.0
    """Strength of classifier-free guidance for a mood of intensity 1 (estimate)."""

    def __post_init__(self) -> None:
        if not (0.05 <= self.temperature <= 5 and 0 < self.top_p <= 1 and 0 <= self.guidance <= 10):
            raise InputError(
                f"Temperature {self.temperature:g}, top-p {self.top_p:g} and guidance {self.guidance:g} cannot be used "
                "together; they go from 0.05 to 5, from above 0 to 1, and from 0 to 10."
            )


def draw(
    logits: Float[np.ndarray, "vocabulary"],
    allowed: Bool[np.ndarray, "vocabulary"],
    manner: Manner,
    random: np.random.Generator,
) -> int:
    """Draw one of the allowed tokens: at a temperature, from the smallest set whose probability exceeds `top_p`."""
    if np.count_nonzero(allowed) == 1:
        return int(allowed.argmax())
    return int(_draw(logits, allowed, manner.temperature, manner.top_p, random.random()))


@compiled
def _draw(logits, allowed, temperature, top_p, chance):
    ids = np.flatnonzero(allowed)
    values = logits[ids] / temperature
    weights = np.exp(values - values.max())
    order = np.argsort(-weights, kind="mergesort")
    reached = np.cumsum(weights[order]) / weights.sum()
    kept = min(np.searchsorted(reached, top_p, side="right") + 1, len(ids))
    place = np.searchsorted(reached[:kept], chance * reached[kept - 1], side="right")
    return ids[order[min(place, kept - 1)]]

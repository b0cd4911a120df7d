"""The dials of an emotion track that is made of what was recognised.

They are those of Audio2Face's Auto-Emotion (strength, smoothing, contrast, at most so many emotions, a preferred
emotion); what they do exactly is ours, and stands in `auto`.
"""

from typing import Annotated

from pydantic import Field, field_validator

from espressivo.inputmodel import Gain, InputModel


class AutoEmotion(InputModel):
    """How recognised emotion is performed."""

    strength: Gain = 1.0
    """How much of it: 0 none, 1 as recognised, 2 double (never more than full intensity)."""
    smoothing_s: Annotated[float, Field(ge=0, le=10)] = 2.0
    """Width of the moving average (a Gaussian's width at half height); 0 leaves the curve as it is."""
    contrast: Annotated[float, Field(ge=0.1, le=5)] = 1.0
    """Above 1 the likeliest emotion takes more of the rest's share, below 1 the emotions mix."""
    max_emotions: Annotated[int, Field(ge=1, le=9)] = 3
    """Only so many emotions at a time, the strongest; the others' shares go to them."""
    preferred: str | None = None
    """An emotion to lean to, whatever was recognised: a word such as joy."""
    preferred_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    """How far: 0 not at all, 1 that emotion alone, at full intensity."""

    @field_validator("preferred")
    @classmethod
    def _category_of(cls, word: str | None) -> str | None:
        from espressivo.conditioning.vocabulary import resolve

        if word is None:
            return None
        weights = resolve(word).weights
        return max(weights, key=weights.__getitem__)

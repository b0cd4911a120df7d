"""Editing: take a vector from another recording, or go part of the way there."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.latents.encoder import Part, SpeechLatents
from espressivo.errors import InputError

FARTHEST = 1.5
"""Of a slider: half as far again as the target."""


def exchange(line: SpeechLatents, other: SpeechLatents, part: Part, amount: float = 1.0) -> SpeechLatents:
    """Return a line with one vector of another, or mixed with it: (1 - amount) own + amount other.

    With the emotion of a neutral line and of an emotional one this is AMUSE's slider. The emotion over time moves by
    the same step as the whole line's vector, so its course stays.

    Raises:
        InputError: the amount is not in [0, `FARTHEST`].
    """
    if not 0.0 <= amount <= FARTHEST:
        raise InputError(f"Amount {amount} cannot be used; it goes from 0 (own) over 1 (the other's) to {FARTHEST}.")
    mixed = mix(getattr(line, part), getattr(other, part), amount)
    if part == "emotion":
        return replace(line, emotion=mixed, emotion_over_time=line.emotion_over_time + (mixed - line.emotion))
    if part == "content":
        return replace(line, content=mixed, phones=other.phones if amount >= 0.5 else line.phones)
    return replace(line, style=mixed)


def mix(own: Float[np.ndarray, "n"], other: Float[np.ndarray, "n"], amount: float) -> Float[np.ndarray, "n"]:
    """Go from one vector to another: 0 stays, 1 arrives."""
    return (1.0 - amount) * own + amount * other

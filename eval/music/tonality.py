"""How clearly a piece is in a key, and how major it is: correlation with the key profiles of Krumhansl and Kessler.

Source: C. Krumhansl, "Cognitive Foundations of Musical Pitch", 1990: probe-tone ratings of the twelve pitch classes in
a major and a minor key (Krumhansl & Kessler 1982), and key finding by correlation (Krumhansl & Schmuckler).
"""

from math import nan
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from espressivo.media.notes import Notes

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_PROFILES = np.array([np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)])


class Key(NamedTuple):
    """The key that a distribution of pitch classes resembles most."""

    tonic: int
    """Pitch class, 0 = C."""
    is_major: bool
    clarity: float
    """Correlation with the profile of this key, -1..1."""
    margin: float
    """By how much the second best key correlates less, 0..2; small where the key is in doubt."""
    majorness: float
    """Correlation with the best major key minus that with the best minor key, -2..2."""


def pitch_class_weights(notes: Notes) -> Float[np.ndarray, "12"]:
    """Return for how many quarter notes each pitch class sounds; drums have none."""
    notes = notes.pitched
    quarters = (notes.end_tick - notes.start_tick) / notes.ticks_per_quarter
    return np.bincount(notes.pitch % 12, weights=quarters, minlength=12)


def key_of(weights: Float[np.ndarray, "12"]) -> Key | None:
    """Return the key of a distribution of pitch classes; None where all are alike or none is used."""
    spread = weights - weights.mean()
    norm = np.linalg.norm(spread)
    if norm <= 1e-9 * max(float(np.abs(weights).max()), 1e-300):
        return None
    profiles = _PROFILES - _PROFILES.mean(axis=1, keepdims=True)
    fit = profiles @ spread / (np.linalg.norm(profiles, axis=1) * norm)
    best, second = np.argsort(-fit, kind="stable")[:2]
    return Key(
        tonic=int(best % 12),
        is_major=bool(best < 12),
        clarity=float(fit[best]),
        margin=float(fit[best] - fit[second]),
        majorness=float(fit[:12].max() - fit[12:].max()),
    )


def key_clarity(notes: Notes) -> float:
    """Return the correlation of the piece's pitch classes, weighted by duration, with its best key; NaN without one."""
    key = key_of(pitch_class_weights(notes))
    return key.clarity if key else nan


def key_margin(notes: Notes) -> float:
    """Return by how much the second best key fits less; NaN without a key."""
    key = key_of(pitch_class_weights(notes))
    return key.margin if key else nan


def majorness(notes: Notes) -> float:
    """Return the fit of the best major key minus that of the best minor one; NaN without a key."""
    key = key_of(pitch_class_weights(notes))
    return key.majorness if key else nan

"""One emotional state: category weights, intensity and its place in VAD space. Immutable."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.vad import Decoder, decode_vad
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS, VAD, resolve
from espressivo.errors import EmotionError

_STYLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SUM_SLACK = 1e-9


@dataclass(frozen=True)
class EmotionState:
    """Which emotion, and how much of it.

    Weights and VAD are kept apart on purpose: joy and sadness together cancel in VAD but still are a bittersweet face.
    A state has one form: what weights leave to neutral is taken out of the intensity, so that weights sum to 1
    (`{"happiness": 0.5, "neutral": 0.5}` at intensity 1 is happiness at intensity 0.5).

    Raises:
        EmotionError: an unknown category, a weight below 0 or a sum above 1, or an intensity or VAD out of range.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: {"neutral": 1.0})
    """Canonical category -> share; the shares sum to 1. `{"neutral": 1}` when there is no emotion."""
    intensity: float = 1.0
    """In [0, 1]; 0 is neutral."""
    vad_override: VAD | None = None
    """Valence, arousal, dominance in [-1, 1] as given; None when they follow from weights and intensity."""
    style: str | None = None
    """A manner of performing (letters, digits, `-`, `_`), for generators that have styles."""

    def __post_init__(self) -> None:
        intensity = _in_range("intensity", self.intensity, 0.0)
        for category, weight in self.weights.items():
            if category not in CATEGORIES:
                raise EmotionError(f"Category {category!r} is none of {', '.join(CATEGORIES)}.")
            _in_range(f"weight of {category}", weight, 0.0)
        if (total := math.fsum(self.weights.values())) > 1 + _SUM_SLACK:
            raise EmotionError(f"Weights of an emotion sum to {total:g}; they must sum to at most 1.")
        shares = {name: float(self.weights.get(name, 0.0)) for name in CATEGORIES[1:]}
        shares = {name: share for name, share in shares.items() if share > 0}
        emotional = math.fsum(shares.values())
        if not shares:
            shares, intensity = {"neutral": 1.0}, 0.0
        elif emotional < 1 - _SUM_SLACK:
            shares, intensity = {name: share / emotional for name, share in shares.items()}, intensity * emotional
        if self.vad_override is not None:
            names = ("valence", "arousal", "dominance")
            if len(self.vad_override) != len(names):
                raise EmotionError(f"VAD has {len(self.vad_override)} values; it needs {', '.join(names)}.")
            place = tuple(_in_range(*axis, -1.0) for axis in zip(names, self.vad_override, strict=True))
            object.__setattr__(self, "vad_override", place)
        if self.style is not None and not _STYLE.fullmatch(self.style):
            raise EmotionError(f"Style {self.style[:40]!r} must be made of letters, digits, - and _.")
        object.__setattr__(self, "weights", MappingProxyType(shares))
        object.__setattr__(self, "intensity", intensity)

    @classmethod
    def neutral(cls) -> Self:
        """No emotion."""
        return cls({"neutral": 1.0}, 0.0)

    @classmethod
    def of(cls, word: str, intensity: float | None = None, vocabulary: str = "words") -> Self:
        """Return the state that a word (or a label of another `resolve` vocabulary) names, at its own strength or this.

        Raises:
            EmotionError: the word is unknown or the intensity is out of range.
        """
        meaning = resolve(word, vocabulary)
        strength = meaning.intensity if intensity is None else _in_range(f"intensity of {word}", intensity, 0.0)
        vad = None if meaning.vad is None or strength == 0 else _scaled(meaning.vad, strength)
        return cls(meaning.weights, strength, vad)

    @classmethod
    def from_strengths(cls, strengths: Mapping[str, float], vad: VAD | None = None, style: str | None = None) -> Self:
        """Return the state with these strengths (weight times intensity) per category, scaled down if they exceed 1."""
        total = math.fsum(strengths.values())
        if total > 0:
            return cls({name: value / total for name, value in strengths.items()}, min(1.0, total), vad, style)
        # Strength 0 keeps its names, so that a track can say "anger:0" and be read back.
        shares = {name: 1 / len(strengths) for name in strengths} or {"neutral": 1.0}
        return cls(shares, 0.0, vad, style)

    @classmethod
    def from_vad(cls, vad: VAD, decoder: Decoder = "soft", style: str | None = None) -> Self:
        """Return the state at a VAD point: categories by `decode_vad`, the point itself kept as it is."""
        checked = cls(vad_override=vad).vad  # a bad point is refused before it is decoded
        strengths = decode_vad(np.array(checked), decoder)
        present = {name: value for name, value in _named(strengths).items() if value > 0}
        return cls.from_strengths(present, checked, style)

    @property
    def vad(self) -> VAD:
        """Valence, arousal, dominance: as given, or intensity times the weighted mean of the prototypes."""
        return self.vad_override or self.derived_vad

    @property
    def derived_vad(self) -> VAD:
        """Valence, arousal, dominance that follow from weights and intensity."""
        shares = np.array([self.weights.get(category, 0.0) for category in CATEGORIES])
        v, a, d = (self.intensity * (shares @ MEANS) + 0.0).tolist()  # + 0.0 turns -0.0 into 0.0
        return v, a, d

    def strengths(self) -> Float[np.ndarray, "categories"]:
        """Weight times intensity per `CATEGORIES`. The neutral entry is always 0: neutral adds nothing to a face."""
        shares = np.array([0.0, *(self.weights.get(category, 0.0) for category in CATEGORIES[1:])])
        return shares * self.intensity

    def with_intensity(self, intensity: float) -> "EmotionState":
        """Return the same emotion at another intensity, its VAD scaled along."""
        intensity = _in_range("intensity", intensity, 0.0)
        vad = self.vad_override
        if vad is not None:
            ratio = intensity / self.intensity if self.intensity else 0.0
            v, a, d = (min(1.0, max(-1.0, axis * ratio)) + 0.0 for axis in vad)
            vad = (v, a, d)
        return EmotionState(self.weights, intensity, vad, self.style)

    def __hash__(self) -> int:
        return hash((frozenset(self.weights.items()), self.intensity, self.vad_override, self.style))

    def __reduce__(self) -> tuple[Any, ...]:
        return EmotionState, (dict(self.weights), self.intensity, self.vad_override, self.style)


def mix(parts: Iterable[tuple[EmotionState, float]]) -> EmotionState:
    """Blend states by shares, category by category: opposites stay side by side and do not cancel.

    Args:
        parts: states with shares >= 0, scaled down if they sum to more than 1. The blend has the style of the largest.

    Raises:
        EmotionError: there are no parts, or a share is negative or no number.
    """
    parts = list(parts)
    if not parts:
        raise EmotionError("A mix of emotions needs at least one part.")
    for _, share in parts:
        if not (math.isfinite(share) and share >= 0):
            raise EmotionError(f"Share {share} of a mix must be 0 or more.")
    scale = max(1.0, math.fsum(share for _, share in parts))
    largest = max(parts, key=lambda part: part[1])[0]
    return _blend([state for state, _ in parts], np.array([share / scale for _, share in parts]), largest.style)


def layer(states: Iterable[EmotionState]) -> EmotionState:
    """Perform states at once, each at its own intensity; all are scaled down if the intensities sum to more than 1.

    Raises:
        EmotionError: there are no states.
    """
    states = list(states)
    if not states:
        raise EmotionError("A mix of emotions needs at least one part.")
    factor = 1.0 / max(1.0, math.fsum(state.intensity for state in states))
    return _blend(states, np.full(len(states), factor), states[0].style)


def _blend(states: list[EmotionState], factors: Float[np.ndarray, "states"], style: str | None) -> EmotionState:
    strengths = _named(factors @ np.array([state.strengths() for state in states]))
    present = {name: value for name, value in strengths.items() if any(name in state.weights for state in states)}
    place: VAD | None = None
    if any(state.vad_override for state in states):
        v, a, d = np.clip(factors @ np.array([state.vad for state in states]) + 0.0, -1, 1).tolist()
        place = (v, a, d)
    return EmotionState.from_strengths(present, place, style)


def _named(strengths: Float[np.ndarray, "categories"]) -> dict[str, float]:
    return dict(zip(CATEGORIES, strengths.tolist(), strict=True))


def _scaled(vad: VAD, factor: float) -> VAD:
    return vad[0] * factor, vad[1] * factor, vad[2] * factor


def _in_range(what: str, value: float, low: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise EmotionError(f"The {what} is {value!r}; it must be a number from {low:g} to 1.")
    if not low <= value <= 1:  # false for NaN too
        raise EmotionError(f"The {what} is {value:g}; it must lie between {low:g} and 1.")
    return float(value) + 0.0  # + 0.0 turns -0.0 into 0.0

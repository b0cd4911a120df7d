"""Personality as the Big Five traits, and the temperament in VAD space that follows from them."""

import difflib
import math
import re
from dataclasses import dataclass, fields, replace

import numpy as np

from espressivo.conditioning.vocabulary import VAD
from espressivo.errors import EmotionError


@dataclass(frozen=True)
class BigFive:
    """The five traits, each in [0, 1] with .5 for the average person.

    Raises:
        EmotionError: a trait is no number from 0 to 1.
    """

    openness: float = 0.5
    conscientiousness: float = 0.5
    extraversion: float = 0.5
    agreeableness: float = 0.5
    neuroticism: float = 0.5

    def __post_init__(self) -> None:
        for trait in TRAITS:
            value = getattr(self, trait)
            is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
            if not (is_number and 0 <= value <= 1):  # false for NaN too
                raise EmotionError(f"Trait {trait} is {value!r}; it must be a number from 0 to 1.")
            object.__setattr__(self, trait, float(value) + 0.0)


TRAITS = tuple(field.name for field in fields(BigFive))

PRESETS: dict[str, BigFive] = {
    "average": BigFive(),
    "exuberant": BigFive(0.7, 0.5, 0.9, 0.6, 0.6),
    "bored": BigFive(0.2, 0.5, 0.2, 0.3, 0.4),
    "dependent": BigFive(0.4, 0.5, 0.3, 0.9, 0.7),
    "disdainful": BigFive(0.5, 0.5, 0.7, 0.1, 0.2),
    "relaxed": BigFive(0.6, 0.5, 0.7, 0.6, 0.1),
    "anxious": BigFive(0.5, 0.5, 0.2, 0.5, 0.9),
    "docile": BigFive(0.5, 0.5, 0.2, 0.8, 0.2),
    "hostile": BigFive(0.5, 0.5, 0.7, 0.1, 0.9),
}
"""Personalities by name: one whose temperament lies in each of ALMA's mood octants, and the average (estimates)."""


def temperament(personality: BigFive) -> VAD:
    """Return where a person rests in VAD space: pleasure, arousability and dominance, each in [-1, 1].

    Mehrabian, "Analysis of the Big-five personality factors in terms of the PAD temperament model", Australian Journal
    of Psychology 48(2), 1996, with traits centred at 0. Its fifth factor is emotional *stability*, -N: copies of the
    formula that put neuroticism in its place make anxious people calm and pleased.
    """
    o, c, e, a, n = (2 * getattr(personality, trait) - 1 for trait in TRAITS)
    stability = -n
    place = (
        0.21 * e + 0.59 * a + 0.19 * stability,
        0.15 * o + 0.30 * a - 0.57 * stability,
        0.25 * o + 0.17 * c + 0.60 * e - 0.32 * a,
    )
    valence, arousal, dominance = (min(1.0, max(-1.0, axis)) + 0.0 for axis in place)
    return valence, arousal, dominance


def parse_personality(text: str) -> BigFive:
    """Read "anxious", "extraversion .8, neuroticism .2" or "anxious, openness .9" (later parts win).

    Raises:
        EmotionError: a preset, trait or number is unknown, or a trait is given twice.
    """
    personality = BigFive()
    given: set[str] = set()
    for part in text.split(","):
        found = _PART.fullmatch(part.strip())
        name = found["name"].lower() if found else ""
        if found and found["value"] is None and name in PRESETS and not given:
            personality = PRESETS[name]
        elif found and found["value"] is not None and name in TRAITS and name not in given:
            personality = replace(personality, **{name: _trait(found["value"], name)})
        else:
            raise EmotionError(_objection(text, part.strip(), name, given))
        given.add(name)
    return personality


def format_personality(personality: BigFive) -> str:
    """Write a personality so that `parse_personality` reads the same: its preset's name, or the traits off .5."""
    for name, preset in PRESETS.items():
        if preset == personality:
            return name
    values = ((trait, getattr(personality, trait)) for trait in TRAITS)
    return ", ".join(f"{trait} {value!r}" for trait, value in values if value != 0.5)


_PART = re.compile(r"(?P<name>[A-Za-z]+)(?:\s*[ :=]\s*(?P<value>\S+))?")


def _trait(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise EmotionError(f"Trait {name} is {text[:40]!r}; it must be a number from 0 to 1.")
    return value


def _objection(text: str, part: str, name: str, given: set[str]) -> str:
    if not part:
        return f"Personality {text[:60]!r} has an empty part; write for example extraversion .8, neuroticism .2."
    if name in given:
        return f"Personality {text[:60]!r} gives {name} twice; give it once."
    if name in TRAITS:
        return f"Trait {name} has no value; write for example {name} .8."
    if name in PRESETS:
        return f"Preset {name} must be alone or come first, as in {name}, openness .8."
    near = difflib.get_close_matches(name[:40], [*TRAITS, *PRESETS], n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else f"traits are {', '.join(TRAITS)}; presets are {', '.join(PRESETS)}."
    return f"{part[:40]!r} is no trait or preset of a personality; {hint}"

"""Who ships: MakeHuman's macro parameters, details, hair and colours of each identity."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.bake.wheel import Wheel

Colour = tuple[float, float, float]
PIGMENTS = ("skin", "flush", "lips", "beard", "mouth", "gum", "teeth", "tongue", "hair", "brow", "lash", "cloth", "eye")
"""What colours a vertex; the albedo is the mean of a person's pigments, weighted by vertex."""


@dataclass(frozen=True)
class Person:
    """One identity."""

    male: float
    old: float
    ancestry: tuple[float, float, float]
    """Shares of MakeHuman's African, Asian and Caucasian shapes; they sum to 1."""
    skin: Colour
    """Linear RGB, as all colours here."""
    hair: Colour
    iris: Colour
    cloth: Colour
    style: str
    lips: Colour
    brow_fullness: float = 1.0
    brow_tilt_mm: float = 0.0
    """How much higher the inner ends of the brows lie, against MakeHuman's sterner faces."""
    beard: float = 0.0
    """How much the beard shows under the skin."""
    details: Mapping[str, float] = field(default_factory=dict)
    """Further targets and their weights."""


PEOPLE: dict[str, Person] = {
    "default": Person(0.30, 0.10, (0.30, 0.30, 0.40), (0.47, 0.275, 0.195), (0.042, 0.022, 0.013), (0.09, 0.05, 0.025),
                      (0.035, 0.075, 0.105), "short", (0.36, 0.125, 0.105)),
    "ada": Person(0.0, 0.05, (0.0, 0.0, 1.0), (0.58, 0.37, 0.29), (0.13, 0.055, 0.022), (0.10, 0.15, 0.18),
                  (0.10, 0.03, 0.045), "bob", (0.44, 0.15, 0.135), 0.85),
    "ben": Person(1.0, 0.10, (0.0, 0.0, 1.0), (0.50, 0.30, 0.22), (0.055, 0.030, 0.017), (0.07, 0.10, 0.08),
                  (0.03, 0.045, 0.06), "short", (0.37, 0.15, 0.125), 1.2, 1.0, 0.35),
    "chidi": Person(1.0, 0.15, (1.0, 0.0, 0.0), (0.13, 0.062, 0.036), (0.010, 0.007, 0.006), (0.035, 0.018, 0.010),
                    (0.16, 0.15, 0.13), "cropped", (0.13, 0.052, 0.043), 1.1, 1.5, 0.25),
    "imani": Person(0.0, 0.05, (1.0, 0.0, 0.0), (0.21, 0.105, 0.062), (0.012, 0.008, 0.007), (0.045, 0.022, 0.012),
                    (0.19, 0.10, 0.02), "cropped", (0.20, 0.062, 0.055), 0.9, 1.0),
    "mei": Person(0.0, 0.05, (0.0, 1.0, 0.0), (0.56, 0.36, 0.26), (0.012, 0.009, 0.008), (0.045, 0.024, 0.014),
                  (0.16, 0.17, 0.19), "bob", (0.43, 0.14, 0.125), 0.85, 3.0),
    "ravi": Person(1.0, 0.25, (0.25, 0.35, 0.40), (0.33, 0.18, 0.11), (0.014, 0.010, 0.008), (0.05, 0.026, 0.013),
                   (0.05, 0.06, 0.045), "short", (0.27, 0.105, 0.085), 1.25, 1.5, 0.55),
    "ruth": Person(0.0, 0.75, (0.0, 0.15, 0.85), (0.55, 0.35, 0.28), (0.36, 0.34, 0.32), (0.09, 0.14, 0.19),
                   (0.05, 0.055, 0.10), "short", (0.40, 0.17, 0.15), 0.8),
}  # fmt: skip

VARIATIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "nose_width": (("nose/nose-scale-horiz-incr",), ("nose/nose-scale-horiz-decr",)),
    "nose_length": (("nose/nose-scale-vert-incr",), ("nose/nose-scale-vert-decr",)),
    "nose_bridge": (("nose/nose-hump-incr",), ("nose/nose-hump-decr",)),
    "nose_tip": (("nose/nose-point-up",), ("nose/nose-point-down",)),
    "chin_width": (("chin/chin-width-incr",), ("chin/chin-width-decr",)),
    "chin_height": (("chin/chin-height-incr",), ("chin/chin-height-decr",)),
    "jaw": (("head/head-square",), ("head/head-invertedtriangular",)),
    "cheekbones": (
        ("cheek/l-cheek-bones-incr", "cheek/r-cheek-bones-incr"),
        ("cheek/l-cheek-bones-decr", "cheek/r-cheek-bones-decr"),
    ),
    "cheeks": (
        ("cheek/l-cheek-volume-incr", "cheek/r-cheek-volume-incr"),
        ("cheek/l-cheek-volume-decr", "cheek/r-cheek-volume-decr"),
    ),
    "head": (("head/head-oval",), ("head/head-round",)),
}
"""Axes of the seeded variation: targets at +1 and at -1. None touches lips or lids, so these close on everybody."""


def shaped(wheel: Wheel, person: Person) -> Float[np.ndarray, "vertices 3"]:
    """The base mesh with a person's targets, not yet moved to the origin."""
    points = wheel.points_m.copy()
    for sex, share_sex in (("male", person.male), ("female", 1 - person.male)):
        for age, share_age in (("young", 1 - person.old), ("old", person.old)):
            share = share_sex * share_age
            if share == 0:
                continue
            points += share * wheel.target(f"macrodetails/universal-{sex}-{age}-averagemuscle-averageweight")
            for people, share_people in zip(("african", "asian", "caucasian"), person.ancestry, strict=True):
                if share_people:
                    points += share * share_people * wheel.target(f"macrodetails/{people}-{sex}-{age}")
    for name, weight in person.details.items():
        points += weight * wheel.target(name)
    return points


def palette(person: Person) -> Float[np.ndarray, "pigments 3"]:
    """Linear RGB of each of `PIGMENTS`."""
    skin, hair = np.array(person.skin), np.array(person.hair)
    colours = {
        "skin": skin,
        "flush": skin * (0.93, 0.60, 0.58),
        "lips": person.lips,
        "beard": skin * (1 - person.beard * np.array([0.62, 0.56, 0.50])),
        "mouth": (0.24, 0.055, 0.05),
        "gum": (0.42, 0.13, 0.12),
        "teeth": (0.74, 0.70, 0.60),
        "tongue": (0.40, 0.125, 0.12),
        "hair": hair,
        "brow": 0.8 * hair + 0.02 * skin,
        "lash": (0.018, 0.012, 0.010),
        "cloth": person.cloth,
        "eye": (0.75, 0.72, 0.68),
    }
    return np.array([colours[name] for name in PIGMENTS], float)

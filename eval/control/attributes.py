"""What sliders move, per kind of generator. A new kind is one more entry of `ATTRIBUTES`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.speech import Speech
from espressivo.eval.control import face
from espressivo.generators.base import Generator, Kind


@dataclass(frozen=True, eq=False)
class Content:
    """What is generated at every value of a slider: a line, an emotion and a seed."""

    name: str
    speech: Speech
    emotion: str
    """Shown while a gain is moved: many gains turn what an emotion does, and do nothing to a neutral face."""
    seed: int


@dataclass(frozen=True)
class Attribute:
    """One number that describes an artefact."""

    title: str
    unit: str
    measure: Callable[[Any, Any, Content], float]
    """(artefact, the neutral artefact of the same content and settings, content) -> value."""


@dataclass(frozen=True)
class Aim:
    """What a slider is meant to move."""

    target: str
    """Attribute that it is for."""
    parts: tuple[str, ...] = ()
    """Attributes that are part of the target by their meaning, or the same motion seen elsewhere: no leak."""


@dataclass(frozen=True)
class KindAttributes:
    """How one kind of generator is asked, and what is measured on what it makes."""

    request: Callable[[Generator, Content, str, Mapping[str, Any]], Any]
    """(generator, content, emotion, further options of its Request) -> request."""
    arrays: Callable[[Any], tuple[np.ndarray, ...]]
    """Everything the artefact holds, for comparison to the bit."""
    attributes: Mapping[str, Attribute]
    emotion: Aim
    """Of the intensity of every emotion."""
    gains: Mapping[str, Aim]
    """Of the gains, by name of the field."""
    change: Callable[[Any, Any], Float[np.ndarray, "frames"]]
    """(artefact, neutral artefact) -> how strongly the emotion shows, moment by moment."""
    fps: float
    """Moments a second of `change`."""


ATTRIBUTES: dict[Kind, KindAttributes] = {
    "face": KindAttributes(
        request=lambda generator, content, emotion, options: generator.Request(
            speech=content.speech, emotion=emotion, seed=content.seed, fps=face.FPS, **options
        ),
        arrays=lambda motion: (motion.weights, motion.head_rad, motion.gaze_rad),
        attributes={
            "expression": Attribute(
                "expression: mean move of the face from neutral",
                "mm",
                lambda motion, neutral, _: float(face.expression_mm(motion, neutral).mean()),
            ),
            "mouth_shape": Attribute(
                "mouth: mean move of its corners from neutral",
                "mm",
                lambda motion, neutral, _: face.mean_move_mm(motion, neutral, face.MOUTH_MARKS),
            ),
            "brows": Attribute(
                "brows: mean move from neutral",
                "mm",
                lambda motion, neutral, _: face.mean_move_mm(motion, neutral, face.BROW_MARKS),
            ),
            "eye_region": Attribute(
                "lids and cheeks: mean change of their weights from neutral",
                "weight",
                lambda motion, neutral, _: face.eye_region_change(motion, neutral),
            ),
            "mouth_opening": Attribute(
                "mouth opening: range", "mm", lambda motion, *_: face.spread(face.mouth_opening_mm(motion))
            ),
            "jaw": Attribute("jaw drop: range", "mm", lambda motion, *_: face.spread(face.jaw_drop_mm(motion))),
            "lip_shape": Attribute(
                "lip rounding and spreading: range",
                "weight",
                lambda motion, *_: face.spread(face.lip_shape(motion)),
            ),
            "loud_opening": Attribute(
                "mouth opening per loudness: slope",
                "mm",
                lambda motion, _, content: face.opening_per_loudness_mm(motion, content.speech),
            ),
            "blinks": Attribute("blinks", "1/min", lambda motion, *_: face.blinks_per_minute(motion)),
            "gaze": Attribute("gaze travel", "°/s", lambda motion, *_: face.gaze_travel_deg_s(motion)),
            "head": Attribute(
                "head motion: spread of its angles", "°", lambda motion, *_: face.head_motion_deg(motion)
            ),
        },
        emotion=Aim("expression", parts=("mouth_shape", "brows", "eye_region")),
        gains={
            "articulation": Aim("mouth_opening", parts=("jaw", "lip_shape", "loud_opening")),
            "jaw": Aim("jaw", parts=("mouth_opening", "loud_opening")),
            "lips": Aim("lip_shape"),
            "dynamics": Aim("loud_opening", parts=("mouth_opening", "jaw")),
            "mouth": Aim("mouth_shape", parts=("expression",)),
            "brows": Aim("brows", parts=("expression",)),
            "eyes": Aim("eye_region", parts=("expression",)),
            "blinks": Aim("blinks"),
            "gaze": Aim("gaze"),
            "head": Aim("head"),
        },
        change=face.expression_mm,
        fps=face.FPS,
    ),
}
"""By kind. Kinds that no generator makes yet are not here."""

"""The faces that a portrait is asked for: an emotion at an intensity, held still, as the mean performer shows it."""

import json
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import InputError
from espressivo.generators.face.arkit import MOUTH_CHANNELS
from espressivo.generators.face.expression.compose import SPEAKING_SHARE
from espressivo.generators.face.expression.table import load_table
from espressivo.generators.portrait.avatar.expression import (
    PortraitExpression,
    expression_from,
    load_portrait_expression,
)

EMOTIONS = ("happiness", "surprise", "sadness", "anger", "fear", "disgust")
"""What the judges know, the ones that they know best first."""
INTENSITIES = (0.0, 0.25, 0.5, 0.75, 1.0)


def read_expression(file: Path | None) -> PortraitExpression:
    """Return the expression table of a file, the one that ships if there is none.

    Raises:
        InputError: the file cannot be read as one.
    """
    if file is None:
        return load_portrait_expression()
    try:
        return expression_from(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{file} holds no expression table ({error}); give a file like expression.json.") from error


def face_of(
    expression: PortraitExpression, emotion: str, intensity: float, speaking: bool = False
) -> Float32[np.ndarray, "52"]:
    """Return the weights of an emotion held still, or of what is left of it beside the sounds of a speaking mouth."""
    strengths = np.zeros(len(CATEGORIES), np.float32)
    strengths[CATEGORIES.index(emotion)] = intensity
    pure = intensity * load_table().mean[CATEGORIES.index(emotion)]
    if speaking:
        pure[list(MOUTH_CHANNELS)] *= SPEAKING_SHARE
    return np.maximum(expression.emotional(pure, strengths, float(speaking)), 0)

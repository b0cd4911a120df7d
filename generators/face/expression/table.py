"""The fitted table that ships: mean, spread and source of every channel of every emotion at full intensity."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL

Source = Literal["arkit faces", "action units", "recipe"]
FILE_NAME = "table.json"


@dataclass(frozen=True, eq=False)
class ExpressionTable:
    """Rows as `CATEGORIES`, columns as `ARKIT_NAMES`; neutral and channels that take no part are 0."""

    mean: Float[np.ndarray, "10 52"]
    """ARKit weights at intensity 1."""
    spread: Float[np.ndarray, "10 52"]
    """Standard deviation between people at intensity 1."""
    source: Mapping[str, Mapping[str, Source]]
    """Category -> channel -> what the mean was read from."""
    provenance: Mapping[str, Any]


@cache
def load_table() -> ExpressionTable:
    """Read the shipped `table.json` (made by `python -m espressivo.generators.face.expression.fit`)."""
    content = json.loads(files("espressivo.generators.face.expression").joinpath(FILE_NAME).read_text("utf-8"))
    mean = np.zeros((len(CATEGORIES), len(ARKIT_NAMES)))
    spread = np.zeros_like(mean)
    for category, channels in content["emotions"].items():
        for name, cell in channels.items():
            place = CATEGORIES.index(category), CHANNEL[name]
            mean[place], spread[place] = cell["mean"], cell["spread"]
    mean.setflags(write=False)
    spread.setflags(write=False)
    source = {
        category: {name: cell["source"] for name, cell in channels.items()}
        for category, channels in content["emotions"].items()
    }
    return ExpressionTable(mean, spread, source, content["provenance"])

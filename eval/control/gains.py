"""Finds the dials of a generator in its Request model, whatever the model looks like."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from espressivo.inputmodel import Gain

_MARK = get_args(Gain)[1].metadata
LOWEST, HIGHEST = 0.0, 2.0


def find_gains(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """Yield the path of every `Gain` field of a model, those of models inside it included."""
    for name, field in model.model_fields.items():
        if _is_gain(field):
            yield (name,)
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from ((name, *path) for path in find_gains(field.annotation))


def options_at(path: tuple[str, ...], value: float) -> dict[str, Any]:
    """Return the options that set the field at `path` and leave the others at their defaults."""
    name, *rest = path
    return {name: options_at(tuple(rest), value) if rest else value}


def _is_gain(field: FieldInfo) -> bool:
    return field.annotation is float and field.metadata == _MARK

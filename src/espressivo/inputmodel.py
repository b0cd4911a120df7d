"""The base of every model that a user fills in: frozen, strict about names, and plain about what is wrong."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from espressivo.errors import InputError


class InputModel(BaseModel):
    """Values from outside. A value that does not fit raises `InputError` with one sentence about the first of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_sentence(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"])).replace("_", "-")
            given = "" if first["type"] == "missing" else f" {first['input']!r}"
            raise InputError(f"{name}{given} cannot be used: {first['msg'][0].lower()}{first['msg'][1:]}.") from None

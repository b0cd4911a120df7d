"""The base of every model that a user fills in: frozen, strict about names, and plain about what is wrong."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from espressivo.errors import InputError

Gain = Annotated[float, Field(ge=0, le=2)]
"""A dial: 0 is none, 1 is normal, 2 is double."""


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
            # Of a union pydantic names the branch as well, by its own name for it, such as "is-instance[Speech]".
            place = (str(part) for part in first["loc"] if "[" not in str(part))
            name = ".".join(place).replace("_", "-") or cls.__name__
            given = "" if first["type"] == "missing" else f" {first['input']!r}"
            why = first["msg"].removeprefix("Value error, ")  # what a check of ours says, without pydantic's own words
            raise InputError(f"{name}{given} cannot be used: {why[0].lower()}{why[1:]}.") from None

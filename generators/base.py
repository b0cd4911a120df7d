"""The contract that every generator keeps: a spec, a typed request, and `generate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

from pydantic import ConfigDict

from espressivo.inputmodel import InputModel
from espressivo.progress import ProgressCallback

Kind = Literal["face", "portrait", "gesture", "music"]


class GenerationRequest(InputModel):
    """Base of every request. CLI options, studio controls, batch manifests and docs are derived from its fields."""

    model_config = ConfigDict(use_attribute_docstrings=True)


@dataclass(frozen=True)
class GeneratorSpec:
    """What is known of a generator without loading it."""

    name: str
    kind: Kind
    summary: str
    licence: str
    """Licence of the default weights (SPDX name, or why none applies)."""
    extras: tuple[str, ...] = ()
    """Extras of the package (`pip install espressivo[...]`) that it needs."""
    needs_checkpoint: str = ""
    """Of a generator that has no weights to ship: what its user has to bring as `checkpoint`, and where it is from."""


@runtime_checkable
class Generator(Protocol):
    """Makes one kind of artefact from a typed request."""

    spec: ClassVar[GeneratorSpec]
    Request: ClassVar[type[Any]]
    """A subclass of `GenerationRequest`; its fields differ from generator to generator."""

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> Self:
        """Load the shipped weights, or the authors' own from `checkpoint`."""
        ...

    def generate(self, request: Any, progress: ProgressCallback | None = None) -> Any:
        """Make the artefact. Raises `EspressivoError` for a request that cannot be met."""
        ...

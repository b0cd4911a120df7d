"""The controls of every music generator that is registered, from its request alone, in groups of one kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from espressivo.generators.base import GeneratorSpec
from espressivo.generators.music.request import TimedRequest
from espressivo.generators.registry import generator_class, list_generators
from espressivo.ui.studio import strings
from espressivo.ui.studio.form import RequestForm, schema_of

if TYPE_CHECKING:
    from gradio.components import Component

_APART = frozenset({"emotion", "infill"})
"""The time line and the piano roll give these."""
_OWN_PIECE = ("primer", "source", "melody_of")
"""Fields that a piece can be put into to go on from it, by preference."""


@dataclass(frozen=True)
class GeneratorControls:
    """One generator's controls."""

    spec: GeneratorSpec
    model: type[BaseModel]
    forms: tuple[RequestForm, ...]

    @property
    def components(self) -> "list[Component]":
        """All of them, in their order."""
        return [component for form in self.forms for component in form.components]

    @property
    def writes_anew(self) -> bool:
        """Whether bars of a piece can be written anew."""
        return {"primer", "infill"} <= self.model.model_fields.keys()

    @property
    def own_piece(self) -> "Component | None":
        """The control that takes a piece to go on from."""
        fields = {field.name: field.component for form in self.forms for field in form.fields}
        return next((fields[name] for name in _OWN_PIECE if name in fields), None)

    def options(self, *given: Any) -> dict[str, Any]:
        """Return what the controls ask for."""
        rest, options = list(given), {}
        for form in self.forms:
            count = len(form.components)
            options |= form.values(*rest[:count])
            rest = rest[count:]
        return options

    def shown(self, request: dict[str, Any]) -> list[Any]:
        """Return what the controls show for a request; a file is not shown again, it may be gone."""
        known = {name: value for name, value in request.items() if name not in file_fields(self.model)}
        return [value for form in self.forms for value in form.shown(known)]


def music_generators() -> list[GeneratorSpec]:
    """Return the specs of the music generators that can be loaded."""
    specs = [listing.spec for listing in list_generators()]
    return [spec for spec in specs if spec is not None and spec.kind == "music"]


def lay_out(spec: GeneratorSpec) -> GeneratorControls:
    """Lay out the controls of one generator: its own piece, length, locks, manner."""
    import gradio as gr

    model = generator_class(spec.name).Request
    forms: list[RequestForm] = []
    for title, fields, is_open in _groups(model):
        with gr.Accordion(title, open=is_open), gr.Row(elem_classes="es-music-fields"):
            forms.append(RequestForm(model, only=fields, prefix=f"es-music-{spec.name}"))
    return GeneratorControls(spec, model, tuple(forms))


def _groups(model: type[BaseModel]) -> Iterator[tuple[str, list[str], bool]]:
    fields = [name for name in model.model_fields if name not in _APART]
    length = [name for name in fields if name in TimedRequest.model_fields]
    own = [name for name in fields if name in file_fields(model)]
    rest = [name for name in fields if name not in (*length, *own)]
    locks = [name for name in rest if _is_lock(model, name)]
    groups = (
        (strings.MUSIC_LENGTH, length, True),
        (strings.MUSIC_LOCKS, locks, False),
        (strings.MUSIC_OWN, own, False),
        (strings.MUSIC_MANNER, [name for name in rest if name not in locks], False),
    )
    return (group for group in groups if group[1])


def _is_lock(model: type[BaseModel], name: str) -> bool:
    """Whether a field limits the music: it is open by default, or a range."""
    default = model.model_fields[name].get_default(call_default_factory=True)
    return default is None or (isinstance(default, tuple) and all(isinstance(each, int | float) for each in default))


@cache
def file_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields of a request that name files, the one to go on from first."""
    properties = schema_of(model)["properties"]
    names = [
        name
        for name, schema in properties.items()
        if any(choice.get("format") in ("path", "file-path") for choice in schema.get("anyOf", (schema,)))
    ]
    return tuple(sorted(names, key=lambda name: name not in _OWN_PIECE))

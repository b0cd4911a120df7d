"""Controls that are derived from a request model: what a generator can be asked for appears without interface code."""

import ast
import inspect
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from espressivo.errors import InputError
from espressivo.ui.studio import strings

if TYPE_CHECKING:
    from gradio.components import Component

_LONGEST_NUMBER, _LONGEST_LIST = 30, 2000
_WIDEST_SLIDER = 10_000
"""A whole number with a wider range (a seed, for one) is typed, not dragged."""


@dataclass(frozen=True)
class Writing:
    """How a list is written in one box."""

    hint: str
    joint: str
    """Between two items."""
    gaps: re.Pattern[str]
    """What may be typed between them."""

    def shown(self, items: Any) -> str:
        """Return a list as text; what is no list is nothing."""
        found = items if isinstance(items, list | tuple) else ()
        return self.joint.join(f"{item:g}" if isinstance(item, int | float) else str(item) for item in found)

    def read(self, text: str) -> list[str]:
        """Return the items of a text; the request says which of them it cannot use."""
        return [item for item in (part.strip() for part in self.gaps.split(text)) if item]


_NUMBERS = Writing(strings.NUMBERS_HINT, ", ", re.compile(r"[,;\s]+"))
_WRITINGS = {"number": _NUMBERS, "integer": _NUMBERS, "string": Writing(strings.LINES_HINT, "\n", re.compile(r"\n"))}
"""By the type of a list's items."""


@dataclass(frozen=True)
class Field:
    """One control and the place of its value in the request."""

    path: tuple[str | int, ...]
    """Names, and a number for one of a pair."""
    component: "Component"
    switch: "Component | None" = None
    """A box that has to be ticked for the value to count; without one, it counts."""
    writing: Writing | None = None
    """Of a list."""

    @property
    def name(self) -> str:
        """The place as one word, such as `controls.jaw`."""
        return ".".join(map(str, self.path))


class RequestForm:
    """The controls of a request, laid out where it is made."""

    def __init__(
        self,
        model: type[BaseModel],
        leave_out: Collection[str] = (),
        only: Collection[str] | None = None,
        choices: Mapping[str, Sequence[str]] | None = None,
        prefix: str = "es-field",
    ) -> None:
        """Derive the controls from the model's JSON schema.

        Args:
            model: a request.
            leave_out: top-level fields that the caller fills in otherwise.
            only: top-level fields to show; by default all.
            choices: what a text field may hold, where the schema does not say it.
            prefix: of the controls' element ids, which end in the field's place: `es-field-controls-jaw`.
        """
        schema = schema_of(model)
        self._choices, self._prefix = choices or {}, prefix
        self._definitions = schema.get("$defs", {})
        self.fields: list[Field] = []
        for name, described in schema.get("properties", {}).items():
            if name not in leave_out and (only is None or name in only):
                self._add((name,), described, model)

    @property
    def components(self) -> "list[Component]":
        """The controls in their order: inputs of an event."""
        return [control for field in self.fields for control in _controls(field)]

    def values(self, *given: Any) -> dict[str, Any]:
        """Return the request's fields as nested dictionaries from the controls' values; empty ones are left out."""
        result: dict[str | int, Any] = {}
        held = dict(zip(self.components, given, strict=True))
        for field in self.fields:
            value = held[field.component]
            if value is None or value == "" or (field.switch is not None and not held[field.switch]):
                continue
            place: dict[str | int, Any] = result
            for part in field.path[:-1]:
                place = place.setdefault(part, {})
            place[field.path[-1]] = value if field.writing is None else field.writing.read(str(value))
        return _with_pairs(result)

    def shown(self, request: Mapping[str, Any]) -> list[Any]:
        """Return what each control shows for a request; fields that it does not hold keep their defaults.

        Raises:
            InputError: one of them holds what its list of choices does not have.
        """
        values: list[Any] = []
        for field in self.fields:
            otherwise = field.component.value if field.switch is None and field.writing is None else None
            value = _at(request, field.path, otherwise)
            _check_choice(field, value)
            if field.writing is not None:
                values.append(field.writing.shown(value))
            elif value is None and field.switch is not None:
                values.append(field.component.value)
            else:
                values.append(f"{value:g}" if _is_open_number(field, value) else value)
            if field.switch is not None:
                values.append(value is not None)
        return values

    def _add(self, path: tuple[str, ...], described: Mapping[str, Any], model: type[BaseModel]) -> None:
        field = model.model_fields[path[-1]]
        text = field.description or field_texts(model).get(path[-1])
        schema: dict[str, Any] = {"description": text} | self._resolved(described)
        kind = field.annotation
        if "properties" in schema and isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, inner in schema["properties"].items():
                self._add((*path, name), inner, kind)
            return
        if _is_pair(schema):
            self._add_pair(path, schema)
            return
        if _is_open_fader(schema):
            self._add_fader(path, schema)
            return
        writing = self._writing_of(schema)
        component = self._component(path, schema) if writing is None else self._list(path, schema, writing)
        if component is not None:
            self.fields.append(Field(path, component, writing=writing))

    def _add_fader(self, path: tuple[str, ...], schema: Mapping[str, Any]) -> None:
        """Lay out a slider that may also be left open: a slider always has a value, so a box says whether it counts."""
        import gradio as gr

        about = self._about(path, schema)
        low, high = schema["minimum"], schema["maximum"]
        with gr.Group():
            switch = gr.Checkbox(False, label=f"Set {about['label'].lower()}", elem_id=f"{about['elem_id']}-set")
            slider = gr.Slider(low, high, value=(low + high) / 2, step=0.01, **about)
        self.fields.append(Field(path, slider, switch))

    def _add_pair(self, path: tuple[str, ...], schema: Mapping[str, Any]) -> None:
        """Lay out two numbers that belong together, such as a lowest and a highest pitch."""
        import gradio as gr

        about = self._about(path, schema)
        defaults = schema.get("default") or (None, None)
        with gr.Row(elem_classes="es-pair-of-numbers"):
            for place, (name, kind) in enumerate(zip(("from", "to"), schema["prefixItems"], strict=True)):
                texts = {"label": f"{about['label']}, {name}", "info": about["info"] if place == 0 else " "}
                number = gr.Number(
                    defaults[place],
                    precision=0 if kind.get("type") == "integer" else None,
                    elem_id=f"{about['elem_id']}-{name}",
                    min_width=100,
                    **texts,
                )
                self.fields.append(Field((*path, place), number))

    def _writing_of(self, schema: Mapping[str, Any]) -> Writing | None:
        """Return how a list of any length is written; None for anything else, and for a choice of some of a few."""
        items = self._resolved(schema.get("items", {}))
        return None if "enum" in items else _WRITINGS.get(items.get("type", ""))

    def _list(self, path: tuple[str, ...], schema: Mapping[str, Any], writing: Writing) -> "Component":
        import gradio as gr

        about = self._about(path, schema)
        about["info"] = " ".join(filter(None, (about["info"], writing.hint)))
        lines = {"lines": 2} if writing.joint == "\n" else {"max_lines": 1}
        text = writing.shown(schema.get("default"))
        return gr.Textbox(text, max_length=_LONGEST_LIST, placeholder=strings.LEFT_OPEN, **lines, **about)

    def _resolved(self, described: Mapping[str, Any]) -> dict[str, Any]:
        """Follow references, and take the one choice that is not null."""
        schema = dict(described)
        for key in ("allOf", "anyOf"):
            options = [option for option in schema.pop(key, ()) if option.get("type") != "null"]
            if options:
                schema = self._resolved(options[0]) | schema
        if "$ref" in schema:
            schema = self._resolved(self._definitions[schema.pop("$ref").rsplit("/", 1)[-1]]) | schema
        return schema

    def _component(self, path: tuple[str, ...], schema: Mapping[str, Any]) -> "Component | None":
        import gradio as gr

        default = schema.get("default")
        about = self._about(path, schema)
        label = about["label"]
        options = self._choices.get(".".join(path)) or schema.get("enum")
        if options:
            return gr.Dropdown(list(options), value=default, **about)
        kind = schema.get("type")
        if kind == "boolean":
            return gr.Checkbox(bool(default), **about)
        if kind in ("number", "integer"):
            return _number(kind, schema, default, about)
        if kind == "array" and "enum" in (items := self._resolved(schema.get("items", {}))):
            return gr.CheckboxGroup(list(items["enum"]), value=list(default or ()), **about)
        if kind == "string" and schema.get("format") in ("path", "file-path"):
            return gr.File(label=label, type="filepath", elem_id=about["elem_id"])
        if kind == "string":
            return gr.Textbox(default, **about)
        return None  # lists of objects have no one control; their default serves

    def _about(self, path: tuple[str, ...], schema: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "label": path[-1].replace("_", " ").capitalize(),
            "info": " ".join((schema.get("description") or "").split()) or None,
            "elem_id": f"{self._prefix}-{'-'.join(path)}",
        }


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a model, which takes a while to make."""
    return model.model_json_schema()


@cache
def field_texts(model: type[BaseModel]) -> dict[str, str]:
    """Return what is written below each field of a model, in its class and in those that it comes from."""
    texts: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if not issubclass(kind, BaseModel) or kind is BaseModel:
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        assert isinstance(tree, ast.ClassDef)
        for field, text in pairwise(tree.body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                texts[field.target.id] = inspect.cleandoc(str(ast.literal_eval(text.value)))
    return texts


def _number(kind: str, schema: Mapping[str, Any], default: Any, about: dict[str, Any]) -> "Component":
    import gradio as gr

    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    step = schema.get("multipleOf") or (1 if kind == "integer" else None)
    if default is None:
        # Gradio's sliders and numbers always have a value in the browser; only text can be left open there.
        return gr.Textbox("", placeholder=strings.LEFT_OPEN, max_lines=1, max_length=_LONGEST_NUMBER, **about)
    if low is not None and high is not None and high - low <= _WIDEST_SLIDER:
        return gr.Slider(low, high, value=default, step=step or 0.01, **about)
    if "exclusiveMaximum" in schema and kind == "integer":
        high = schema["exclusiveMaximum"] - 1
    precision = 0 if kind == "integer" else None
    return gr.Number(default, minimum=low, maximum=high, precision=precision, **about)


def _is_open_number(field: Field, value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and field.component.get_block_name() == "textbox"
    )


def _check_choice(field: Field, value: Any) -> None:
    choices = [choice[1] for choice in getattr(field.component, "choices", None) or ()]
    unknown = [str(each) for each in (value if isinstance(value, list) else [value]) if each not in choices]
    if choices and value is not None and unknown:
        raise InputError(strings.no_choice(field.name, unknown[0][:40], ", ".join(map(str, choices))))


def _controls(field: Field) -> "list[Component]":
    return [field.component] if field.switch is None else [field.component, field.switch]


def _is_open_fader(schema: Mapping[str, Any]) -> bool:
    """Whether a share between two limits may be left open."""
    limits = schema.get("minimum"), schema.get("maximum")
    return schema.get("type") == "number" and schema.get("default") is None and limits == (0, 1)


def _is_pair(schema: Mapping[str, Any]) -> bool:
    items = schema.get("prefixItems", ())
    return len(items) == 2 and all(item.get("type") in ("integer", "number") for item in items)


def _with_pairs(fields: dict[str | int, Any]) -> dict[str, Any]:
    """Return the fields with what was collected by number as a pair; half a pair is left out."""
    found: dict[str, Any] = {}
    for key, value in fields.items():
        name = str(key)
        if not isinstance(value, dict):
            found[name] = value
        elif not any(isinstance(part, int) for part in value):
            found[name] = _with_pairs(value)
        elif len(value) == 2:
            found[name] = [value[0], value[1]]
    return found


def _at(request: Mapping[str, Any], path: tuple[str | int, ...], otherwise: Any) -> Any:
    place: Any = request
    for part in path:
        if isinstance(part, int):
            if not isinstance(place, list | tuple) or part >= len(place):
                return otherwise
            place = place[part]
        else:
            if not isinstance(place, Mapping) or part not in place:
                return otherwise
            place = place[part]
    return list(place) if isinstance(place, tuple) else place

"""Controls from a request model: what is left open stays out, and what a take held is shown again."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

gr = pytest.importorskip("gradio")

from espressivo.conditioning.auto_dials import AutoEmotion  # noqa: E402
from espressivo.errors import InputError  # noqa: E402
from espressivo.generators.music.request import TimedRequest  # noqa: E402
from espressivo.generators.portrait.pctalk.controls import LipControls  # noqa: E402
from espressivo.generators.registry import generator_class, list_generators  # noqa: E402
from espressivo.performance import PerformanceRequest  # noqa: E402
from espressivo.ui.studio.form import RequestForm  # noqa: E402


def _form(name: str) -> RequestForm:
    with gr.Blocks():
        return RequestForm(generator_class(name).Request, leave_out={"emotion", "infill"})


def _shown(form: RequestForm, request: dict[str, Any]) -> dict[str, Any]:
    return form.values(*form.shown(request))


@pytest.mark.parametrize("name", ["emogen", "muser", "faders", "parametric"])
def test_controls_left_alone_ask_for_the_defaults(name: str) -> None:
    form = _form(name)
    fields = generator_class(name).Request.model_fields
    for field, value in _shown(form, {}).items():
        assert not isinstance(value, dict) or name == "parametric"
        if not isinstance(value, dict):
            default = fields[field].get_default(call_default_factory=True)
            assert value == (list(default) if isinstance(default, tuple) else default)


def test_what_may_be_left_open_is_left_open() -> None:
    assert {"bars", "seconds", "tempo", "density", "key", "primer"}.isdisjoint(_shown(_form("emogen"), {}))
    assert {"rhythm", "density"}.isdisjoint(_shown(_form("faders"), {}))


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("emogen", {"bars": 8, "tempo": 96, "pitch_range": [40, 80], "key": "D minor", "loop": True}),
        ("faders", {"rhythm": 0.2, "density": 0.9}),
        ("faders", {"rhythm": 0.0}),
        ("muser", {"elements": ["pitch"], "strictness": 1.0}),
        ("parametric", {"controls": {"jaw": 1.5}}),
    ],
)
def test_a_request_is_shown_and_asked_for_again(name: str, request_: dict[str, Any]) -> None:
    asked = _shown(_form(name), request_)
    for field, value in request_.items():
        if isinstance(value, dict):
            assert value.items() <= asked[field].items()
        else:
            assert asked[field] in (value, str(value))


def test_half_a_pair_is_no_pair() -> None:
    form = _form("emogen")
    given = form.shown({})
    given[[field.name for field in form.fields].index("pitch_range.0")] = None
    assert "pitch_range" not in form.values(*given)


def _places(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield where the fields of a request are, those of its parts one by one."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _places(kind, (*above, name))
        else:
            yield (*above, name)


@pytest.mark.parametrize("name", [listing.name for listing in list_generators() if listing.spec is not None])
def test_every_field_of_every_generator_has_a_control(name: str) -> None:
    model = generator_class(name).Request
    with gr.Blocks():
        form = RequestForm(model)
    found = {tuple(part for part in field.path if isinstance(part, str)) for field in form.fields}
    assert found == set(_places(model))


@pytest.mark.parametrize("model", [PerformanceRequest, AutoEmotion])
def test_every_field_of_a_performance_has_a_control(model: type[BaseModel]) -> None:
    with gr.Blocks():
        form = RequestForm(model)
    found = {tuple(part for part in field.path if isinstance(part, str)) for field in form.fields}
    assert found == set(_places(model))


@pytest.mark.parametrize(
    ("place", "typed", "read", "shown"),
    [
        ("sections", "4, 9.50;12", ["4", "9.50", "12"], "4, 9.5, 12"),
        ("sections", " , ", [], ""),
        ("edits", "purse 0.5, open 1.2\n\n never: wide 1.5 ", ["purse 0.5, open 1.2", "never: wide 1.5"], None),
    ],
)
def test_lists_are_typed(place: str, typed: str, read: list[str], shown: str | None) -> None:
    with gr.Blocks():
        form = RequestForm(TimedRequest if place == "sections" else LipControls, only=(place,))
    assert form.shown({}) == [""]
    assert form.values("") == {}
    assert form.values(typed) == {place: read}
    asked = tuple(float(part) for part in read) if place == "sections" else tuple(read)
    assert form.shown({place: asked}) == ["\n".join(read) if shown is None else shown]


def test_a_choice_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError, match=r"^elements 'colour' cannot be used: there are tempo, "):
        _form("muser").shown({"elements": ["pitch", "colour"]})

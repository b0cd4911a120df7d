"""Controls from a request model: what is left open stays out, and what a take held is shown again."""

from typing import Any

import pytest

gr = pytest.importorskip("gradio")

from espressivo.generators.registry import generator_class  # noqa: E402
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

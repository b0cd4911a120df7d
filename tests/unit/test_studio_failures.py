"""What an event of the studio did not foresee: a sentence for the user, the cause for the log."""

import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("gradio")

import gradio as gr

from espressivo.errors import InputError
from espressivo.ui.studio.failures import tell_of_failures


def _fail(text: str, request: gr.Request) -> str:
    """Fail."""
    raise ZeroDivisionError(f"a secret about {text}")


def _fail_later(text: str) -> Iterator[str]:
    yield text
    raise ZeroDivisionError(f"a secret about {text}")


def _refuse(text: str) -> str:
    raise InputError(f"/home/ada/{text}.wav cannot be used.")


def _of_an_event(function: Callable[..., Any]) -> Callable[..., Any]:
    with gr.Blocks() as app:
        box = gr.Textbox()
        box.change(function, box, box)
    tell_of_failures(app)
    (event,) = app.fns.values()
    assert event.fn is not None
    return event.fn


def test_the_user_gets_a_sentence_and_the_log_the_cause() -> None:
    with pytest.raises(gr.Error) as raised:
        _of_an_event(_fail)("x", None)
    assert "ZeroDivisionError" in raised.value.message
    assert "secret" not in raised.value.message
    assert raised.value.print_exception
    assert "secret" in str(raised.value.__cause__)


def test_events_that_yield_fail_in_words_as_well() -> None:
    event = _of_an_event(_fail_later)
    assert inspect.isgeneratorfunction(event)
    answers = event("x")
    assert next(answers) == "x"
    with pytest.raises(gr.Error, match="fault of the program"):
        next(answers)


def test_an_error_of_ours_keeps_its_sentence_without_folders() -> None:
    with pytest.raises(gr.Error) as raised:
        _of_an_event(_refuse)("line")
    assert raised.value.message == "line.wav cannot be used."
    assert not raised.value.print_exception


def test_gradio_sees_the_function_itself() -> None:
    """It fills in requests by their annotation, and tells programs of parameters and what is written of them."""
    event = _of_an_event(_fail)
    assert inspect.signature(event) == inspect.signature(_fail)
    assert typing.get_type_hints(event)["request"] is gr.Request
    assert event.__doc__ == "Fail."

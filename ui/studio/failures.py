"""Whatever goes wrong in an event reaches the user as a sentence; of what nobody foresaw the log gets the traceback.

Gradio by itself shows an exception to nobody or, if told to, all of its text to everybody. Tabs show errors of ours
where they arise; this is for endpoints, and for all that tabs do not expect.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from espressivo.errors import EspressivoError
from espressivo.ui.studio import strings
from espressivo.ui.studio.messages import without_folders

if TYPE_CHECKING:
    import gradio as gr


def tell_of_failures(app: "gr.Blocks") -> None:
    """Have every event of a finished application tell of its failures."""
    for event in app.fns.values():
        if event.fn is not None:
            event.fn = _telling(event.fn)


def _telling(function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def act(*given: Any, **named: Any) -> Any:
            with _in_a_sentence():
                yield from function(*given, **named)

    else:

        @functools.wraps(function)
        def act(*given: Any, **named: Any) -> Any:
            with _in_a_sentence():
                return function(*given, **named)

    return act


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    import gradio as gr

    try:
        yield
    except gr.Error:
        raise
    except EspressivoError as error:
        raise gr.Error(without_folders(str(error)), print_exception=False) from None
    except Exception as error:  # whatever it is
        raise gr.Error(strings.FAILED.format(kind=type(error).__name__)) from error

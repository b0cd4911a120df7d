"""What the browser remembers of a visit: the values of controls, put back on the next one."""

import json
from typing import TYPE_CHECKING, Any

import gradio as gr

from espressivo.errors import EspressivoError
from espressivo.ui.studio.emotion_controls import track_of, value_of

if TYPE_CHECKING:
    from gradio.components import Component

    from espressivo.ui.studio.studio import Studio


def remember(studio: "Studio", tab: str, kept: "dict[str, Component]") -> None:
    """Keep the values of `kept` in the browser under `tab`, and put them back when the page is loaded.

    They never leave the browser but for that: a script writes them there, whenever something was changed.
    """
    names = json.dumps(list(kept))
    values = f"Object.fromEntries({names}.map((n, k) => [n, values[k]]))"
    write = f"(all, ...values) => ({{...all, {json.dumps(tab)}: {values}}})"
    changes = [component.change for component in kept.values()]  # type: ignore[attr-defined]
    gr.on(changes, None, [studio.settings, *kept.values()], studio.settings, js=write, api_visibility="private")

    def put_back(remembered: Any) -> list[Any]:
        found = remembered.get(tab) if isinstance(remembered, dict) else None
        found = found if isinstance(found, dict) else {}
        return [_if_it_fits(component, found.get(name)) for name, component in kept.items()]

    studio.app.load(put_back, studio.settings, list(kept.values()), show_progress="hidden", api_visibility="private")


def _if_it_fits(component: "Component", value: Any) -> Any:
    """Return a remembered value, or leave the control as it is where the value is none for it (any more)."""
    if value is None:
        return gr.skip()
    try:
        if isinstance(component, gr.HTML):
            return value_of(track_of(value))
        component.preprocess(value)
    except (EspressivoError, gr.Error, ValueError, TypeError):
        return gr.skip()
    return value

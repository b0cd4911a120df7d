"""The custom components: pad, timeline and head. What the browser sends is checked as if a stranger had sent it."""

import json
from typing import Annotated, Any

import gradio as gr
from pydantic import Field

from espressivo.conditioning.easing import Ease
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import MAX_TIME_S, EmotionTrack, Keyframe
from espressivo.inputmodel import InputModel
from espressivo.ui.studio import strings
from espressivo.ui.studio.facts import BLENDS, emotion_facts

MOST_KEYFRAMES = 2000
_Axis = Annotated[float, Field(ge=-1, le=1)]
_NEUTRAL = EmotionState.neutral()


class KeyframeValue(InputModel):
    """A keyframe as the timeline sends it."""

    t_s: Annotated[float, Field(ge=0, le=MAX_TIME_S)]
    weights: dict[Annotated[str, Field(max_length=20)], Annotated[float, Field(ge=0, le=1)]]
    intensity: Annotated[float, Field(ge=0, le=1)] = 1.0
    vad: tuple[_Axis, _Axis, _Axis] | None = None
    style: Annotated[str, Field(max_length=40)] | None = None
    ease: Ease = "linear"


class TrackValue(InputModel):
    """What the timeline sends."""

    keyframes: Annotated[tuple[KeyframeValue, ...], Field(min_length=1, max_length=MOST_KEYFRAMES)]

    def track(self) -> EmotionTrack:
        """Return the track.

        Raises:
            EmotionError: a category is unknown or weights exceed 1.
        """
        return EmotionTrack(
            tuple(
                Keyframe(row.t_s, EmotionState(_tidied(row.weights), row.intensity, row.vad, row.style), row.ease)
                for row in self.keyframes
            )
        )


def track_of(value: Any) -> EmotionTrack:
    """Check what a timeline sent, and return the track.

    Raises:
        InputError: it is no track; one sentence says what is wrong with it.
    """
    return TrackValue.model_validate(value).track()


def value_of(track: EmotionTrack) -> dict[str, Any]:
    """Write a track as a timeline reads it."""
    return json.loads(track.to_json())


def emotion_timeline(store: str, **about: Any) -> gr.HTML:
    """Lay out keyframes over the waveform, on the track `store` of the page; read its value with `track_of`."""
    return _component("timeline", store, strings.TIMELINE, value_of(EmotionTrack.constant(_NEUTRAL)), **about)


def emotion_moment(store: str, **about: Any) -> gr.HTML:
    """Hold the emotion of the track `store` at the playhead, as a track of one keyframe; read it with `track_of`."""
    return _component("moment", store, {}, value_of(EmotionTrack.constant(_NEUTRAL)), **about)


def emotion_pad(store: str, **about: Any) -> gr.HTML:
    """Lay out pad, dials, mix and presets, which edit the track `store` of the page and have no value of their own."""
    return _component("emotion", store, strings.PAD, None, module="pad", given={"blends": BLENDS}, **about)


def head_stage(store: str, gains: dict[str, str], **about: Any) -> gr.HTML:
    """Lay out the 3D head, which follows the track `store` of the page.

    Its value comes from the server only: `identity`, `motion` (address of a GLB that moves) and `sound` (`src`,
    `duration_s`, `peaks`, `words`).

    Args:
        store: name of the track.
        gains: element ids of the sliders by the region of the face that they turn up.
        **about: as for `gradio.HTML`.
    """
    inside = '<canvas></canvas><p class="es-head-says" aria-live="polite"></p>'
    return _component(
        "head", store, strings.HEAD, {"identity": "default"}, inside=inside, given={"gains": gains}, **about
    )


def mounting(module: str, arguments: str = "", **given: Any) -> str:
    """Return the script that starts a component: it calls `mount` of one of our modules.

    What is `given` is read from `props` there, as if it were passed to `gradio.HTML`. It is not, because Gradio forgets
    such properties when an event changes the component's value before its tab was opened for the first time.

    Args:
        module: file name in `static`.
        arguments: further ones of `mount`, as JavaScript.
        **given: what never changes.
    """
    return (
        f"const given = {json.dumps(given)};\n"
        "const all = new Proxy(props, { get: (own, name) => (name in given ? given[name] : own[name]) });\n"
        f"import(new URL('studio/{module}', document.baseURI))"
        f".then((module) => module.mount(element, all, trigger, watch{arguments and ', ' + arguments}));"
    )


def _component(
    name: str,
    store: str,
    texts: dict[str, str],
    value: Any,
    module: str | None = None,
    inside: str = "",
    given: dict[str, Any] | None = None,
    **about: Any,
) -> gr.HTML:
    """Make a component of our own; its script finds its place by the class `es-<name>` and builds everything there.

    It is no subclass of `gradio.HTML`, for which Gradio would write a stub file beside this one.
    """
    return gr.HTML(
        value,
        html_template=f'<div class="es-{name}">{inside}</div>',
        js_on_load=mounting(f"{module or name}.js", store=store, facts=emotion_facts(), texts=texts, **(given or {})),
        apply_default_css=False,
        **about,
    )


def _tidied(weights: dict[str, float]) -> dict[str, float]:
    """Take the last rounding error of the browser's sums off weights that should sum to 1."""
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()} if 1 < total < 1 + 1e-6 else dict(weights)

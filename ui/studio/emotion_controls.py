"""The custom components: pad, timeline and head. What the browser sends is checked as if a stranger had sent it."""

import json
from typing import Annotated, Any

import gradio as gr
from pydantic import Field

from espressivo.conditioning.easing import Ease
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import MAX_TIME_S, EmotionTrack, Keyframe
from espressivo.errors import EspressivoError
from espressivo.inputmodel import InputModel
from espressivo.ui.studio import strings
from espressivo.ui.studio.facts import BLENDS, emotion_facts

MOST_KEYFRAMES = 2000
_Axis = Annotated[float, Field(ge=-1, le=1)]
_MOUNT = "import(new URL('studio/{module}', document.baseURI)).then((m) => m.mount(element, props, trigger, watch));"
_HEIGHTS = {"pad": 470, "timeline": 235}


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


class EmotionTimeline(gr.HTML):
    """Keyframes over the waveform. Its value is an `EmotionTrack`."""

    def __init__(self, store: str, value: EmotionTrack | None = None, **about: Any) -> None:
        """Share the track `store` of the page with a pad and a head."""
        super().__init__(
            value,
            html_template='<div class="es-timeline"></div>',
            js_on_load=_MOUNT.format(module="timeline.js"),
            apply_default_css=False,
            min_height=_HEIGHTS["timeline"],
            store=store,
            facts=emotion_facts(),
            texts=strings.TIMELINE,
            **about,
        )

    def preprocess(self, payload: Any) -> EmotionTrack:  # type: ignore[override]
        """Check what the browser sent. Raises `gradio.Error` with one sentence."""
        try:
            return TrackValue.model_validate(payload).track()
        except EspressivoError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def postprocess(self, value: EmotionTrack | None) -> dict[str, Any]:  # type: ignore[override]
        """Write a track as the browser reads it."""
        return json.loads((value or EmotionTrack.constant(EmotionState.neutral())).to_json())

    def api_info(self) -> dict[str, Any]:
        """Describe the value."""
        return TrackValue.model_json_schema()


class EmotionPad(gr.HTML):
    """Pad, dials, mix and presets; they edit the track of a timeline and have no value of their own."""

    def __init__(self, store: str, **about: Any) -> None:
        """Share the track `store` of the page with a timeline."""
        super().__init__(
            html_template='<div class="es-emotion"></div>',
            js_on_load=_MOUNT.format(module="pad.js"),
            apply_default_css=False,
            min_height=_HEIGHTS["pad"],
            store=store,
            facts=emotion_facts(),
            blends=BLENDS,
            texts=strings.PAD,
            **about,
        )

    def preprocess(self, payload: Any) -> None:
        """Take nothing from the browser."""


class HeadStage(gr.HTML):
    """The 3D head, the sound it hears and, once there is one, the motion it plays.

    Value: `{"identity", "motion", "sound": {"src", "duration_s", "peaks", "words"}}`, from the server only.
    """

    def __init__(self, store: str, gains: dict[str, str], **about: Any) -> None:
        """Follow the track `store` of the page.

        Args:
            store: name of the track.
            gains: element ids of the sliders by the region of the face that they turn up.
            **about: as for `gradio.HTML`.
        """
        super().__init__(
            {"identity": "default"},  # type: ignore[arg-type]
            html_template=(
                f'<div class="es-head" role="img" aria-label="{strings.HEAD["label"]}">'
                '<canvas></canvas><p class="es-head-says" aria-live="polite"></p></div>'
            ),
            js_on_load=_MOUNT.format(module="head.js"),
            apply_default_css=False,
            store=store,
            facts=emotion_facts(),
            gains=gains,
            texts=strings.HEAD,
            **about,
        )

    def preprocess(self, payload: Any) -> None:
        """Take nothing from the browser."""

    def postprocess(self, value: Any) -> Any:
        """Pass on what the server says."""
        return value

    def api_info(self) -> dict[str, Any]:
        """Describe the value."""
        return {"type": "object"}


def _tidied(weights: dict[str, float]) -> dict[str, float]:
    """Take the last rounding error of the browser's sums off weights that should sum to 1."""
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()} if 1 < total < 1 + 1e-6 else dict(weights)

"""The controls of the Perform tab: what is asked, laid out, read, and shown again for a take."""

from typing import Any

import gradio as gr
from gradio.components import Component

from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.conditioning.notation import parse_emotion
from espressivo.demo import demo_lines
from espressivo.errors import InputError
from espressivo.generators.registry import list_generators
from espressivo.performance import PerformanceRequest
from espressivo.take import Take
from espressivo.ui.studio import strings
from espressivo.ui.studio.asking import EMOTION_FILES, FILE_FIELDS, kept_request
from espressivo.ui.studio.emotion_controls import (
    emotion_moment,
    emotion_pad,
    emotion_timeline,
    head_stage,
    value_of,
)
from espressivo.ui.studio.endpoints import served
from espressivo.ui.studio.form import RequestForm

_OWN = frozenset({"speech", "emotion", "transcript", "auto", "non_commercial", "portrait"})
"""Fields with controls of their own."""
_FACE, _MUSIC, _DIALS = ("identity", "identity_seed"), ("music", "composer"), ("controls", "speaking")
_LABEL, _CONSENT, _PORTRAIT = ("label",), ("consent",), ("whole", "portrait_face", "portraitist", "breath", "variants")
_KEPT_PORTRAITS = ("photograph", "footage")
"""What files are called in which a take keeps the picture or video that it was made from."""
_GAINS = {region: f"es-field-controls-{region}" for region in ("mouth", "brows", "eyes")}


class PerformControls:
    """Everything on the tab that is filled in or that shows something."""

    def __init__(self) -> None:
        """Lay the tab out."""
        self.portraitists = _registered("portrait")
        with gr.Row(elem_classes="es-columns"):
            with gr.Column(scale=4, min_width=300):
                self._line()
                self._face()
            with gr.Column(scale=5, min_width=320, elem_classes="es-stays"):
                gr.Markdown(f"### {strings.EMOTION}")
                emotion_pad("perform", elem_id="es-perform-pad")
            with gr.Column(scale=4, min_width=300, elem_classes="es-stays"):
                gr.Markdown(f"### {strings.PREVIEW}")
                self.stage = head_stage("perform", _GAINS, elem_id="es-perform-head")
                with gr.Row():
                    self.go = gr.Button(strings.GO, variant="primary", size="lg", elem_id="es-perform-go", scale=3)
                    self.stop = gr.Button(strings.STOP, size="lg", elem_id="es-perform-stop", interactive=False)
                self.status = gr.HTML(elem_id="es-perform-status", min_height=52)
                self.draft_picture = gr.HTML(elem_id="es-draft")
        gr.Markdown(f"### {strings.TIME_LINE}")
        self.timeline = emotion_timeline("perform", elem_id="es-perform-timeline")
        with gr.Row(elem_classes="es-columns"):
            with gr.Column(scale=1, min_width=300):
                self._sources()
            with gr.Column(scale=1, min_width=300):
                self._settings()
        self.result = gr.HTML(
            f'<div class="es-result es-empty-result">{strings.EMPTY_RESULT}</div>', elem_id="es-perform-result"
        )
        self.forms = (
            *(self.face_form, self.music_form, self.dial_form, self.more_form),
            *(self.label_form, self.consent_form, self.portrait_form),
        )
        self.of_forms: list[Component] = [component for form in self.forms for component in form.components]
        self.opened: list[Component] = [
            *(self.speech, self.transcript, self.timeline, self.who, self.portrait),
            *self.of_forms,
        ]
        """What shows a take that is opened here."""

    def fields(self, given: tuple[Any, ...], who: str, portrait: str | None) -> dict[str, Any]:
        """Return the request's fields from what the controls of the forms hold.

        Raises:
            InputError: a portrait is wanted and there is no picture.
        """
        fields: dict[str, Any] = {}
        held = iter(given)
        for form in self.forms:
            fields |= form.values(*(next(held) for _ in form.components))
        if who != strings.THE_PORTRAIT:
            return {name: value for name, value in fields.items() if name not in (*_LABEL, *_CONSENT, *_PORTRAIT)}
        if not portrait:
            raise InputError(strings.NO_PORTRAIT)
        return fields | {"portrait": portrait}

    def shown(self, take: Take) -> list[Any]:
        """Return the values of `opened` for a take.

        Raises:
            EspressivoError: it asks for something that does not fit.
        """
        request = kept_request(PerformanceRequest, take, (*FILE_FIELDS, "emotion"))
        shown = [value for form in self.forms for value in form.shown(request)]
        track = parse_emotion(str(take.file("emotion.emotionml")))
        words = request.get("transcript") or ""
        pictures = [file for file in take.folder.iterdir() if file.stem in _KEPT_PORTRAITS]
        who = [strings.THE_PORTRAIT, served(pictures[0])] if pictures else [strings.THE_HEAD, None]
        return [served(take.file("speech.wav")), words, value_of(track), *who, *shown]

    def remembered(self) -> dict[str, Component]:
        """Return what the browser keeps for the next visit, by name."""
        kept: dict[str, Component] = {"transcript": self.transcript, "track": self.timeline}
        kept |= {field.name: field.component for form in self.forms for field in form.fields}
        kept |= {
            f"{field.name}.set": field.switch
            for form in self.forms
            for field in form.fields
            if field.switch is not None
        }
        return kept

    def _line(self) -> None:
        gr.Markdown(f"### {strings.LINE}")
        self.speech = gr.Audio(
            sources=["upload", "microphone"], type="filepath", label=strings.SPEECH, elem_id="es-perform-speech"
        )
        gr.Markdown(strings.DEMO_LINES, elem_classes="es-hint")
        with gr.Row(elem_classes="es-tight es-narrow"):
            self.demos = {
                line: gr.Button(strings.demo_line(line), size="sm", elem_id=f"es-demo-{line}", min_width=60)
                for line in demo_lines()
            }
        self.transcript = gr.Textbox(
            label=strings.TRANSCRIPT,
            info=strings.TRANSCRIPT_HINT,
            lines=2,
            max_length=20_000,
            elem_id="es-perform-words",
        )

    def _face(self) -> None:
        from espressivo.generators.face.rig import list_identities

        gr.Markdown(f"### {strings.FACE}")
        who = [strings.THE_HEAD, strings.THE_PORTRAIT] if self.portraitists else [strings.THE_HEAD]
        self.who = gr.Radio(
            who, value=who[0], label=strings.HEAD_OR_PORTRAIT, visible=len(who) > 1, elem_id="es-perform-who"
        )
        with gr.Row(elem_classes="es-tight"):
            self.face_form = RequestForm(PerformanceRequest, only=_FACE, choices={"identity": list_identities()})
        with gr.Column(visible=False) as self.portrait_group:
            self.portrait = gr.File(
                label=strings.PORTRAIT,
                file_types=["image", "video"],
                type="filepath",
                height=120,
                elem_id="es-perform-portrait",
            )
            self.borrow_portrait = gr.Button(strings.BORROW_PORTRAIT, size="sm", elem_id="es-borrow-portrait")
            self.moment = emotion_moment("perform", elem_id="es-perform-moment")
            self.portrait_says = gr.HTML()
            self.label_form = RequestForm(PerformanceRequest, only=_LABEL)
            with gr.Column(elem_id="es-consent") as self.consent_group:
                gr.Markdown(strings.CONSENT_HINT, elem_classes="es-hint es-inside")
                self.consent_form = RequestForm(PerformanceRequest, only=_CONSENT)
            with gr.Accordion(strings.PORTRAIT_DIALS, open=False):
                self.portrait_form = RequestForm(
                    PerformanceRequest, only=_PORTRAIT, choices={"portraitist": self.portraitists or ["avatar"]}
                )
                self.portrait_face = _component(self.portrait_form, "portrait_face")

    def _sources(self) -> None:
        with gr.Accordion(strings.AUTO, open=False):
            self.auto_from = gr.Radio(
                list(strings.AUTO_CHOICES), value=next(iter(strings.AUTO_CHOICES)), label=strings.AUTO_FROM
            )
            self.auto_clip = gr.File(label=strings.AUTO_CLIP, type="filepath", visible=False, height=120)
            self.auto_form = RequestForm(AutoEmotion, prefix="es-auto")
            self.auto_go = gr.Button(strings.AUTO_GO, elem_id="es-auto-go")
        with gr.Accordion(strings.FILES, open=False):
            self.typed = gr.Textbox(
                label=strings.NOTATION, info=strings.NOTATION_HINT, max_length=100_000, elem_id="es-notation"
            )
            with gr.Row(elem_classes="es-tight"):
                self.apply = gr.Button(strings.NOTATION_GO, size="sm", min_width=80, elem_id="es-notation-go")
                self.emotion_in = gr.UploadButton(
                    strings.EMOTION_IN, file_types=list(EMOTION_FILES), type="filepath", size="sm", min_width=120
                )
                self.emotionml_out = gr.Button(strings.EXPORT_EMOTIONML, size="sm", min_width=80)
                self.json_out = gr.Button(strings.EXPORT_JSON, size="sm", min_width=60)
            self.download_name = gr.Textbox(visible="hidden")
            self.download_text = gr.Textbox(visible="hidden")
        self.emotion_status = gr.HTML(elem_id="es-emotion-status")

    def _settings(self) -> None:
        with gr.Accordion(strings.WITH_MUSIC, open=False):
            self.music_form = RequestForm(PerformanceRequest, only=_MUSIC, choices={"composer": _registered("music")})
        with gr.Accordion(strings.FACE_DIALS, open=False):
            self.style_clip = gr.UploadButton(
                strings.STYLE_CLIP, file_types=["video"], type="filepath", size="sm", elem_id="es-style-clip"
            )
            self.style_says = gr.HTML()
            with gr.Row():
                self.dial_form = RequestForm(PerformanceRequest, only=_DIALS)
            self.style = _component(self.dial_form, "speaking.style")
        with gr.Accordion(strings.MORE, open=False):
            self.more_form = RequestForm(
                PerformanceRequest,
                leave_out={*_OWN, *_FACE, *_MUSIC, *_DIALS, *_LABEL, *_CONSENT, *_PORTRAIT},
                choices={"face": _registered("face")},
            )


def _component(form: RequestForm, name: str) -> Component:
    """Return the control of one field."""
    return next(field.component for field in form.fields if field.name == name)


def _registered(kind: str) -> list[str]:
    """Return the names of the generators of a kind that can be used here."""
    return [
        listing.name for listing in list_generators() if listing.ready and listing.spec and listing.spec.kind == kind
    ]

"""The Perform tab: a line, a face and an emotion become a take."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components import Component  # at run time too: Gradio reads the annotations of events

from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.conditioning.notation import format_emotion, parse_emotion
from espressivo.demo import PORTRAIT, SPEECH_FOLDER, demo_lines, demo_request
from espressivo.errors import Cancelled, EmotionError, EspressivoError, InputError
from espressivo.generators.portrait.consent import shows_nobody
from espressivo.generators.registry import list_generators
from espressivo.performance import PerformanceRequest, perform
from espressivo.take import Take
from espressivo.ui.studio import jobs, messages, perform_api, strings
from espressivo.ui.studio.asking import EMOTION_FILES, FILE_FIELDS, kept_request, request_from, typed_emotion
from espressivo.ui.studio.emotion_controls import (
    emotion_moment,
    emotion_pad,
    emotion_timeline,
    head_stage,
    track_of,
    value_of,
)
from espressivo.ui.studio.endpoints import served
from espressivo.ui.studio.form import RequestForm
from espressivo.ui.studio.library.takes import Library
from espressivo.ui.studio.remembering import remember
from espressivo.ui.studio.result import result_html
from espressivo.ui.studio.studio import WORKING

if TYPE_CHECKING:
    from espressivo.ui.studio.sessions import Session
    from espressivo.ui.studio.studio import Studio

TITLE = strings.PERFORM
_OWN = frozenset({"speech", "emotion", "transcript", "auto", "non_commercial", "portrait"})
"""Fields with controls of their own."""
_FACE, _MUSIC, _DIALS = ("identity", "identity_seed"), ("music", "composer"), ("controls", "speaking")
_LABEL, _CONSENT, _PORTRAIT = ("label",), ("consent",), ("whole", "portrait_face", "portraitist", "breath", "variants")
_KEPT_PORTRAITS = ("photograph", "footage")
"""What files are called in which a take keeps the picture or video that it was made from."""
_DRAFT_PX = 320
_GAINS = {region: f"es-field-controls-{region}" for region in ("mouth", "brows", "eyes")}
_DOWNLOAD = """(name, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type: "application/octet-stream"}));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}"""


@dataclass(frozen=True)
class PerformTab:
    """How other tabs open a take here."""

    opened: list[Component]
    """Outputs of an event that opens a take."""
    open: Callable[[Take], list[Any]]
    """Their values for a take."""


def build(studio: "Studio") -> None:
    """Lay the tab out."""
    tab = _Tab(studio)
    tab.connect()
    tab.keep_settings()
    perform_api.offer(studio)


class _Tab:
    """The controls of the tab, and what happens when they are used."""

    def __init__(self, studio: "Studio") -> None:
        self.studio = studio
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
        self.controls: list[Component] = [component for form in self.forms for component in form.components]
        studio.perform = PerformTab(
            [self.speech, self.transcript, self.timeline, self.who, self.portrait, *self.controls], self._opened
        )

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

    def _sources(self) -> None:
        with gr.Accordion(strings.AUTO, open=False):
            self.auto_from = gr.Radio(
                list(strings.AUTO_CHOICES), value=next(iter(strings.AUTO_CHOICES)), label=strings.AUTO_FROM
            )
            self.auto_clip = gr.File(label=strings.AUTO_CLIP, type="filepath", visible=False, height=120)
            self.auto_form = RequestForm(AutoEmotion, leave_out=("preferred", "preferred_weight"), prefix="es-auto")
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
        with gr.Accordion(strings.FACE_DIALS, open=False), gr.Row():
            self.dial_form = RequestForm(PerformanceRequest, only=_DIALS)
        with gr.Accordion(strings.MORE, open=False):
            self.more_form = RequestForm(
                PerformanceRequest,
                leave_out={*_OWN, *_FACE, *_MUSIC, *_DIALS, *_LABEL, *_CONSENT, *_PORTRAIT},
                choices={"face": _registered("face")},
            )

    def connect(self) -> None:
        """Say what happens when."""
        inner: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        identity = self.face_form.components[0]
        begun = gr.State(0)
        self.go.click(self.begin, None, [begun, self.status, self.go, self.stop], queue=False, **inner).then(
            self.make_take,
            [
                begun,
                *(self.speech, self.transcript, self.timeline, self.studio.takes_changed, self.who, self.portrait),
                *self.controls,
            ],
            [self.status, self.result, self.stage, self.studio.takes_changed, self.go, self.stop],
            **WORKING,
            api_visibility="private",
            show_progress="minimal",
            show_progress_on=self.status,
        )
        self.stop.click(self.cancel, None, [self.status, self.go, self.stop], queue=False, **inner)
        gr.on(
            [self.speech.change, self.transcript.blur, identity.change],  # type: ignore[attr-defined]
            self.hear,
            [self.speech, self.transcript, identity],
            self.stage,
            trigger_mode="always_last",
            **inner,
        )
        self.who.change(
            lambda who: gr.update(visible=who == strings.THE_PORTRAIT), self.who, self.portrait_group, **inner
        )
        self.borrow_portrait.click(lambda: served(PORTRAIT), None, self.portrait, **inner)
        self.portrait.change(
            lambda path: gr.update(visible=path is None or not shows_nobody(Path(path))),
            self.portrait,
            self.consent_group,
            **inner,
        )
        gr.on(
            [self.who.change, self.portrait.change, self.moment.change],
            self.draft,
            [self.who, self.portrait, self.moment],
            [self.portrait_says, self.draft_picture],
            trigger_mode="always_last",
            **inner,
        )
        borrowed: list[Component] = [self.speech, self.transcript, self.timeline]
        for line, button in self.demos.items():
            button.click(partial(self.borrow, line), None, borrowed, **inner)
        self.auto_from.change(
            lambda source: gr.update(visible=strings.AUTO_CHOICES.get(source) == "of"),
            self.auto_from,
            self.auto_clip,
            **inner,
        )
        self.auto_go.click(
            self.recognise,
            [self.speech, self.transcript, self.auto_from, self.auto_clip, *self.auto_form.components],
            [self.emotion_status, self.timeline],
            api_visibility="private",
            show_progress="minimal",
            show_progress_on=self.emotion_status,
        )
        gr.on(
            [self.apply.click, self.typed.submit],
            self.read_typed,
            self.typed,
            [self.emotion_status, self.timeline],
            **inner,
        )
        self.emotion_in.upload(self.read_file, self.emotion_in, [self.emotion_status, self.timeline], **inner)
        self.timeline.change(_as_text, self.timeline, self.typed, queue=False, **inner)
        for button, write in ((self.emotionml_out, _emotionml), (self.json_out, _json)):
            button.click(write, self.timeline, [self.download_name, self.download_text], **inner).then(
                None, [self.download_name, self.download_text], None, js=_DOWNLOAD, api_visibility="private"
            )

    def keep_settings(self) -> None:
        """Have the browser remember what stands in the controls."""
        kept: dict[str, Component] = {"transcript": self.transcript, "track": self.timeline}
        kept |= {field.name: field.component for form in self.forms for field in form.fields}
        kept |= {
            f"{field.name}.set": field.switch
            for form in self.forms
            for field in form.fields
            if field.switch is not None
        }
        remember(self.studio, "perform", kept)

    # Events

    def make_take(
        self,
        begun: int,
        speech: str | None,
        transcript: str,
        track: Any,
        count: int,
        who: str,
        portrait: str | None,
        request: gr.Request,
        *controls: Any,
    ) -> Iterator[dict[Component, Any]]:
        """Make a take."""
        session = self.studio.session(request)
        if session.was_stopped(begun):  # while it stood in the queue; the button has answered
            return
        idle = {self.go: gr.update(interactive=True), self.stop: gr.update(interactive=False)}
        try:
            fields = self._fields(controls, who, portrait)
            wanted = request_from(fields, _given(speech), transcript, track_of(track))
            doing = self.studio.do(session, perform, request=wanted, out=session.new_folder(_stem(speech)))
            for event in doing:
                yield {self.status: messages.working(event)}
            take: Take = doing.result
            yield {
                self.status: messages.note(strings.DONE),
                self.result: result_html(self.studio.tickets, take, Library(session).thumbnail(take.folder.name)),
                self.stage: self._stage_of(take, session),
                self.studio.takes_changed: count + 1,
                **idle,
            }
        except Cancelled:
            yield {self.status: messages.note(strings.STOPPED), **idle}
        except EspressivoError as error:
            yield {self.status: messages.problem(error), **idle}

    def begin(self, request: gr.Request) -> tuple[int, str, Any, Any]:
        """Answer the button at once, however long the queue is."""
        number = self.studio.session(request).begin()
        return number, messages.note(strings.WAITING), gr.update(interactive=False), gr.update(interactive=True)

    def cancel(self, request: gr.Request) -> tuple[str, Any, Any]:
        """Stop what is being made, or waits to be."""
        self.studio.session(request).cancel()
        return messages.note(strings.STOPPED), gr.update(interactive=True), gr.update(interactive=False)

    def hear(self, speech: str | None, transcript: str, identity: str, request: gr.Request) -> Iterator[dict[str, Any]]:
        """Show the waveform, and then the words."""
        stage: dict[str, Any] = {"identity": identity}
        if speech is None:
            yield stage
            return
        try:
            source = self.studio.tickets.file(Path(speech))
            stage["sound"] = {"src": source, **jobs.hear(Path(speech), None, _quiet)}
            yield stage
            if transcript.strip():
                session = self.studio.session(request)
                doing = self.studio.do_soon(session, jobs.hear, path=Path(speech), transcript=transcript.strip())
                for _ in doing:
                    pass
                session.words[transcript.strip()] = doing.result["words"]
                yield stage | {"sound": {"src": source, **doing.result}}
        except EspressivoError:
            yield stage  # what is wrong with the sound is said when it is to be used

    def draft(self, who: str, portrait: str | None, moment: Any, request: gr.Request) -> tuple[Any, Any]:
        """Show the photograph with the emotion at the playhead, small, as soon as it can be drawn."""
        from espressivo.generators.portrait.redub.footage import is_footage

        if who != strings.THE_PORTRAIT:
            return "", ""
        if portrait is not None and is_footage(Path(portrait)):
            return messages.note(strings.NO_DRAFT_OF_VIDEO), ""
        try:
            # Before there is a picture ours is drawn and not shown, so that what every draft needs is loaded by then.
            doing = self.studio.do_soon(
                self.studio.session(request),
                jobs.draft_portrait,
                path=Path(portrait or PORTRAIT),
                face=None,
                state=track_of(moment).keyframes[0].state,
                size=_DRAFT_PX,
            )
            for _ in doing:
                pass
        except Cancelled:  # with what else was being made
            return gr.skip(), gr.skip()
        except EspressivoError as error:
            return messages.problem(error), ""
        if portrait is None:
            return "", ""
        picture = base64.b64encode(doing.result).decode()
        image = f'<img src="data:image/jpeg;base64,{picture}" alt="{strings.DRAFT}">'
        return "", f'<figure class="es-draft">{image}<figcaption>{strings.DRAFT}</figcaption></figure>'

    def borrow(self, line: str) -> tuple[str, str, Any]:
        """Take one of the lines that ship."""
        wanted = demo_request(line)
        return served(SPEECH_FOLDER / f"{line}.wav"), wanted.transcript or "", value_of(parse_emotion(wanted.emotion))

    def recognise(
        self,
        speech: str | None,
        transcript: str,
        source: str,
        clip: str | None,
        request: gr.Request,
        *dials: Any,
    ) -> Iterator[tuple[Any, Any]]:
        """Fill the time line in from the voice, the words or a clip."""
        try:
            asked = strings.AUTO_CHOICES[source]
            if asked == "of":
                if clip is None:
                    raise InputError(strings.NO_CLIP)
                asked = f"of:{clip}"
            doing = self.studio.do_soon(
                self.studio.session(request),
                jobs.recognise,
                path=Path(_given(speech)),
                transcript=transcript.strip() or None,
                source=asked,
                dials=AutoEmotion.model_validate(self.auto_form.values(*dials)),
            )
            for event in doing:
                yield messages.working(event), gr.skip()
            yield messages.note(strings.RECOGNISED.format(emotion=format_emotion(doing.result))), value_of(doing.result)
        except Cancelled:
            yield messages.note(strings.STOPPED), gr.skip()
        except EspressivoError as error:
            yield messages.problem(error), gr.skip()

    def read_typed(self, text: str) -> tuple[str, Any]:
        """Apply a typed emotion."""
        try:
            return "", value_of(typed_emotion(text))
        except EspressivoError as error:
            return messages.problem(error), gr.skip()

    def read_file(self, path: str) -> tuple[str, Any]:
        """Read an EmotionML or JSON file that was uploaded."""
        try:
            if Path(path).suffix.lower() not in EMOTION_FILES:
                raise EmotionError(f"{Path(path).name} is no emotion; give an .emotionml, .xml or .json file.")
            return "", value_of(parse_emotion(path))
        except EspressivoError as error:
            return messages.problem(error), gr.skip()

    # Inside

    def _fields(self, controls: tuple[Any, ...], who: str, portrait: str | None) -> dict[str, Any]:
        """Return the request's fields from what the controls hold.

        Raises:
            InputError: a portrait is wanted and there is no picture.
        """
        fields: dict[str, Any] = {}
        given = iter(controls)
        for form in self.forms:
            fields |= form.values(*(next(given) for _ in form.components))
        if who != strings.THE_PORTRAIT:
            return {name: value for name, value in fields.items() if name not in (*_LABEL, *_CONSENT, *_PORTRAIT)}
        if not portrait:
            raise InputError(strings.NO_PORTRAIT)
        return fields | {"portrait": portrait}

    def _stage_of(self, take: Take, session: "Session") -> dict[str, Any]:
        sound = take.file("speech.wav")
        heard = jobs.hear(sound, None, _quiet)
        heard["words"] = session.words.get((take.record["request"].get("transcript") or "").strip(), [])
        return {
            "identity": take.record["request"].get("identity", "default"),
            "motion": self.studio.tickets.file(take.file("face.glb")),
            "sound": {"src": self.studio.tickets.file(sound), **heard},
        }

    def _opened(self, take: Take) -> list[Any]:
        request = kept_request(PerformanceRequest, take, (*FILE_FIELDS, "emotion"))
        shown = [value for form in self.forms for value in form.shown(request)]
        track = parse_emotion(str(take.file("emotion.emotionml")))
        words = request.get("transcript") or ""
        pictures = [file for file in take.folder.iterdir() if file.stem in _KEPT_PORTRAITS]
        who = [strings.THE_PORTRAIT, served(pictures[0])] if pictures else [strings.THE_HEAD, None]
        return [served(take.file("speech.wav")), words, value_of(track), *who, *shown]


def _registered(kind: str) -> list[str]:
    """Return the names of the generators of a kind that can be used here."""
    return [
        listing.name for listing in list_generators() if listing.ready and listing.spec and listing.spec.kind == kind
    ]


def _given(speech: str | None) -> str:
    if not speech:
        raise InputError(strings.NO_SPEECH)
    return speech


def _stem(speech: str | None) -> str:
    return Path(speech or "take").stem


def _quiet(event: object) -> None:
    """Report to nobody."""


def _as_text(value: Any) -> str:
    return format_emotion(track_of(value))


def _emotionml(value: Any) -> tuple[str, str]:
    from espressivo.conditioning.emotionml import format_emotionml, track_to_emotionml

    return "emotion.emotionml", format_emotionml(track_to_emotionml(track_of(value)))


def _json(value: Any) -> tuple[str, str]:
    return "emotion.json", track_of(value).to_json()

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
from espressivo.demo import PORTRAIT, SPEECH_FOLDER, demo_request
from espressivo.errors import Cancelled, EmotionError, EspressivoError, InputError
from espressivo.generators.portrait.consent import shows_nobody
from espressivo.performance import perform
from espressivo.take import Take
from espressivo.ui.studio import messages, strings
from espressivo.ui.studio.asking import EMOTION_FILES, request_from, typed_emotion
from espressivo.ui.studio.emotion_controls import track_of, value_of
from espressivo.ui.studio.endpoints import served
from espressivo.ui.studio.library.takes import Library
from espressivo.ui.studio.perform import endpoints, jobs
from espressivo.ui.studio.perform.controls import PerformControls
from espressivo.ui.studio.perform.result import result_html
from espressivo.ui.studio.remembering import remember
from espressivo.ui.studio.studio import WORKING

if TYPE_CHECKING:
    from espressivo.ui.studio.sessions import Session
    from espressivo.ui.studio.studio import Studio

TITLE = strings.PERFORM
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
    controls = tab.controls
    studio.perform = PerformTab(controls.opened, controls.shown)
    remember(studio, "perform", controls.remembered())
    endpoints.offer(studio)


class _Tab:
    """What happens when the controls of the tab are used."""

    def __init__(self, studio: "Studio") -> None:
        self.studio, self.controls = studio, PerformControls()

    def connect(self) -> None:
        """Say what happens when."""
        page = self.controls
        inner: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        identity = page.face_form.components[0]
        begun = gr.State(0)
        page.go.click(self.begin, None, [begun, page.status, page.go, page.stop], queue=False, **inner).then(
            self.make_take,
            [
                begun,
                *(page.speech, page.transcript, page.timeline, self.studio.takes_changed, page.who, page.portrait),
                *page.of_forms,
            ],
            [page.status, page.result, page.stage, self.studio.takes_changed, page.go, page.stop],
            **WORKING,
            api_visibility="private",
            show_progress="minimal",
            show_progress_on=page.status,
        )
        page.stop.click(self.cancel, None, [page.status, page.go, page.stop], queue=False, **inner)
        gr.on(
            [page.speech.change, page.transcript.blur, identity.change],  # type: ignore[attr-defined]
            self.hear,
            [page.speech, page.transcript, identity],
            page.stage,
            trigger_mode="always_last",
            **inner,
        )
        page.who.change(
            lambda who: gr.update(visible=who == strings.THE_PORTRAIT), page.who, page.portrait_group, **inner
        )
        page.borrow_portrait.click(lambda: served(PORTRAIT), None, page.portrait, **inner)
        page.portrait.change(
            lambda path: gr.update(visible=path is None or not shows_nobody(Path(path))),
            page.portrait,
            page.consent_group,
            **inner,
        )
        gr.on(
            [page.who.change, page.portrait.change, page.moment.change, page.portrait_face.blur],  # type: ignore[attr-defined]
            self.draft,
            [page.who, page.portrait, page.portrait_face, page.moment],
            [page.portrait_says, page.draft_picture],
            trigger_mode="always_last",
            **inner,
        )
        borrowed: list[Component] = [page.speech, page.transcript, page.timeline]
        for line, button in page.demos.items():
            button.click(partial(self.borrow, line), None, borrowed, **inner)
        page.auto_from.change(
            lambda source: gr.update(visible=strings.AUTO_CHOICES.get(source) == "of"),
            page.auto_from,
            page.auto_clip,
            **inner,
        )
        page.auto_go.click(
            self.recognise,
            [page.speech, page.transcript, page.auto_from, page.auto_clip, *page.auto_form.components],
            [page.emotion_status, page.timeline],
            api_visibility="private",
            show_progress="minimal",
            show_progress_on=page.emotion_status,
        )
        page.style_clip.upload(
            self.read_style,
            page.style_clip,
            [page.style_says, page.style],
            api_visibility="private",
            show_progress="minimal",
            show_progress_on=page.style_says,
        )
        gr.on(
            [page.apply.click, page.typed.submit],
            self.read_typed,
            page.typed,
            [page.emotion_status, page.timeline],
            **inner,
        )
        page.emotion_in.upload(self.read_file, page.emotion_in, [page.emotion_status, page.timeline], **inner)
        page.timeline.change(_as_text, page.timeline, page.typed, queue=False, **inner)
        for button, write in ((page.emotionml_out, _emotionml), (page.json_out, _json)):
            button.click(write, page.timeline, [page.download_name, page.download_text], **inner).then(
                None, [page.download_name, page.download_text], None, js=_DOWNLOAD, api_visibility="private"
            )

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
        *given: Any,
    ) -> Iterator[dict[Component, Any]]:
        """Make a take."""
        session = self.studio.session(request)
        if session.was_stopped(begun):  # while it stood in the queue; the button has answered
            return
        page = self.controls
        idle = {page.go: gr.update(interactive=True), page.stop: gr.update(interactive=False)}
        try:
            fields = page.fields(given, who, portrait)
            wanted = request_from(fields, _given(speech), transcript, track_of(track))
            doing = self.studio.do(session, perform, request=wanted, out=session.new_folder(_stem(speech)))
            for event in doing:
                yield {page.status: messages.working(event)}
            take: Take = doing.result
            yield {
                page.status: messages.done(strings.DONE, doing.notes),
                page.result: result_html(self.studio.tickets, take, Library(session).thumbnail(take.folder.name)),
                page.stage: self._stage_of(take, session),
                self.studio.takes_changed: count + 1,
                **idle,
            }
        except Cancelled:
            yield {page.status: messages.note(strings.STOPPED), **idle}
        except EspressivoError as error:
            yield {page.status: messages.problem(error), **idle}

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

    def draft(self, who: str, portrait: str | None, face: str, moment: Any, request: gr.Request) -> tuple[Any, Any]:
        """Show the photograph with the emotion at the playhead, small, as soon as it can be drawn."""
        from espressivo.generators.portrait.redub.footage import is_footage

        if who != strings.THE_PORTRAIT or portrait is None:
            return "", ""
        if is_footage(Path(portrait)):
            return messages.note(strings.NO_DRAFT_OF_VIDEO), ""
        try:
            doing = self.studio.do_soon(
                self.studio.session(request),
                jobs.draft_portrait,
                path=Path(portrait),
                face=int(face) if face.strip().isdecimal() else None,
                state=track_of(moment).keyframes[0].state,
                size=jobs.DRAFT_PX,
            )
            for _ in doing:
                pass
        except Cancelled:  # with what else was being made
            return gr.skip(), gr.skip()
        except EspressivoError as error:
            return messages.problem(error), ""
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
                dials=AutoEmotion.model_validate(self.controls.auto_form.values(*dials)),
            )
            for event in doing:
                yield messages.working(event), gr.skip()
            said = strings.RECOGNISED.format(emotion=format_emotion(doing.result))
            yield messages.done(said, doing.notes), value_of(doing.result)
        except Cancelled:
            yield messages.note(strings.STOPPED), gr.skip()
        except EspressivoError as error:
            yield messages.problem(error), gr.skip()

    def read_style(self, clip: str, request: gr.Request) -> Iterator[tuple[Any, Any]]:
        """Fill the style of speaking in from a video of somebody who speaks."""
        try:
            doing = self.studio.do_soon(self.studio.session(request), jobs.read_speaking_style, path=Path(clip))
            for event in doing:
                yield messages.working(event), gr.skip()
            yield messages.note(strings.STYLE_READ), doing.result
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

    def _stage_of(self, take: Take, session: "Session") -> dict[str, Any]:
        sound = take.file("speech.wav")
        heard = jobs.hear(sound, None, _quiet)
        heard["words"] = session.words.get((take.record["request"].get("transcript") or "").strip(), [])
        return {
            "identity": take.record["request"].get("identity", "default"),
            "motion": self.studio.tickets.file(take.file("face.glb")),
            "sound": {"src": self.studio.tickets.file(sound), **heard},
        }


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

"""The Music tab: an emotion over time, a generator with its controls, and a piano roll to write bars anew on."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components import Component

from espressivo.conditioning.notation import format_emotion, parse_emotion
from espressivo.errors import Cancelled, EspressivoError, InputError
from espressivo.generation import generate
from espressivo.generators.music.request import without_quadrants
from espressivo.take import Take
from espressivo.ui.studio import messages, strings
from espressivo.ui.studio.asking import kept_request, typed_emotion
from espressivo.ui.studio.emotion_controls import emotion_pad, emotion_timeline, track_of, value_of
from espressivo.ui.studio.endpoints import served
from espressivo.ui.studio.library.showing import download, files_html
from espressivo.ui.studio.music import endpoints
from espressivo.ui.studio.music.generators import GeneratorControls, file_fields, lay_out, music_generators
from espressivo.ui.studio.music.roll import emotion_of_bars, piano_roll, roll_value
from espressivo.ui.studio.music.stems import write_stems
from espressivo.ui.studio.remembering import remember
from espressivo.ui.studio.studio import WORKING

if TYPE_CHECKING:
    from espressivo.ui.studio.studio import Studio

TITLE = strings.MUSIC
_STORE = "music"
_STEMS = ".stems"
_MARKED = "roll => roll?.bars ? roll.bars.map(String) : ['', '']"


@dataclass(frozen=True)
class MusicTab:
    """How other tabs open a take here."""

    opened: list[Component]
    """Outputs of an event that opens a take."""
    open: Callable[[Take], list[Any]]
    """Their values for a take with music."""


def build(studio: "Studio") -> None:
    """Lay the tab out."""
    tab = _Tab(studio)
    tab.connect()
    studio.music = MusicTab(tab.opened, tab.open)
    endpoints.offer(studio)


class _Tab:
    """The controls of the tab, and what happens when they are used."""

    def __init__(self, studio: "Studio") -> None:
        self.studio = studio
        specs = music_generators()
        with gr.Row(elem_classes="es-columns"):
            with gr.Column(scale=5, min_width=320):
                gr.Markdown(f"### {strings.MUSIC_EMOTION}")
                emotion_pad(_STORE, elem_id="es-music-pad")
            with gr.Column(scale=5, min_width=320):
                gr.Markdown(f"### {strings.MUSIC_PIECE}")
                self.name = gr.Dropdown(
                    [spec.name for spec in specs],
                    value=specs[0].name if specs else None,
                    label=strings.MUSIC_GENERATOR,
                    elem_id="es-music-generator",
                )
                self.about = gr.HTML(_about(specs[0].name), elem_classes="es-hint")
                self.boxes: list[gr.Column] = []
                self.controls: dict[str, GeneratorControls] = {}
                for spec in specs:
                    with gr.Column(visible=spec is specs[0]) as box:
                        self.controls[spec.name] = lay_out(spec)
                    self.boxes.append(box)
                with gr.Row():
                    self.go = gr.Button(strings.MUSIC_GO, variant="primary", size="lg", scale=3, elem_id="es-music-go")
                    self.stop = gr.Button(strings.STOP, size="lg", interactive=False, elem_id="es-music-stop")
                self.said = gr.HTML(elem_id="es-music-said", min_height=52)
        gr.Markdown(f"### {strings.MUSIC_CURVE}")
        self.timeline = emotion_timeline(_STORE, elem_id="es-music-timeline")
        self.timeline.value = value_of(parse_emotion(strings.MUSIC_DEFAULT))
        self.roll = piano_roll(_STORE, elem_id="es-music-roll")
        self.piece = gr.State(None)
        with gr.Row(elem_classes="es-toolbar"):
            self.first = gr.Textbox("", label=strings.MUSIC_FIRST, max_lines=1, max_length=6, min_width=90)
            self.last = gr.Textbox("", label=strings.MUSIC_LAST, max_lines=1, max_length=6, min_width=90)
            self.anew = gr.Button(strings.MUSIC_INFILL, min_width=150, interactive=False, elem_id="es-music-infill")
            self.again = gr.Button(strings.MUSIC_AGAIN, min_width=150, interactive=False)
            self.stems = gr.Button(strings.MUSIC_STEMS, min_width=100, interactive=False)
        gr.Markdown(strings.MUSIC_INFILL_HINT, elem_classes="es-hint")
        self.below = gr.HTML(elem_id="es-music-below")
        self.files = gr.HTML(elem_id="es-music-files")
        self.all_controls = [component for each in self.controls.values() for component in each.components]
        self.of_a_piece: list[Component] = [self.anew, self.again, self.stems]
        self.opened: list[Component] = [
            *(self.name, self.timeline, self.roll, self.files, self.piece),
            *self.of_a_piece,
            *self.all_controls,
        ]

    def connect(self) -> None:
        """Say what happens when."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        work: dict[str, Any] = {
            "show_progress": "minimal",
            "api_visibility": "private",
            **WORKING,
        }
        made = [self.said, self.below, self.roll, self.files, self.piece, self.go, self.stop, self.studio.takes_changed]
        made += self.of_a_piece
        self.name.change(self.choose, self.name, [self.about, *self.boxes], **quiet)
        self.go.click(
            self.make_piece,
            [self.name, self.timeline, self.studio.takes_changed, *self.all_controls],
            made,
            show_progress_on=self.said,
            **work,
        )
        self.anew.click(
            self.write_anew,
            [
                self.name,
                self.timeline,
                self.piece,
                self.first,
                self.last,
                self.studio.takes_changed,
                *self.all_controls,
            ],
            made,
            show_progress_on=self.below,
            **work,
        )
        self.stop.click(self.cancel, queue=False, **quiet)
        # In the browser alone: many bars are passed while they are marked, and what is asked of the server while an
        # answer is under way is left out.
        self.roll.select(None, self.roll, [self.first, self.last], js=_MARKED, api_visibility="private")
        self.stems.click(self.make_stems, self.piece, self.below, show_progress_on=self.below, **work)
        pieces = [each.own_piece for each in self.controls.values() if each.own_piece is not None]
        self.again.click(self.go_on, [self.name, self.piece], [self.below, *pieces], **quiet)
        kept: dict[str, Component] = {"generator": self.name, "track": self.timeline}
        for name, each in self.controls.items():
            fields = [field for form in each.forms for field in form.fields if not isinstance(field.component, gr.File)]
            kept |= {f"{name}.{field.name}": field.component for field in fields}
            kept |= {f"{name}.{field.name}.set": field.switch for field in fields if field.switch is not None}
        remember(self.studio, "music", kept)

    # Events

    def choose(self, name: str) -> list[Any]:
        """Show the controls of one generator."""
        return [_about(name), *(gr.update(visible=name == other) for other in self.controls)]

    def make_piece(
        self, name: str, track: Any, count: int, request: gr.Request, *given: Any
    ) -> Iterator[dict[Component, Any]]:
        """Write a piece."""
        yield from self._make(self.said, name, count, request, lambda: self._options(name, track, given))

    def write_anew(
        self,
        name: str,
        track: Any,
        piece: str | None,
        first: str,
        last: str,
        count: int,
        request: gr.Request,
        *given: Any,
    ) -> Iterator[dict[Component, Any]]:
        """Write some bars of the piece anew."""

        def options() -> dict[str, Any]:
            session = self.studio.session(request)
            if not self._of(name).writes_anew:
                raise InputError(strings.MUSIC_NO_INFILL)
            if piece is None:
                raise InputError(strings.MUSIC_NO_PIECE)
            if not (first.strip().isdecimal() and last.strip().isdecimal()):
                raise InputError(strings.MUSIC_NO_BARS)
            asked = self._options(name, track, given)
            take, bars = session.take(piece), (int(first), int(last))
            for length in ("bars", "seconds", "exact"):
                asked.pop(length, None)
            asked["emotion"] = format_emotion(emotion_of_bars(take, track_of(track), bars))
            # Another seed than the one that wrote these bars.
            return asked | {
                "primer": str(take.file("music.mid")),
                "infill": bars,
                "seed": secrets.randbelow(2**32),
            }

        yield from self._make(self.below, name, count, request, options)

    def make_stems(self, piece: str | None, request: gr.Request) -> Iterator[str]:
        """Write the tracks of the piece as sounds of their own."""
        session = self.studio.session(request)
        try:
            if piece is None:
                raise InputError(strings.MUSIC_NO_PIECE)
            take = session.take(piece)
            path = session.folder / _STEMS / f"{piece}-stems.zip"
            doing = self.studio.do(session, write_stems, take=take.folder, path=path)
            for event in doing:
                yield messages.working(event)
            yield download(strings.MUSIC_STEMS_READY, self.studio.tickets.file(path), path.name)
        except Cancelled:
            yield messages.note(strings.STOPPED)
        except EspressivoError as error:
            yield messages.problem(error)

    def go_on(self, name: str, piece: str | None, request: gr.Request) -> list[Any]:
        """Put the piece where the generator takes one."""
        controls = [each for each in self.controls.values() if each.own_piece is not None]
        try:
            if piece is None:
                raise InputError(strings.MUSIC_NO_PIECE)
            if self._of(name).own_piece is None:
                raise InputError(strings.MUSIC_NO_OWN)
            midi = served(self.studio.session(request).take(piece).file("music.mid"))
        except EspressivoError as error:
            return [messages.problem(error), *(gr.skip() for _ in controls)]
        files = [midi if each.spec.name == name else gr.skip() for each in controls]
        return [messages.note(strings.MUSIC_AGAIN_READY), *files]

    def cancel(self, request: gr.Request) -> None:
        """Stop what is being made."""
        self.studio.session(request).cancel()

    def open(self, take: Take) -> list[Any]:
        """Return what the controls show for a take with music.

        Raises:
            EspressivoError: no generator that is here made it, or its music cannot be read.
        """
        made = take.record.get("generators", {}).get("music", {}).get("name")
        chosen = self._of(made)
        asked = kept_request(chosen.model, take, {*file_fields(chosen.model), "emotion", "infill"})
        emotion = take.record["request"].get("emotion")
        track = value_of(typed_emotion(without_quadrants(emotion))) if isinstance(emotion, str) else gr.skip()
        shown = [
            value
            for each in self.controls.values()
            for value in (each.shown(asked) if each is chosen else each.shown({}))
        ]
        piece = [roll_value(take, self.studio.tickets), files_html(take, self.studio.tickets), take.folder.name]
        return [made, track, *piece, *(gr.update(interactive=True) for _ in self.of_a_piece), *shown]

    # Inside

    def _make(
        self,
        place: gr.HTML,
        name: str,
        count: int,
        request: gr.Request,
        options: Callable[[], dict[str, Any]],
    ) -> Iterator[dict[Component, Any]]:
        session = self.studio.session(request)
        idle: dict[Component, Any] = {self.go: gr.update(interactive=True), self.stop: gr.update(interactive=False)}
        try:
            doing = self.studio.do(
                session, generate, name=self._of(name).spec.name, options=options(), out=session.new_folder(name)
            )
            yield {
                self.said: "",
                self.below: "",
                place: messages.note(strings.WAITING),
                self.go: gr.update(interactive=False),
                self.stop: gr.update(interactive=True),
            }
            for event in doing:
                yield {place: messages.working(event)}
            take: Take = doing.result
            yield {
                place: messages.done(strings.MUSIC_DONE, doing.notes),
                self.roll: roll_value(take, self.studio.tickets),
                self.files: files_html(take, self.studio.tickets),
                self.piece: take.folder.name,
                self.studio.takes_changed: count + 1,
                **{button: gr.update(interactive=True) for button in self.of_a_piece},
                **idle,
            }
        except Cancelled:
            yield {place: messages.note(strings.STOPPED), **idle}
        except EspressivoError as error:
            yield {place: messages.problem(error), **idle}

    def _of(self, name: Any) -> GeneratorControls:
        if name not in self.controls:
            raise InputError(f"'{str(name)[:40]}' is no music generator that is here; choose one of the list.")
        return self.controls[name]

    def _options(self, name: str, track: Any, given: tuple[Any, ...]) -> dict[str, Any]:
        """Return what the controls of one generator ask for; those of the others come along, and are left."""
        values = dict(zip(self.all_controls, given, strict=True))
        chosen = self._of(name)
        options = chosen.options(*(values[component] for component in chosen.components))
        return options | {"emotion": format_emotion(track_of(track))}


def _about(name: str) -> str:
    spec = next((spec for spec in music_generators() if spec.name == name), None)
    if spec is None:
        return ""
    return f"<p>{escape(spec.summary)}. {escape(strings.FACT_LICENCES)}: {escape(spec.licence)}</p>"

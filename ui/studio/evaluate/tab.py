"""The Evaluate tab: takes and files become a report, shown in place and kept in four formats."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components import Component
from gradio.events import api

from espressivo.errors import Cancelled, EspressivoError, InputError
from espressivo.ui.studio import messages, strings
from espressivo.ui.studio.endpoints import uploaded
from espressivo.ui.studio.evaluate.clips import SUFFIXES, evaluate_clips, files_of, gather
from espressivo.ui.studio.files import Tickets
from espressivo.ui.studio.library.takes import Library
from espressivo.ui.studio.studio import WORKING

if TYPE_CHECKING:
    from espressivo.ui.studio.studio import Studio

TITLE = strings.EVALUATE


def build(studio: "Studio") -> None:
    """Lay the tab out."""
    with gr.Row(elem_classes="es-columns"):
        with gr.Column(min_width=320):
            takes = gr.Dropdown([], multiselect=True, label=strings.EVALUATE_TAKES, elem_id="es-evaluate-takes")
            compare = gr.Checkbox(False, label=strings.EVALUATE_COMPARE, info=strings.EVALUATE_COMPARE_HINT)
        with gr.Column(min_width=320):
            uploads = gr.File(
                file_count="multiple",
                file_types=list(SUFFIXES),
                type="filepath",
                label=strings.EVALUATE_FILES,
                height=150,
                elem_id="es-evaluate-files",
            )
            gr.Markdown(strings.EVALUATE_FILES_HINT, elem_classes="es-hint")
            with gr.Accordion(strings.EVALUATE_EARLIER, open=False):
                earlier = gr.File(
                    file_types=[".json"], type="filepath", label=strings.EVALUATE_EARLIER_FILE, height=120
                )
    with gr.Row():
        go = gr.Button(strings.EVALUATE_GO, variant="primary", size="lg", scale=3, elem_id="es-evaluate-go")
        stop = gr.Button(strings.STOP, size="lg", interactive=False)
    said = gr.HTML(elem_id="es-evaluate-said", min_height=52)
    report = gr.HTML(f'<p class="es-nothing">{escape(strings.EVALUATE_EMPTY)}</p>', elem_id="es-evaluate-report")

    def refresh(chosen: list[str] | None, request: gr.Request) -> Any:
        entries = Library(studio.session(request)).entries()
        names = {entry.name for entry in entries}
        choices = [(f"{entry.name}: {entry.emotion}", entry.name) for entry in entries]
        return gr.update(choices=choices, value=[name for name in chosen or () if name in names])

    def report_on(
        names: list[str] | None,
        files: list[str] | None,
        against: bool,
        before: str | None,
        request: gr.Request,
    ) -> Iterator[dict[Component, Any]]:
        session = studio.session(request)
        idle = {go: gr.update(interactive=True), stop: gr.update(interactive=False)}
        try:
            paths, place = gather(session, names or [], [Path(file) for file in files or ()])
            doing = studio.do(
                session,
                evaluate_clips,
                paths=paths,
                compare=against,
                earlier=Path(before) if before else None,
                report=place,
            )
            yield {
                said: messages.note(strings.WAITING),
                go: gr.update(interactive=False),
                stop: gr.update(interactive=True),
            }
            for event in doing:
                yield {said: messages.working(event)}
            yield {
                said: messages.done(strings.EVALUATE_DONE, doing.notes),
                report: report_html(place, studio.tickets),
                **idle,
            }
        except Cancelled:
            yield {said: messages.note(strings.STOPPED), **idle}
        except EspressivoError as error:
            yield {said: messages.problem(error), **idle}

    def cancel(request: gr.Request) -> None:
        studio.session(request).cancel()

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    studio.takes_changed.change(refresh, takes, takes, **quiet)
    go.click(
        report_on,
        [takes, uploads, compare, earlier],
        [said, report, go, stop],
        show_progress="minimal",
        show_progress_on=said,
        api_visibility="private",
        **WORKING,
    )
    stop.click(cancel, queue=False, **quiet)
    _offer_endpoint(studio)


def report_html(report: Path, tickets: Tickets) -> str:
    """Return a report in a frame of its own, in which no script runs, and links to its formats."""
    files = files_of(report)
    links = "".join(
        f'<li><a href="{escape(tickets.file(path))}" download="{escape(path.name)}">{escape(path.name)}</a></li>'
        for path in files.values()
    )
    page = escape(files[".html"].read_text(encoding="utf-8"))
    return (
        f'<ul class="es-take-files">{links}</ul>'
        f'<iframe class="es-report" sandbox srcdoc="{page}" title="{escape(strings.EVALUATE_REPORT)}"></iframe>'
    )


def _offer_endpoint(studio: "Studio") -> None:
    def evaluate(
        request: gr.Request,
        takes: list[str] | None = None,
        files: list[dict[str, Any]] | None = None,
        compare: bool = False,
    ) -> dict[str, Any]:
        """Evaluate takes and files.

        Args:
            takes: Names of takes of this session.
            files: Videos, motions and MIDI files, uploaded: gradio_client's `handle_file`, or {"path": "..."}.
            compare: Hold them against each other, each as a system of its own.

        Returns:
            What was found, in sentences, and the addresses of the report as html, json, csv and md.
        """
        session = studio.session(request)
        if not isinstance(takes or [], list) or not isinstance(files or [], list):
            raise InputError("Takes and files are lists; give names of takes, and uploaded files.")
        paths, place = gather(session, takes or [], [uploaded(file) for file in files or ()])
        doing = studio.do(session, evaluate_clips, paths=paths, compare=compare, earlier=None, report=place)
        for _ in doing:
            pass
        addresses = {suffix[1:]: studio.tickets.file(path) for suffix, path in files_of(place).items()}
        return {"summary": list(doing.result), "files": addresses}

    api(evaluate, api_name="evaluate", **WORKING)

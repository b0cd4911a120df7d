"""The Compare tab: two takes under one transport bar, what is measured of them, and a grid of small takes."""

import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from espressivo.errors import Cancelled, EspressivoError, InputError
from espressivo.progress import ProgressEvent
from espressivo.ui.studio import messages, strings
from espressivo.ui.studio.compare import grid
from espressivo.ui.studio.compare.figures import figures, figures_html, measure_pair
from espressivo.ui.studio.compare.showing import grid_html, player_html, side
from espressivo.ui.studio.library.takes import Entry, Library
from espressivo.ui.studio.sessions import Session
from espressivo.ui.studio.studio import WORKING

if TYPE_CHECKING:
    from espressivo.ui.studio.studio import Studio

TITLE = strings.COMPARE
_REPORTS = ".reports"
_IN_GRID = "grid/"
_SCRIPT = "import(new URL('studio/compare.js', document.baseURI)).then((m) => m.mount(element, props, trigger, watch));"


def build(studio: "Studio") -> None:
    """Lay the tab out."""
    import gradio as gr

    with gr.Row():
        first = gr.Dropdown([], label=strings.COMPARE_A, elem_id="es-compare-a", min_width=240)
        second = gr.Dropdown([], label=strings.COMPARE_B, elem_id="es-compare-b", min_width=240)
    player = gr.HTML(
        {"a": None, "b": None}, html_template=player_html(), js_on_load=_SCRIPT, elem_id="es-compare-player"
    )
    with gr.Row():
        measure = gr.Button(strings.COMPARE_MEASURE, variant="primary", scale=2)
        stop = gr.Button(strings.STOP, interactive=False, scale=1)
    said = gr.HTML(elem_id="es-compare-said")
    measured = gr.HTML(elem_id="es-compare-figures")
    with gr.Accordion(strings.COMPARE_GRID, open=False, elem_id="es-compare-grid"):
        gr.HTML(f"<p>{escape(strings.COMPARE_GRID_HINT)}</p>")
        with gr.Row():
            known = grid.systems()
            chosen = gr.CheckboxGroup(
                [(f"{name} ({kind})", name) for name, kind in known.items()],
                value=[name for name in known if name == "parametric"],
                label=strings.COMPARE_SYSTEMS,
                min_width=320,
                scale=2,
            )
            with gr.Column(min_width=240):
                emotion = gr.Dropdown(list(grid.EMOTIONS), value=grid.EMOTIONS[0], label=strings.COMPARE_EMOTION)
                line = gr.Dropdown(
                    list(grid.lines()),
                    value=grid.USUAL_LINE,
                    label=strings.COMPARE_LINE,
                    info=strings.COMPARE_LINE_HINT,
                )
            with gr.Column(min_width=240):
                intensities = gr.Textbox("0.3, 0.6, 1", label=strings.COMPARE_INTENSITIES, max_lines=1)
                seeds = gr.Textbox("0, 1", label=strings.COMPARE_SEEDS, max_lines=1)
        with gr.Row():
            go = gr.Button(strings.COMPARE_GO, variant="primary", scale=2)
            halt = gr.Button(strings.STOP, interactive=False, scale=1)
            keep = gr.Button(strings.COMPARE_KEEP, interactive=False, scale=1)
        grid_said = gr.HTML(elem_id="es-grid-said")
        cells = gr.HTML(elem_id="es-grid-cells")

    plan = [chosen, emotion, line, intensities, seeds]

    def refresh(a: str | None, b: str | None, spoken: str | None, request: gr.Request) -> list[Any]:
        session = studio.session(request)
        known = _choices(session)
        values = {value for _, value in known}
        own = [(label, value) for label, value in known if _says_something(session, value)]
        return [
            gr.update(choices=known, value=a if a in values else None),
            gr.update(choices=known, value=b if b in values else None),
            gr.update(choices=[*grid.lines(), *own], value=spoken or grid.USUAL_LINE),
        ]

    def show(a: str | None, b: str | None, request: gr.Request) -> tuple[Any, str, str]:
        session = studio.session(request)
        try:
            return _pair(studio, session, a, b), "", ""
        except EspressivoError as error:
            return gr.skip(), messages.problem(error), ""

    def take_figures(a: str | None, b: str | None, request: gr.Request) -> Iterator[dict[Any, Any]]:
        session = studio.session(request)
        idle = {measure: gr.update(interactive=True), stop: gr.update(interactive=False)}
        try:
            doing = studio.do(session, measure_pair, **_pair_to_measure(session, a, b))
            yield {
                said: messages.note(strings.WAITING),
                measure: gr.update(interactive=False),
                stop: gr.update(interactive=True),
            }
            for event in doing:
                yield {said: messages.working(event)}
            yield {said: "", measured: figures_html(doing.result), **idle}
        except Cancelled:
            yield {said: messages.note(strings.STOPPED), **idle}
        except EspressivoError as error:
            yield {said: messages.problem(error), **idle}

    def make_grid(
        chosen: list[str], emotion: str, line: str, intensities: str, seeds: str, count: int, request: gr.Request
    ) -> Iterator[dict[Any, Any]]:
        session = studio.session(request)
        idle = {go: gr.update(interactive=True), halt: gr.update(interactive=False)}
        yield {
            grid_said: messages.note(strings.WAITING),
            cells: "",
            go: gr.update(interactive=False),
            halt: gr.update(interactive=True),
        }
        done = messages.note(strings.COMPARE_GRID_DONE)
        try:
            planned = grid.cells_of(chosen, emotion, intensities, seeds)
            for event in _make_cells(studio, session, planned, grid.line_of(session, line)):
                if event.fraction >= 1:
                    yield {cells: grid_html(grid.grid_cells(session), Library(session), studio.tickets)}
                else:
                    yield {grid_said: messages.working(event)}
        except Cancelled:
            done = messages.note(strings.COMPARE_GRID_STOPPED)
        except EspressivoError as error:
            done = messages.problem(error)
        any_made = bool(grid.grid_cells(session))
        yield {grid_said: done, keep: gr.update(interactive=any_made), studio.takes_changed: count + 1, **idle}

    def keep_grid(count: int, request: gr.Request) -> tuple[str, str, Any, int]:
        kept = _keep(studio.session(request))
        return messages.note(strings.compare_kept(kept)), "", gr.update(interactive=False), count + 1

    def cancel(request: gr.Request) -> None:
        studio.session(request).cancel()

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    work: dict[str, Any] = {
        "show_progress": "minimal",
        "api_visibility": "private",
        **WORKING,
    }
    studio.takes_changed.change(refresh, [first, second, line], [first, second, line], **quiet)
    gr.on([first.change, second.change], show, [first, second], [player, said, measured], **quiet)
    measure.click(take_figures, [first, second], [said, measured, measure, stop], show_progress_on=said, **work)
    go.click(
        make_grid,
        [*plan, studio.takes_changed],
        [grid_said, cells, go, halt, keep, studio.takes_changed],
        show_progress_on=grid_said,
        **work,
    )
    keep.click(keep_grid, studio.takes_changed, [grid_said, cells, keep, studio.takes_changed], **quiet)
    gr.on([stop.click, halt.click], cancel, queue=False, **quiet)
    _offer_endpoints(studio)


def _offer_endpoints(studio: "Studio") -> None:
    """Let programs do what the tab does; the docstrings below are what they are told."""
    import gradio as gr
    from gradio.events import api

    def compare_takes(a: str, b: str, request: gr.Request) -> dict[str, Any]:
        """Measure two takes of the library; a text where a number would be says why there is none.

        Args:
            a: Name of a take.
            b: Name of the other.
        """
        session = studio.session(request)
        doing = studio.do(session, measure_pair, **_pair_to_measure(session, a, b))
        for _ in doing:
            pass
        return {
            dimension: [{"metric": row.metric.name, "unit": row.metric.unit, "a": row.a, "b": row.b} for row in rows]
            for dimension, rows in figures(doing.result)
        }

    def compare_systems(
        systems: list[str], emotion: str, line: str, intensities: str, seeds: str, request: gr.Request
    ) -> list[str]:
        """Make a grid of small takes of every system, intensity and seed, and keep them; returns their names.

        Args:
            systems: Names of generators of faces, portraits or music, such as parametric, avatar, emogen.
            emotion: A category, such as happiness.
            line: What is said: a line that ships (joy, anger, calm, sadness), or a take whose line is said again.
            intensities: Numbers from 0 to 1 with commas between them.
            seeds: Whole numbers with commas between them.
        """
        session = studio.session(request)
        planned = grid.cells_of(systems, emotion, intensities, seeds)
        for _ in _make_cells(studio, session, planned, grid.line_of(session, line)):
            pass
        before = set(session.takes())
        _keep(session)
        return [name for name in session.takes() if name not in before]

    for endpoint in (compare_takes, compare_systems):
        api(endpoint, api_name=endpoint.__name__, **WORKING)


def _make_cells(
    studio: "Studio", session: Session, planned: list[grid.Cell], line: Path | str
) -> Iterator[ProgressEvent]:
    """Make a grid anew; an event of fraction 1 says that one more cell is there.

    Raises:
        Cancelled: it was stopped, maybe between two cells, when nothing was being made.
    """
    begun = session.begin()
    folder = session.folder / grid.FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, cell in enumerate(planned):
        if session.was_stopped(begun):
            raise Cancelled(strings.STOPPED)
        out = folder / f"{number + 1}-{cell.system}-{cell.emotion}-{cell.intensity:g}-{cell.seed}"
        for event in studio.do(session, grid.make_cell, cell=cell, line=line, out=out):
            share = (number + min(event.fraction, 0.99)) / len(planned)
            yield ProgressEvent(strings.compare_cell(number + 1, len(planned), cell.label), min(share, 0.99))
        yield ProgressEvent(cell.label, 1.0)


def _keep(session: Session) -> int:
    """Move the grid's cells into the library, and return how many there were."""
    cells = grid.grid_cells(session)
    for cell in cells:
        cell.rename(session.new_folder(cell.name.split("-", 1)[1]))
    return len(cells)


def _folder(session: Session, choice: str | None) -> Path | None:
    """Return what a choice stands for: a take of the library, or a cell of the grid.

    Raises:
        InputError: it stands for nothing of this session.
    """
    if not choice:
        return None
    if choice.startswith(_IN_GRID):
        found = next((cell for cell in grid.grid_cells(session) if cell.name == choice[len(_IN_GRID) :]), None)
        if found is None:
            raise InputError("This cell is gone because a new grid was made; choose another.")
        return found
    return session.take(choice).folder


def _pair_to_measure(session: Session, a: str | None, b: str | None) -> dict[str, Any]:
    one, other = _folder(session, a), _folder(session, b)
    if one is None or other is None:
        raise InputError("Two takes are compared; choose A and B.")
    if one == other:
        raise InputError("A and B are the same take; choose another one to compare it with.")
    reports = session.folder / _REPORTS
    reports.mkdir(exist_ok=True)
    return {"a": one, "b": other, "report": reports / "compare.html"}


def _choices(session: Session) -> list[tuple[str, str]]:
    takes = [(_label(entry), entry.name) for entry in Library(session).entries()]
    cells = [
        (strings.compare_in_grid(grid.label_of(cell)), f"{_IN_GRID}{cell.name}") for cell in grid.grid_cells(session)
    ]
    return takes + cells


def _label(entry: Entry) -> str:
    return f"{entry.name}: {entry.emotion}"


def _says_something(session: Session, choice: str) -> bool:
    return not choice.startswith(_IN_GRID) and (session.folder / choice / "speech.wav").is_file()


def _pair(studio: "Studio", session: Session, a: str | None, b: str | None) -> dict[str, Any]:
    """Return what the player shows."""
    folders = {"a": _folder(session, a), "b": _folder(session, b)}
    return {
        name: None if folder is None else side(folder, Library(session), studio.tickets)
        for name, folder in folders.items()
    }

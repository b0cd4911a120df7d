"""The Library tab: takes as cards, one of them opened; deleting with undo; project files in and out."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field

from espressivo.errors import EspressivoError
from espressivo.inputmodel import InputModel
from espressivo.take import Take
from espressivo.ui.studio import messages, strings
from espressivo.ui.studio.endpoints import served, uploaded
from espressivo.ui.studio.library.project_file import SUFFIX, read_project, write_project
from espressivo.ui.studio.library.showing import cards, download, made_at, opened_take
from espressivo.ui.studio.library.takes import Entry, Library

if TYPE_CHECKING:
    import gradio as gr

    from espressivo.ui.studio.studio import Studio

TITLE = strings.LIBRARY
_EXPORTS = ".exports"
_MOST_CHOSEN = 200
_LONGEST_NAME = 200
_HTML = '<ul class="es-cards" data-part="cards"></ul><p class="es-nothing" data-part="empty" hidden></p>'
_SCRIPT = "import(new URL('studio/library.js', document.baseURI)).then((m) => m.mount(element, props, trigger, watch));"
_SHOW_ON_A_PHONE = (
    "() => { if (innerWidth < 700) document.getElementById('es-library-take').scrollIntoView({ behavior: 'smooth' }); }"
)
_FOLLOW_LINK = "() => document.querySelector('#es-library-said a[download]')?.click()"


class _Cards(InputModel):
    """What the cards hold, as the browser says; all but what is chosen and opened is known here anyway."""

    model_config = ConfigDict(extra="ignore")
    chosen: tuple[str, ...] = Field(default=(), max_length=_MOST_CHOSEN)
    opened: str | None = Field(default=None, max_length=_LONGEST_NAME)


def build(studio: "Studio") -> None:
    """Lay the tab out."""
    import gradio as gr

    perform, music = studio.perform, studio.music
    if perform is None or music is None:
        raise ValueError("The Library tab opens takes in Perform and Music; build them before it.")

    def library(request: gr.Request) -> Library:
        return _library(studio, request)

    with gr.Row(elem_classes="es-toolbar"):
        search = gr.Textbox(
            "",
            label=strings.LIBRARY_SEARCH,
            placeholder=strings.LIBRARY_SEARCH_HINT,
            scale=3,
            min_width=220,
            max_lines=1,
        )
        export = gr.Button(strings.LIBRARY_EXPORT, size="sm", min_width=150, scale=1)
        take_in = gr.UploadButton(
            strings.LIBRARY_IMPORT, file_types=[".zip"], type="filepath", size="sm", min_width=150, scale=1
        )
        delete = gr.Button(strings.LIBRARY_DELETE, size="sm", variant="stop", min_width=120, scale=1)
    said = gr.HTML(elem_id="es-library-said")
    undo = gr.Button(strings.LIBRARY_UNDO, visible=False, size="sm", elem_id="es-library-undo")
    deleted = gr.State(())
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            shelf = gr.HTML(
                _Cards().model_dump() | {"entries": [], "nothing": strings.LIBRARY_EMPTY},
                html_template=_HTML,
                js_on_load=_SCRIPT,
                elem_id="es-library-cards",
            )
        with gr.Column(scale=2, min_width=320):
            shown = gr.HTML(f'<p class="es-nothing">{strings.LIBRARY_NONE_OPEN}</p>', elem_id="es-library-take")
            again = gr.Button(strings.LIBRARY_AGAIN, visible=False, elem_id="es-library-again")

    def refresh(words: str, held: Any, request: gr.Request) -> dict[str, Any]:
        known = _Cards.model_validate(held or {})
        return cards(library(request), studio.tickets, words, known.chosen, known.opened)

    def show_take(held: Any, request: gr.Request) -> tuple[str, Any]:
        try:
            known = library(request)
            entry = known.entry(_Cards.model_validate(held or {}).opened or "")
        except EspressivoError as error:
            return messages.problem(error), gr.update(visible=False)
        return opened_take(entry, studio.tickets, known.thumbnail_of(entry)), gr.update(visible=True)

    def delete_chosen(held: Any, count: int, request: gr.Request) -> tuple[str, Any, tuple[str, ...], int]:
        names = _Cards.model_validate(held or {}).chosen
        if not names:
            return messages.note(strings.LIBRARY_CHOOSE_FIRST), gr.update(), (), count
        try:
            tokens = tuple(library(request).delete(name) for name in names)
        except EspressivoError as error:
            return messages.problem(error), gr.update(), (), count + 1
        return messages.note(strings.library_deleted(len(tokens))), gr.update(visible=True), tokens, count + 1

    def bring_back(tokens: tuple[str, ...], count: int, request: gr.Request) -> tuple[str, Any, tuple[str, ...], int]:
        try:
            back = [library(request).restore(token) for token in tokens]
        except EspressivoError as error:
            return messages.problem(error), gr.update(visible=False), (), count + 1
        return messages.note(strings.library_restored(len(back))), gr.update(visible=False), (), count + 1

    def save(held: Any, request: gr.Request) -> str:
        try:
            path = _exported(library(request), _Cards.model_validate(held or {}).chosen)
        except EspressivoError as error:
            return messages.problem(error)
        return download(strings.LIBRARY_EXPORTED, studio.tickets.file(path), path.name)

    def read_in(path: str, count: int, request: gr.Request) -> tuple[str, int]:
        try:
            found = read_project(library(request), Path(path))
        except EspressivoError as error:
            return messages.problem(error), count
        return messages.note(strings.library_imported(len(found))), count + 1

    def go_on(held: Any, request: gr.Request) -> list[Any]:
        """Open the take where it was made, with everything as it was asked for."""
        name = _Cards.model_validate(held or {}).opened
        try:
            take = library(request).entry(name or "").take
            place = "perform" if _speaks(take) else "music"
            values = perform.open(take) if _speaks(take) else music.open(take)
        except EspressivoError as error:
            return [messages.problem(error), gr.skip(), *(gr.skip() for _ in [*perform.opened, *music.opened])]
        skipped = [gr.skip() for _ in (music.opened if place == "perform" else perform.opened)]
        both = [*values, *skipped] if place == "perform" else [*skipped, *values]
        return ["", gr.update(selected=place), *both]

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    gr.on(
        [studio.takes_changed.change, search.change],
        refresh,
        [search, shelf],
        shelf,
        trigger_mode="always_last",
        **quiet,
    )
    # Of cards that are clicked while another is on its way, the last one is shown.
    shelf.select(show_take, shelf, [shown, again], trigger_mode="always_last", **quiet).then(None, js=_SHOW_ON_A_PHONE)
    delete.click(delete_chosen, [shelf, studio.takes_changed], [said, undo, deleted, studio.takes_changed], **quiet)
    undo.click(bring_back, [deleted, studio.takes_changed], [said, undo, deleted, studio.takes_changed], **quiet)
    export.click(save, shelf, said, **quiet).then(None, js=_FOLLOW_LINK)
    take_in.upload(read_in, [take_in, studio.takes_changed], [said, studio.takes_changed], **quiet)
    again.click(go_on, shelf, [said, studio.tabs, *perform.opened, *music.opened], **quiet)
    _offer_endpoints(studio)


def _speaks(take: Take) -> bool:
    return take.file("speech.wav").is_file()


def _offer_endpoints(studio: "Studio") -> None:
    """Let programs (gradio_client, MCP) do what the tab does; the docstrings below are what they are told."""
    import gradio as gr
    from gradio.data_classes import FileData
    from gradio.events import api

    def list_takes(search: str, request: gr.Request) -> list[dict[str, Any]]:
        """List the takes of this session, the newest first.

        Args:
            search: Words that all have to be found, such as "happiness music"; "" finds every take.
        """
        return [_described(entry, studio) for entry in _library(studio, request).entries(search)]

    def open_take(name: str, request: gr.Request) -> dict[str, Any]:
        """Return one take: what it is, its request, and the addresses of its files, relative to the studio's.

        Args:
            name: As `list_takes` has it.
        """
        entry = _library(studio, request).entry(name)
        return _described(entry, studio) | {"request": entry.take.record["request"]}

    def delete_take(name: str, request: gr.Request) -> str:
        """Move a take to the trash; returns the token that `restore_take` needs.

        Args:
            name: As `list_takes` has it.
        """
        return _library(studio, request).delete(name)

    def restore_take(token: str, request: gr.Request) -> str:
        """Bring a deleted take back; returns its name.

        Args:
            token: What `delete_take` returned.
        """
        return _library(studio, request).restore(token).name

    def export_project(names: list[str], request: gr.Request) -> FileData:
        """Write takes into one project file.

        Args:
            names: As `list_takes` has them.
        """
        path = _exported(_library(studio, request), tuple(names))
        return FileData(path=served(path), orig_name=path.name)

    def import_project(project: dict[str, Any], request: gr.Request) -> list[str]:
        """Take in the takes of a project file; returns their names.

        Args:
            project: The file, uploaded: gradio_client's `handle_file`, or {"path": "..."}.
        """
        return [entry.name for entry in read_project(_library(studio, request), uploaded(project))]

    for endpoint in (list_takes, open_take, delete_take, restore_take, export_project, import_project):
        api(endpoint, api_name=endpoint.__name__)


def _library(studio: "Studio", request: "gr.Request") -> Library:
    return Library(studio.session(request))


def _described(entry: Entry, studio: "Studio") -> dict[str, Any]:
    files = (file for file in sorted(entry.take.folder.iterdir()) if file.is_file())
    return {
        "name": entry.name,
        "title": entry.title,
        "emotion": entry.emotion,
        "generators": list(entry.generators),
        "parts": list(entry.parts),
        "made": made_at(entry),
        "files": {file.name: studio.tickets.file(file) for file in files},
    }


def _exported(library: Library, names: tuple[str, ...]) -> Path:
    """Write a project file where only its session looks; the one before is forgotten."""
    folder = library.folder / _EXPORTS
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stem = names[0] if len(names) == 1 else "takes"
    return write_project(library, names, folder / f"{stem}{SUFFIX}")

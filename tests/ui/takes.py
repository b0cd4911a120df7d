"""Small takes for tests of pages: made once, and brought into a visit as its visitor would, by a project file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from espressivo.demo import demo_request
from espressivo.generation import generate
from espressivo.performance import perform
from espressivo.take import RECORD
from espressivo.ui.studio.library.project_file import write_project
from espressivo.ui.studio.library.takes import Library
from espressivo.ui.studio.sessions import Session

if TYPE_CHECKING:
    from playwright.sync_api import Page

MARKUP = "<img src=x onerror=\"document.title='owned'\">&amp; </script><script>document.title='owned'</script>"
NAMES = ("line", "piece", "sad-tune", "hostile")
"""Takes of the project: a face that says "joy", two pieces of music, and a piece whose texts are markup."""


def make_project(folder: Path) -> Path:
    """Make the takes and return their project file."""
    library = Library(Session(folder / "takes"))
    line = demo_request("joy").model_copy(update={"size": 96, "fps": 10.0, "formats": ("mp4", "glb")})
    perform(line, library.place_for("line"))
    for name, options in (
        ("piece", {"emotion": "happiness:0.9", "bars": 4}),
        ("sad-tune", {"emotion": "sadness:0.9", "bars": 4, "seed": 1}),
        ("hostile", {"emotion": "fear", "bars": 4, "seed": 2}),
    ):
        generate("faders", options, library.place_for(name))
    record = library.folder / "hostile" / RECORD
    written = json.loads(record.read_text())
    written["request"] |= {"transcript": MARKUP, "emotion": MARKUP}
    written["generators"]["music"] |= {"name": MARKUP, "licence": MARKUP}
    record.write_text(json.dumps(written))
    return write_project(library, NAMES, folder / "takes.espressivo.zip")


def open_tab(page: "Page", name: str) -> None:
    """Show a tab; on a phone the last ones are in a menu."""
    tab = page.get_by_role("tab", name=name, exact=True)
    if tab.count():
        tab.click()
    else:
        page.get_by_role("button", name="More tabs").click()
        page.locator(".overflow-dropdown button", has_text=name).click()
    page.wait_for_selector(f"[role=tab][aria-selected=true] >> text={name}")


def bring_takes(page: "Page", project: Path) -> None:
    """Open the project file in the library of this visit."""
    open_tab(page, "Library")
    page.wait_for_selector(".es-cards", state="attached")
    page.locator("input[type=file][accept*=zip]").first.set_input_files(project)
    page.wait_for_selector(f".es-cards li:nth-child({len(NAMES)})")

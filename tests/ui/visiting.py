"""What a visitor does on any page: open a tab or what is folded away, give a file, bring takes along, be far away."""

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect

from tests.ui.takes import NAMES

if TYPE_CHECKING:
    from playwright.sync_api import Page


def open_tab(page: "Page", name: str) -> None:
    """Show a tab; on a phone the last ones are in a menu."""
    tab = page.get_by_role("tab", name=name, exact=True)
    if tab.count():
        tab.click()
    else:
        page.get_by_role("button", name="More tabs").click()
        page.locator(".overflow-dropdown button", has_text=name).click()
    page.wait_for_selector(f"[role=tab][aria-selected=true] >> text={name}")
    _await_layout(page)


def open_part(page: "Page", name: str) -> None:
    """Open what is folded away on a tab."""
    page.get_by_role("button", name=name).locator("visible=true").click()
    _await_layout(page)


def give_file(page: "Page", box: str, file: Path) -> None:
    """Drop a file into one of the page's boxes and wait until its name is there; again where it was lost on the way."""
    shown, place = page.locator(box).get_by_text(file.stem), page.locator(f"{box} input[type=file]")
    place.wait_for(state="attached")
    for _ in range(3):
        _await_layout(page)
        place.set_input_files(file)
        try:
            shown.wait_for(timeout=20_000)
        except NotInTime:
            continue
        return
    expect(shown).to_be_visible()


def _await_layout(page: "Page") -> None:
    """Wait for two frames: in the first, Gradio writes once more what it has just opened, over what was put there."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def be_far_away(page: "Page") -> None:
    """Let every answer of the studio take .4 s longer, as it does over a slow line."""
    line = {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", line)


def bring_takes(page: "Page", project: Path) -> None:
    """Open the project file in the library of this visit."""
    open_tab(page, "Library")
    page.wait_for_selector(".es-cards", state="attached")
    page.locator("input[type=file][accept*=zip]").first.set_input_files(project)
    page.wait_for_selector(f".es-cards li:nth-child({len(NAMES)})")

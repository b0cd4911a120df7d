"""Take the pictures of docs/studio.md from a studio with real takes in it: `studio_pictures.py docs`.

It needs a Chromium and the Python package playwright, and a few minutes.
"""

import argparse
import io
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from studio import BROWSER, started_studio

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

_WIDE: "ViewportSize" = {"width": 1280, "height": 900}
_PHONE: "ViewportSize" = {"width": 390, "height": 844}
_PHONE_COLUMN_PX, _GAP_PX, _WIDEST_PX = 1250, 16, 1930
_GREY = (128, 128, 128)
_OTHERS = ("Compare", "Music", "Evaluate", "Library")
_QUALITY = 84


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory() as folder,
        started_studio(Path(folder)) as (address, _),
        sync_playwright() as api,
    ):
        browser = api.chromium.launch(executable_path=options.chromium, args=BROWSER)
        page = browser.new_page(viewport=_WIDE, color_scheme="light")
        page.set_default_timeout(300_000)
        page.goto(address)
        page.wait_for_selector(".es-head[data-ready]")
        _work(page)
        for name, picture in _pictures(page).items():
            picture.thumbnail((_WIDEST_PX, picture.height))
            picture.save(options.folder / f"{name}.jpg", quality=_QUALITY, optimize=True)
        browser.close()


def _work(page: "Page") -> None:
    """Do what a visitor does in a first quarter of an hour."""
    _perform_a_line(page, "anger")
    page.get_by_label("A photograph too").check()
    page.click("#es-borrow-portrait")
    page.wait_for_selector(".es-draft img")
    _perform_a_line(page, "joy")
    _open(page, "Music")
    page.click("#es-music-go")
    page.wait_for_selector("#es-music-roll [data-part=roll]")
    _open(page, "Evaluate")
    page.click("#es-evaluate-takes input")
    page.get_by_role("option", name="anger: ").click()
    page.keyboard.press("Escape")
    page.click("#es-evaluate-go")
    page.wait_for_selector("iframe.es-report")
    _open(page, "Compare")
    for side, take in (("a", "anger"), ("b", "joy")):
        page.click(f"#es-compare-{side} input")
        page.get_by_role("option", name=f"{take}: ").click()
        page.wait_for_timeout(1000)
    page.get_by_role("button", name="Measure both").click()
    page.wait_for_selector("#es-compare-figures table")
    _open(page, "Library")
    page.click("[data-name=joy]")
    page.wait_for_selector("#es-library-take video")
    _open(page, "Perform")


def _perform_a_line(page: "Page", line: str) -> None:
    """Perform a line that turns into surprise in its middle."""
    page.click(f"#es-demo-{line}")
    page.wait_for_selector(".es-word", state="attached")
    page.wait_for_timeout(2000)
    sheet = page.locator("#es-perform-timeline .es-sheet")
    box = sheet.bounding_box()
    assert box is not None
    sheet.dblclick(position={"x": box["width"] * 0.62, "y": 20})
    page.locator("#es-perform-pad").get_by_role("button", name="surprise", exact=True).click()
    page.click("#es-perform-go")
    page.wait_for_selector(f"#es-perform-result [data-take={line}] video")
    page.wait_for_timeout(1500)


def _pictures(page: "Page") -> dict[str, Image.Image]:
    pictures: dict[str, Image.Image] = {}
    for look in ("light", "dark"):
        if look == "dark":
            page.click("#es-look")
        page.set_viewport_size(_WIDE)
        pictures[f"studio_perform_{look}"] = _shot(page, "Perform", whole=True)
        if look == "light":
            pictures["studio_tabs_light"] = _beside([_shot(page, tab) for tab in _OTHERS], across=2)
        page.set_viewport_size(_PHONE)
        pictures[f"studio_perform_phone_{look}"] = _beside(_columns(_shot(page, "Perform", whole=True)), across=3)
        if look == "dark":
            pictures["studio_tabs_phone_dark"] = _beside([_shot(page, tab) for tab in _OTHERS], across=4)
    return pictures


def _shot(page: "Page", tab: str, whole: bool = False) -> Image.Image:
    _open(page, tab)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1500)
    return Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB")


def _open(page: "Page", tab: str) -> None:
    """Show a tab; on a phone the last ones are in a menu."""
    known = page.get_by_role("tab", name=tab, exact=True)
    if known.count():
        known.click()
    else:
        page.get_by_role("button", name="More tabs").click()
        page.locator(".overflow-dropdown button", has_text=tab).click()


def _columns(long: Image.Image) -> list[Image.Image]:
    tops = range(0, min(long.height, 3 * _PHONE_COLUMN_PX), _PHONE_COLUMN_PX)
    return [long.crop((0, top, long.width, min(long.height, top + _PHONE_COLUMN_PX))) for top in tops]


def _beside(pictures: list[Image.Image], across: int) -> Image.Image:
    width, height = (max(getattr(picture, side) for picture in pictures) for side in ("width", "height"))
    rows = -(-len(pictures) // across)
    size = (across * (width + _GAP_PX) - _GAP_PX, rows * (height + _GAP_PX) - _GAP_PX)
    sheet = Image.new("RGB", size, _GREY)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, across)
        sheet.paste(picture, (column * (width + _GAP_PX), row * (height + _GAP_PX)))
    return sheet


if __name__ == "__main__":
    main()

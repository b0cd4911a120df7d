"""The Evaluate tab in a real browser: a file becomes a report that is shown and kept; a bad one is said in place."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.ui.visiting import bring_takes, give_file, open_tab

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SLOW_MS = 120_000


def test_takes_and_files_become_a_report(page: "Page", project: Path, tmp_path: Path) -> None:
    bring_takes(page, project)
    with page.expect_download() as saved:
        page.locator("[data-name=sad-tune]").click()
        page.locator("#es-library-take a", has_text="music.mid").click()
    midi = tmp_path / "mine.mid"
    saved.value.save_as(midi)
    open_tab(page, "Evaluate")
    page.click("#es-evaluate-go")
    expect(page.locator("#es-evaluate-said [role=alert]")).to_contain_text("Nothing to evaluate is chosen")
    page.locator("#es-evaluate-takes input").click()
    page.get_by_role("option", name="piece: ").first.click()
    page.keyboard.press("Escape")
    give_file(page, "#es-evaluate-files", midi)
    page.get_by_label("Hold them against each other").check()
    page.click("#es-evaluate-go")
    frame = page.locator("iframe.es-report")
    frame.wait_for(timeout=_SLOW_MS)
    report = page.frame_locator("iframe.es-report")
    expect(report.locator("h1")).to_contain_text("mine")
    expect(report.locator("h2", has_text="Music")).to_be_visible()
    assert frame.get_attribute("sandbox") == ""
    with page.expect_download() as kept:
        page.locator("#es-evaluate-report a", has_text="report.json").click()
    found = json.loads(Path(kept.value.path()).read_text())
    assert found["schema_version"] == 1
    assert str(Path.home()) not in json.dumps(found)


def test_what_is_no_clip_is_said_in_place(page: "Page", tmp_path: Path) -> None:
    bad = tmp_path / "no-video.mp4"
    bad.write_bytes(b"no video at all")
    open_tab(page, "Evaluate")
    give_file(page, "#es-evaluate-files", bad)
    page.click("#es-evaluate-go")
    expect(page.locator("#es-evaluate-said [role=alert]")).to_contain_text("no-video.mp4", timeout=_SLOW_MS)
    assert "/" not in page.inner_text("#es-evaluate-said")

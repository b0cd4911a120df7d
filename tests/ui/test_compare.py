"""The Compare tab in a real browser: one bar for two takes, figures beside them, a grid that is made and stopped."""

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.ui.visiting import bring_takes, open_part, open_tab

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SLOW_MS = 90_000
_MEDIA = "[...document.querySelectorAll('.es-pair video')]"


def _pick(page: "Page", side: str, name: str) -> None:
    page.locator(f"#es-compare-{side} input").click()
    page.locator(f"#es-compare-{side}").get_by_role("option", name=f"{name}: ").click()
    page.wait_for_function(f"{_MEDIA}[{'ab'.index(side)}].duration > 1")


def test_two_takes_follow_one_bar(page: "Page", project: Path) -> None:
    bring_takes(page, project)
    open_tab(page, "Compare")
    expect(page.locator("#es-compare-player .es-nothing")).to_be_visible()
    _pick(page, "a", "line")
    _pick(page, "b", "piece")
    page.locator("#es-compare-player [data-part=play]").click()
    page.wait_for_function(f"{_MEDIA}.every((one) => one.currentTime > 1)")
    page.wait_for_function(f"(([a, b]) => Math.abs(a.currentTime - b.currentTime) < 0.1)({_MEDIA})")
    assert page.evaluate(f"{_MEDIA}.map((one) => one.muted)") == [False, True]
    page.locator("[data-hear=b]").click()
    assert page.evaluate(f"{_MEDIA}.map((one) => one.muted)") == [True, False]
    page.locator("#es-compare-player [data-part=play]").click()
    assert page.evaluate(f"{_MEDIA}.every((one) => one.paused)")
    page.locator("#es-compare-player [data-part=seek]").focus()
    page.keyboard.press("Home")
    page.wait_for_function(f"{_MEDIA}.every((one) => one.currentTime < 0.05)")
    page.locator("#es-compare-player [data-part=seek]").evaluate(
        "(bar) => { bar.value = 2; bar.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    page.wait_for_function(f"{_MEDIA}.every((one) => Math.abs(one.currentTime - 2) < 0.05)")


def test_figures_stand_beside_their_reasons(page: "Page", project: Path) -> None:
    bring_takes(page, project)
    open_tab(page, "Compare")
    page.get_by_role("button", name="Measure both").click()
    expect(page.locator("#es-compare-said [role=alert]")).to_contain_text("choose A and B")
    _pick(page, "a", "piece")
    _pick(page, "b", "sad-tune")
    page.get_by_role("button", name="Measure both").click()
    table = page.locator("#es-compare-figures table").first
    table.wait_for(timeout=_SLOW_MS)
    expect(table.locator("caption")).to_have_text("music")
    cells = table.locator("td").all_inner_texts()
    assert any(cell[:1].isdecimal() for cell in cells), cells
    assert all(cell[:1].isdecimal() or cell.startswith(("N/A\n", "−")) for cell in cells), cells
    assert str(project.parent) not in page.inner_html("#es-compare-figures")


def test_a_grid_is_made_compared_kept_and_stopped(page: "Page") -> None:
    open_tab(page, "Compare")
    open_part(page, "A grid of systems")
    page.get_by_label("parametric (face)").uncheck()
    page.get_by_label("faders (music)").check()
    page.get_by_label("Seeds").fill("0 ; x")
    page.get_by_role("button", name="Make the grid").click()
    expect(page.locator("#es-grid-said [role=alert]")).to_contain_text("'x' is no seed")
    page.get_by_label("Seeds").fill("0")
    page.get_by_label("Intensities").fill("0.2, 1")
    page.get_by_role("button", name="Make the grid").click()
    expect(page.locator("#es-grid-said")).to_contain_text("The grid is done", timeout=_SLOW_MS)
    expect(page.locator(".es-grid li")).to_have_count(2)
    page.locator("#es-compare-a input").click()
    page.get_by_role("option", name="grid faders · happiness 1").click()
    expect(page.locator("[data-part=a-title]")).to_contain_text("faders")
    page.get_by_role("button", name="Keep all in the library").click()
    expect(page.locator("#es-grid-said")).to_contain_text("2 takes kept")

    page.get_by_label("Intensities").fill(", ".join(f"{number / 20}" for number in range(1, 21)))
    page.get_by_role("button", name="Make the grid").click()
    page.wait_for_selector("#es-grid-said progress")
    page.locator("#es-compare-grid").get_by_role("button", name="Stop").click()
    expect(page.locator("#es-grid-said")).to_contain_text("Stopped")

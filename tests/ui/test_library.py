"""The Library tab in a real browser: project files, search, opening, deleting with undo, going on; texts stay text."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.ui.conftest import WIDE, visit
from tests.ui.takes import MARKUP, NAMES
from tests.ui.visiting import be_far_away, bring_takes, open_tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def _choose(page: "Page", name: str) -> None:
    page.locator(f".es-cards li:has([data-name={name}]) input").check()


def test_an_empty_library_teaches(page: "Page") -> None:
    open_tab(page, "Library")
    expect(page.locator("#es-library-cards .es-nothing")).to_contain_text("No takes yet")


def test_takes_are_found_opened_and_gone_on_from(page: "Page", project: Path) -> None:
    bring_takes(page, project)
    page.get_by_label("Search").fill("happiness faders")
    expect(page.locator(".es-cards li")).to_have_count(1)
    page.get_by_label("Search").fill("nowhere")
    expect(page.locator("#es-library-cards .es-nothing")).to_contain_text("No take matches")
    page.get_by_label("Search").fill("")
    page.locator("[data-name=line]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#es-library-take video")
    page.wait_for_function("document.querySelector('#es-library-take video').duration > 4")
    with page.expect_download() as record:
        page.locator("#es-library-take a", has_text="take.json").click()
    assert '"request"' in Path(record.value.path()).read_text()

    page.get_by_role("button", name="Go on from this take").click()
    page.wait_for_selector("[role=tab][aria-selected=true] >> text=Perform")
    expect(page.locator("#es-perform-words textarea")).to_have_value(
        "You will not believe this. We actually won, and everybody is coming over tonight!"
    )
    open_tab(page, "Library")
    page.locator("[data-name=piece]").click()
    page.wait_for_selector("#es-library-take audio")
    page.get_by_role("button", name="Go on from this take").click()
    page.wait_for_selector("[role=tab][aria-selected=true] >> text=Music")
    expect(page.locator("#es-music-faders-bars input, #es-music-faders-bars textarea")).to_have_value("4")
    page.wait_for_selector("#es-music-roll [data-part=roll]")


def test_a_request_that_is_none_is_said_in_place(page: "Page", project: Path) -> None:
    bring_takes(page, project)
    page.locator("[data-name=odd]").click()
    page.get_by_role("button", name="Go on from this take").click()
    problem = page.locator("#es-library-said [role=alert]")
    expect(problem).to_contain_text("What 'odd' was asked for cannot be used here: bars '<b>many' cannot be used")
    assert problem.locator("b").count() == 0


def test_of_two_cards_that_are_clicked_one_after_the_other_the_last_is_shown(page: "Page", project: Path) -> None:
    bring_takes(page, project)
    be_far_away(page)
    page.locator("[data-name=line]").click()
    page.wait_for_timeout(100)
    page.locator("[data-name=piece]").click()
    expect(page.locator("[data-name=piece]")).to_have_attribute("aria-current", "true")
    expect(page.locator("#es-library-take a[download$='music.mid']")).to_be_visible()
    expect(page.locator("#es-library-take video")).to_have_count(0)


def test_markup_in_a_take_is_text(page: "Page", project: Path) -> None:
    bring_takes(page, project)
    card = page.locator("[data-name=hostile]")
    expect(card.locator(".es-card-title")).to_contain_text("<img src=x onerror=")
    card.click()
    expect(page.locator("#es-library-take h3")).to_contain_text(MARKUP[:40])
    expect(page.locator("#es-library-take dd").nth(2)).to_contain_text("</script>")
    open_tab(page, "Compare")
    _pick(page, "A", "hostile")
    expect(page.locator("[data-part=a-title]")).to_contain_text("<img src=x")
    assert page.title() != "owned"
    assert page.locator("img[src=x]").count() == 0


def _pick(page: "Page", label: str, name: str) -> None:
    page.locator(f"#es-compare-{label.lower()} input").click()
    page.get_by_role("option", name=f"{name}: ").click()


def test_deleted_takes_come_back_also_after_a_reload(page: "Page", project: Path) -> None:
    bring_takes(page, project)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#es-library-said")).to_contain_text("Choose takes first")
    for name in ("line", "piece"):
        _choose(page, name)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".es-cards li")).to_have_count(len(NAMES) - 2)
    page.click("#es-library-undo")
    expect(page.locator(".es-cards li")).to_have_count(len(NAMES))
    page.reload()
    page.wait_for_selector(".es-pad")
    open_tab(page, "Library")
    expect(page.locator(".es-cards li")).to_have_count(len(NAMES))


def test_project_files_go_out_and_what_is_none_is_refused_in_place(page: "Page", project: Path, tmp_path: Path) -> None:
    bring_takes(page, project)
    _choose(page, "piece")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as project file").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        assert {"project.json", "takes/piece/take.json", "takes/piece/music.mid"} <= set(archive.namelist())
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("project.json", "{}")
        archive.writestr("takes/../../evil.csv", "x")
    page.locator("input[type=file][accept*=zip]").first.set_input_files(bad)
    expect(page.locator("#es-library-said [role=alert]")).to_contain_text("no file of a take")


def test_two_visitors_do_not_see_each_others_takes(
    page: "Page", browser: "Browser", studio_url: str, project: Path
) -> None:
    bring_takes(page, project)
    for other in visit(browser, studio_url, WIDE):
        open_tab(other, "Library")
        expect(other.locator("#es-library-cards .es-nothing")).to_contain_text("No takes yet")
        open_tab(other, "Compare")
        other.locator("#es-compare-a input").click()
        assert other.get_by_role("option").count() == 0


def test_every_tab_fits_a_phone(phone: "Page", project: Path) -> None:
    bring_takes(phone, project)
    phone.locator("[data-name=line]").click()
    phone.wait_for_selector("#es-library-take video")
    for name in ("Library", "Compare", "Music", "Evaluate"):
        open_tab(phone, name)
        phone.wait_for_timeout(300)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, name

"""The Music tab in a real browser: every generator's controls, the roll, bars written anew, stems, settings kept."""

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from espressivo.generators.registry import list_generators
from tests.ui.visiting import be_far_away, give_file, open_part, open_tab

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SLOW_MS = 120_000


def _set(page: "Page", field: str, value: str) -> None:
    box = page.locator(f"#es-music-{field}").locator(
        "input[type=number], input:not([type]), input[type=text], textarea"
    )
    box.first.fill(value)
    box.first.press("Tab")


def _choose(page: "Page", generator: str) -> None:
    page.locator("#es-music-generator input").click()
    page.get_by_role("option", name=generator, exact=True).click()


def test_every_generator_brings_its_controls(page: "Page") -> None:
    open_tab(page, "Music")
    expect(page.locator("#es-music-roll .es-nothing")).to_be_visible()
    for listing in list_generators():
        if listing.spec is not None and listing.spec.kind == "music":
            _choose(page, listing.name)
            expect(page.locator(f"#es-music-{listing.name}-seed")).to_be_visible()
            expect(page.get_by_text(listing.spec.summary)).to_be_visible()
    expect(page.locator("#es-music-emogen-seed")).to_be_hidden()


def test_a_piece_is_composed_and_bars_of_it_are_written_anew(page: "Page") -> None:
    open_tab(page, "Music")
    _choose(page, "emogen")
    _set(page, "emogen-bars", "3")
    open_part(page, "Manner")
    _set(page, "emogen-best_of", "1")
    page.click("#es-music-go")
    roll = page.locator("#es-music-roll [data-part=roll]")
    roll.wait_for(timeout=_SLOW_MS)
    expect(page.locator("#es-music-said")).to_contain_text("Done")
    expect(page.locator("#es-music-roll [data-part=clock]")).to_contain_text("bar 1 of 3")

    be_far_away(page)
    roll.scroll_into_view_if_needed()
    box = roll.bounding_box()
    assert box is not None
    height = box["y"] + 19 + 21 + 8
    page.mouse.move(box["x"] + box["width"] * 0.45, height)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, height, steps=5)
    page.mouse.up()
    expect(page.get_by_label("First bar")).to_have_value("2")
    expect(page.get_by_label("Last bar")).to_have_value("3")
    roll.focus()
    page.keyboard.press("Escape")
    expect(page.get_by_label("First bar")).to_have_value("")
    page.click("#es-music-infill")
    expect(page.locator("#es-music-below [role=alert]")).to_contain_text("No bars are marked")
    for key in ("Home", "ArrowRight", "[", "]"):
        roll.press(key)
    expect(page.get_by_label("Last bar")).to_have_value("2")
    page.click("#es-music-infill")
    expect(page.locator("#es-music-below")).to_contain_text("Done", timeout=_SLOW_MS)
    expect(page.locator("#es-music-roll [data-part=clock]")).to_contain_text("of 3")

    page.locator("#es-music-roll [data-part=play]").click()
    page.wait_for_function("Number(document.querySelector('#es-music-roll [data-part=roll]').ariaValueNow) > 0.3")
    page.locator("#es-music-roll [data-part=play]").click()
    page.get_by_role("button", name="Stems").click()
    page.wait_for_selector("#es-music-below a[download$='stems.zip']", timeout=_SLOW_MS)
    page.get_by_role("button", name="Go on from this piece").click()
    expect(page.locator("#es-music-below")).to_contain_text("compose to go on")


def test_what_cannot_be_used_is_said_in_place(page: "Page", tmp_path: Path) -> None:
    open_tab(page, "Music")
    _choose(page, "faders")
    _set(page, "faders-bars", "many")
    page.click("#es-music-go")
    expect(page.locator("#es-music-said [role=alert]")).to_contain_text("bars 'many' cannot be used")
    _set(page, "faders-bars", "")
    open_part(page, "Your own piece")
    midi = tmp_path / "no.mid"
    midi.write_text("no midi")
    give_file(page, "#es-music-faders-source", midi)
    page.click("#es-music-go")
    expect(page.locator("#es-music-said [role=alert]")).to_contain_text("no.mid", timeout=_SLOW_MS)
    assert "/" not in page.inner_text("#es-music-said")


def test_settings_outlast_a_reload(page: "Page") -> None:
    open_tab(page, "Music")
    _choose(page, "faders")
    _set(page, "faders-bars", "7")
    page.wait_for_timeout(500)
    page.reload()
    page.wait_for_selector(".es-pad")
    open_tab(page, "Music")
    expect(page.locator("#es-music-generator input")).to_have_value("faders")
    expect(page.locator("#es-music-faders-bars input, #es-music-faders-bars textarea")).to_have_value("7")

"""No serious violation that axe-core can see, on any tab, dark or light; every control of ours by keyboard."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ui.conftest import WIDE, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def axe() -> str:
    for folder in os.environ.get("NODE_PATH", "").split(os.pathsep):
        script = Path(folder) / "axe-core" / "axe.min.js"
        if script.is_file():
            return script.read_text("utf-8")
    pytest.skip("axe-core is not installed (npm install axe-core, and NODE_PATH)")


def _violations(page: "Page", axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found["violations"]
        if rule["impact"] in _GRAVE
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_tab(look: str, browser: "Browser", studio_url: str, axe: str) -> None:
    for page in visit(browser, studio_url, WIDE, color_scheme=look):
        names = page.locator("#es-tabs [role=tab]").all_inner_texts()
        assert names[0] == "Perform"
        wrong: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            page.locator("#es-tabs [role=tab]:visible", has_text=name).first.click()
            page.wait_for_timeout(700)
            wrong[name] = _violations(page, axe)
        assert not any(wrong.values()), wrong


def test_open_settings(page: "Page", axe: str) -> None:
    for name in ("Recognise the emotion", "Emotion as a file", "Music that follows the emotion", "More settings"):
        page.get_by_role("button", name=name).click()
    page.get_by_label("A photograph too").check()
    page.click("#es-demo-joy")
    page.wait_for_selector(".es-wave", state="attached")
    assert not _violations(page, axe)


def test_the_whole_way_by_keyboard(page: "Page") -> None:
    """From the pad on with the Tab key: presets, pad, dials, mix, buttons, time line."""
    page.locator(".es-chip").first.focus()
    reached: set[str] = set()
    for _ in range(70):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent || '').trim()"
            )
        )
    wanted = {"Valence and arousal", "Intensity", "Dominance", "Emotion 1", "Perform", "Time line of the emotion"}
    wanted |= {"Keyframe 1", "Add a keyframe at the playhead", "Zoom in"}
    assert wanted <= reached

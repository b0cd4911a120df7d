"""One studio for all tests of pages, and a Chromium that may speak to nobody else."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_START_S = 240
_ANSWERED_MS = 30_000
"""How long a page may take to show what it should: no test is about speed, and machines are busy."""
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
]
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def studio_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running studio, started once per session as a user would start it, with tools."""
    with running_studio(tmp_path_factory.mktemp("studio"), "--mcp") as address:
        yield address


@contextmanager
def running_studio(folder: Path, *options: str) -> Iterator[str]:
    """Start a studio whose takes and log lie in `folder`, and end it afterwards."""
    pytest.importorskip("gradio")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "espressivo",
        "studio",
        "--folder",
        str(folder / "takes"),
        "--port",
        port,
        *options,
    ]
    with (folder / "log").open("w+") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        address = f"http://127.0.0.1:{port}/"
        try:
            _wait_for(address, server, folder / "log")
            yield address
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Chromium as Debian packs it; without one, tests of pages are skipped."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api")
    api.expect.set_options(timeout=_ANSWERED_MS)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: "Browser", studio_url: str) -> "Iterator[Page]":
    """A first visit: a new profile, the page loaded; afterwards nothing but the studio was asked for anything."""
    yield from visit(browser, studio_url, WIDE)


@pytest.fixture
def phone(browser: "Browser", studio_url: str) -> "Iterator[Page]":
    """The same on a phone, by touch."""
    yield from visit(browser, studio_url, {"width": 390, "height": 844}, has_touch=True)


def visit(browser: "Browser", address: str, size: dict[str, int], **about: object) -> "Iterator[Page]":
    """Open a page in a profile of its own, and check where it went and what it said when it is done."""
    context = browser.new_context(viewport=size, **about)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector(".es-pad")
    page.wait_for_selector(".es-head[data-ready]")
    yield page
    strangers = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    context.close()
    assert not strangers, strangers
    assert not wrong, wrong


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"the studio ended: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the studio did not start")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project file with the takes of `tests.ui.takes`."""
    from tests.ui.takes import make_project

    return make_project(tmp_path_factory.mktemp("project"))

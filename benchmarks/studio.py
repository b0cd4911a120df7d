"""How fast the studio is: start, first paint, and from a key on the pad to the head, and to the draft of a portrait,
that show it. Prints JSON.

It needs a Chromium and the Python package playwright; without a GPU the head is drawn by software. Wall times mean
little on a busy machine, so the processor times of the server stand beside them.
"""

import argparse
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

BROWSER = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--enable-unsafe-swiftshader"),
]
_PRESSES, _DRAFTS = 40, 12
_WATCH_DRAFT = """() => new MutationObserver(() => {
  if (document.querySelector(".es-draft img")) window.drawn ??= performance.now();
}).observe(document.querySelector("#es-draft"), { childList: true, subtree: true, attributes: true })"""
_PAINTS = (
    """() => Object.fromEntries(performance.getEntriesByType("paint").map((paint) => [paint.name, paint.startTime]))"""
)
_SHIFTS = """() => new Promise((done) => {
  let total = 0;
  const add = (entry) => { if (!entry.hadRecentInput) total += entry.value; };
  new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(total), 500);
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser")
    chromium = parser.parse_args().chromium
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, started_studio(Path(folder)) as (address, server):
        found = {"start_s": round(time.perf_counter() - started, 2), "start_cpu_s": _cpu_s(server)}
        found |= _in_browser(chromium, address)
    print(json.dumps(found, indent=2))


@contextmanager
def started_studio(folder: Path) -> Iterator[tuple[str, int]]:
    """Start a studio that keeps its takes in `folder`; yields its address and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "espressivo", "studio", "--folder", str(folder / "takes"), "--port", port]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        _wait(address, server)
        yield address, server.pid
    finally:
        server.terminate()
        server.wait()


def children_of(process: int) -> list[int]:
    """Return the processes that a process has started (Linux)."""
    return [int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def resident_mb(process: int) -> float:
    """Return the memory that a process holds, in MB (Linux); 0 if it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    rows = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(rows[0].split()[1]) / 1e3 if rows else 0.0


def _in_browser(chromium: str, address: str) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.wait_for_selector(".es-pad")
        shown_s = page.evaluate("performance.now()") / 1000
        page.wait_for_selector(".es-head[data-ready]", timeout=120_000)
        head_s = page.evaluate("performance.now()") / 1000
        shift = page.evaluate(_SHIFTS)
        paints = page.evaluate(_PAINTS)
        page.locator(".es-pad").focus()
        took_ms: list[float] = []
        for number in range(_PRESSES):
            page.evaluate("delete document.querySelector('.es-head').dataset.previewMs")
            page.keyboard.press("ArrowRight" if number % 20 < 10 else "ArrowLeft")
            page.wait_for_function("document.querySelector('.es-head').dataset.previewMs")
            took_ms.append(float(page.get_attribute(".es-head", "data-preview-ms") or "nan"))
        draft_ms = _draft_ms(page)
        browser.close()
    return {
        "first_paint_s": round(paints["first-contentful-paint"] / 1000, 2),
        "pad_shown_s": round(shown_s, 2),
        "head_shown_s": round(head_s, 2),
        "layout_shift": round(shift, 4),
        "pad_to_preview_ms": {"median": statistics.median(took_ms), "worst": max(took_ms), "first": took_ms[0]},
        "pad_to_draft_ms": {
            "first": round(draft_ms[0]),
            "median": round(statistics.median(draft_ms[1:])),
            "worst": round(max(draft_ms[1:])),
        },
    }


def _draft_ms(page: "Page") -> list[float]:
    """From borrowing our portrait, and then from keys on the pad, to the pictures that show it."""
    page.get_by_label("A photograph too").check()
    page.wait_for_selector("#es-borrow-portrait")
    page.evaluate(_WATCH_DRAFT)
    took_ms = []
    for number in range(_DRAFTS):
        page.evaluate("[window.drawn, window.asked] = [null, performance.now()]")
        if number == 0:
            page.click("#es-borrow-portrait")
        else:
            page.locator(".es-pad").focus()
            page.keyboard.press("ArrowUp" if number % 10 < 5 else "ArrowDown")
        page.wait_for_function("window.drawn", timeout=60_000)
        took_ms.append(page.evaluate("window.drawn - window.asked"))
        page.wait_for_timeout(500)
    return took_ms


def _wait(address: str, server: "subprocess.Popen[bytes]") -> None:
    while server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the studio did not start")


def _cpu_s(process: int) -> float:
    """Processor time of a process so far (user and system), from Linux's /proc."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return round((int(fields[11]) + int(fields[12])) / 100, 2)


if __name__ == "__main__":
    main()

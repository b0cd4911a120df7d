"""What is said in place: progress, problems and notes, as HTML in which everything from outside is escaped."""

import re
from collections.abc import Iterable
from html import escape

from espressivo.errors import EspressivoError
from espressivo.progress import ProgressEvent

_FOLDERS = re.compile(r"(?<![\w.:/])(?:/[^/\s'\"]+)+/(?=[^/\s'\"])")


def without_folders(text: str) -> str:
    """Return a sentence in which a file is called by its name alone, without where it lies."""
    return _FOLDERS.sub("", text)


def problem(error: EspressivoError) -> str:
    """One sentence where the problem arose."""
    return f'<div class="es-message es-problem" role="alert">{escape(without_folders(str(error)))}</div>'


def note(text: str) -> str:
    """A sentence that is no problem."""
    return f'<div class="es-message es-note" role="status">{escape(text)}</div>'


def done(text: str, notes: Iterable[str]) -> str:
    """That something was made, and below it what should be known of it."""
    return note(text) + "".join(note(without_folders(each)) for each in dict.fromkeys(notes))


def working(event: ProgressEvent) -> str:
    """A bar with stage, share and time left; what has not begun has no share yet."""
    stage = escape(event.stage[:1].upper() + event.stage[1:])
    percent = round(100 * event.fraction)
    value, share = (f' value="{percent}"', f"{percent} %") if percent else ("", "")
    left = f"{event.eta_s:.0f} s left" if event.eta_s else ""
    return (
        f'<div class="es-message es-working" role="status"><span>{stage}</span>'
        f'<progress max="100"{value} aria-label="{stage}">{share}</progress>'
        f"<span>{share} {left}</span></div>"
    )

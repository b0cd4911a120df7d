"""What the library shows: rows for its cards, and one take opened, with everything from outside escaped."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from espressivo.take import Take
from espressivo.ui.studio import strings
from espressivo.ui.studio.files import Tickets
from espressivo.ui.studio.library.takes import Entry, Library

MOST_SHOWN = 200
_PLAYERS = ("performance.mp4", "portrait.mp4", "face.mp4", "body.mp4", "music.wav", "speech.wav")
_LARGEST_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def cards(library: Library, tickets: Tickets, search: str, chosen: Sequence[str], opened: str | None) -> dict[str, Any]:
    """Return what the script of the cards draws: the takes that match, the newest first."""
    entries = library.entries(search)[:MOST_SHOWN]
    names = {entry.name for entry in entries}
    return {
        "entries": [_row(entry, library.thumbnail(entry.name), tickets) for entry in entries],
        "chosen": [name for name in chosen if name in names],
        "opened": opened if opened in names else None,
        "nothing": strings.LIBRARY_NO_MATCH if search.strip() else strings.LIBRARY_EMPTY,
    }


def opened_take(entry: Entry, tickets: Tickets, picture: Path | None) -> str:
    """Return a take as HTML: what it sounds and looks like, what it is, and its files."""
    facts = {
        strings.FACT_EMOTION: entry.emotion,
        strings.FACT_GENERATORS: ", ".join(entry.generators),
        strings.FACT_LICENCES: "; ".join(_licences(entry)),
        strings.FACT_MADE: made_at(entry),
    }
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items() if text)
    return (
        f'<article class="es-take"><h3>{escape(entry.title)}</h3>{player(entry, tickets, picture)}<dl>{rows}</dl>'
        f"{files_html(entry.take, tickets)}</article>"
    )


def files_html(take: Take, tickets: Tickets) -> str:
    """Return links to the files of a take, and to all of them as a zip."""
    files = sorted(file for file in take.folder.iterdir() if file.is_file() and not file.name.startswith("."))
    links = "".join(
        f'<li><a href="{escape(tickets.file(file))}" download="{escape(file.name)}">{escape(file.name)}</a>'
        f" <span>{size(file.stat().st_size)}</span></li>"
        for file in files
    )
    return (
        f'<h4>{escape(strings.LIBRARY_FILES)}</h4><ul class="es-take-files">{links}'
        f'<li><a href="{escape(tickets.zip(take.folder))}" download>{escape(strings.LIBRARY_ZIP)}</a></li></ul>'
    )


def player(entry: Entry, tickets: Tickets, picture: Path | None) -> str:
    """Return a player for the best thing a take holds, showing `picture` until it plays.

    Nothing where it has neither picture nor sound.
    """
    found = next((entry.take.file(name) for name in _PLAYERS if entry.take.file(name).is_file()), None)
    if found is None:
        return ""
    address, label = escape(tickets.file(found)), escape(f"{entry.title}: {found.name}")
    if found.suffix == ".mp4":
        poster = f' poster="{escape(tickets.file(picture))}"' if picture else ""
        return f'<video controls playsinline preload="metadata" src="{address}"{poster} aria-label="{label}"></video>'
    return f'<audio controls preload="metadata" src="{address}" aria-label="{label}"></audio>'


def download(text: str, address: str, name: str) -> str:
    """Return a note with a link to a file."""
    link = f'<a href="{escape(address)}" download="{escape(name)}">{escape(name)}</a>'
    return f'<div class="es-message es-note" role="status">{escape(text)} {link}</div>'


def made_at(entry: Entry) -> str:
    """Return when a take was made, in words."""
    made = datetime.fromtimestamp(entry.made_at_s)
    return made.strftime("%d %b, %H:%M" if made.year == datetime.now().year else "%d %b %Y")


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    for unit, factor in _LARGEST_UNITS:
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} bytes"


def _row(entry: Entry, thumbnail: Path | None, tickets: Tickets) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "emotion": entry.emotion,
        "parts": list(entry.parts),
        "generators": list(entry.generators),
        "made": made_at(entry),
        "thumbnail": None if thumbnail is None else tickets.file(thumbnail),
    }


def _licences(entry: Entry) -> list[str]:
    made = entry.take.record.get("generators", {})
    rows = made.values() if isinstance(made, dict) else ()
    return sorted({str(row["licence"]) for row in rows if isinstance(row, dict) and row.get("licence")})

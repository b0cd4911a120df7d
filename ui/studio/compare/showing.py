"""What the Compare tab shows: two players under one bar, and the cells of a grid; names are escaped."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from espressivo.errors import InputError
from espressivo.take import Take
from espressivo.ui.studio import strings
from espressivo.ui.studio.compare.grid import label_of
from espressivo.ui.studio.files import Tickets
from espressivo.ui.studio.library.takes import Library, entry_of

_MEDIA = ("performance.mp4", "portrait.mp4", "face.mp4", "body.mp4", "music.wav", "speech.wav")


def side(folder: Path, library: Library, tickets: Tickets) -> dict[str, Any]:
    """Return what the player's script is told of one side.

    Raises:
        InputError: the take has neither picture nor sound.
    """
    entry = entry_of(Take.open(folder))
    found = next((folder / name for name in _MEDIA if (folder / name).is_file()), None)
    if found is None:
        raise InputError(f"'{entry.name}' holds neither picture nor sound; choose another take.")
    poster = library.thumbnail_of(entry)
    return {
        "title": entry.title,
        "emotion": entry.emotion,
        "address": tickets.file(found),
        "poster": tickets.file(poster) if poster else None,
    }


def player_html() -> str:
    """Return the elements that the player's script fills."""
    sides = "".join(
        f'<figure data-part="{name}"><video data-part="{name}-medium" playsinline preload="auto"></video>'
        f'<figcaption><b>{name.upper()}</b><span data-part="{name}-title"></span></figcaption></figure>'
        for name in ("a", "b")
    )
    heard = "".join(
        f'<button type="button" data-hear="{which}" aria-pressed="{str(which == "a").lower()}">{label}</button>'
        for which, label in (("a", "A"), ("b", "B"), ("both", strings.COMPARE_BOTH))
    )
    hear = escape(strings.COMPARE_HEAR)
    return f"""
<p class="es-nothing" data-part="nothing">{escape(strings.COMPARE_EMPTY)}</p>
<div class="es-pair" data-part="pair">{sides}</div>
<div class="es-transport" data-part="transport" role="group" aria-label="{escape(strings.COMPARE_TRANSPORT)}">
<button type="button" class="es-play" data-part="play" aria-keyshortcuts="Space">Play</button>
<input type="range" data-part="seek" min="0" max="0" step="0.01" value="0" aria-label="{escape(strings.COMPARE_SEEK)}">
<output data-part="clock"></output>
<label>{escape(strings.COMPARE_RATE)} <select data-part="rate"></select></label>
<fieldset class="es-hear" aria-label="{hear}"><span>{hear}</span>{heard}</fieldset>
</div>"""


def grid_html(cells: Sequence[Path], library: Library, tickets: Tickets) -> str:
    """Return the finished cells of a grid with a player each."""
    return f'<ul class="es-grid">{"".join(_cell(folder, library, tickets) for folder in cells)}</ul>'


def _cell(folder: Path, library: Library, tickets: Tickets) -> str:
    label = escape(label_of(folder))
    picture = library.thumbnail_of(entry_of(Take.open(folder)))
    video = next((folder / name for name in _MEDIA if name.endswith(".mp4") and (folder / name).is_file()), None)
    if video is not None:
        medium = f'<video controls playsinline loop preload="metadata" src="{escape(tickets.file(video))}"'
        shown = "" if picture is None else f' poster="{escape(tickets.file(picture))}"'
        return f'<li>{medium}{shown} aria-label="{label}"></video><p>{label}</p></li>'
    image = f'<img src="{escape(tickets.file(picture))}" alt="">' if picture else ""
    sound = f'<audio controls preload="metadata" src="{escape(tickets.file(folder / "music.wav"))}"'
    return f'<li>{image}{sound} aria-label="{label}"></audio><p>{label}</p></li>'

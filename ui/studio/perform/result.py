"""A finished take as a page shows it: what was composed large, its parts beside it, and every file to keep."""

from html import escape
from typing import TYPE_CHECKING

from espressivo.ui.studio import strings

if TYPE_CHECKING:
    from pathlib import Path

    from espressivo.take import Take
    from espressivo.ui.studio.files import Tickets

_VIDEOS = ("performance.mp4", "portrait.mp4", "face.mp4", "body.mp4")
_SOUNDS = ("music.wav",)
_LONGEST_EMOTION = 160


def result_html(tickets: "Tickets", take: "Take", picture: "Path | None" = None) -> str:
    """Return players and downloads of a take; the largest shows `picture` until it plays."""
    names = [name for name in take.record.get("files", {}) if take.file(name).is_file()]
    videos = [name for name in _VIDEOS if name in names]
    sounds = [name for name in _SOUNDS if name in names]
    first = _video(tickets, take, videos[0], picture) if videos else ""
    parts = [_video(tickets, take, name) for name in videos[1:]] + [_sound(tickets, take, name) for name in sounds]
    return (
        f'<div class="es-result" data-take="{escape(take.folder.name)}">'
        f'<div class="es-result-main">{first}</div>'
        f'<div class="es-result-side"><h3>{escape(take.folder.name)}</h3><p class="es-hint">{escape(_facts(take))}</p>'
        f'<div class="es-parts">{"".join(parts)}</div>{_downloads(tickets, take, names)}</div></div>'
    )


def _video(tickets: "Tickets", take: "Take", name: str, picture: "Path | None" = None) -> str:
    label = escape(strings.COMPOSED[name.partition(".")[0]])
    address = escape(tickets.file(take.file(name)))
    # Without a picture it shows its own first frame, once it is asked for a moment after nought.
    moment, poster = ("", f' poster="{escape(tickets.file(picture))}"') if picture else ("#t=0.02", "")
    return (
        f'<figure><video controls playsinline preload="metadata" src="{address}{moment}"{poster} aria-label="{label}">'
        f"</video><figcaption>{label}</figcaption></figure>"
    )


def _sound(tickets: "Tickets", take: "Take", name: str) -> str:
    label = escape(strings.COMPOSED[name.partition(".")[0]])
    address = escape(tickets.file(take.file(name)))
    return (
        f'<figure><audio controls preload="metadata" src="{address}" aria-label="{label}"></audio>'
        f"<figcaption>{label}</figcaption></figure>"
    )


def _downloads(tickets: "Tickets", take: "Take", names: list[str]) -> str:
    rows = [
        f'<li><a href="{escape(tickets.file(take.file(name)))}" download="{escape(name)}">{escape(name)}</a>'
        f"<span>{_size(take.file(name).stat().st_size)}</span></li>"
        for name in [*names, "take.json"]
    ]
    whole = f'<a class="es-zip" href="{escape(tickets.zip(take.folder))}" download>{strings.WHOLE_TAKE}</a>'
    return f'<ul class="es-files">{"".join(rows)}</ul>{whole}'


def _facts(take: "Take") -> str:
    made = take.record.get("generators", {})
    emotion = str(take.record["request"].get("emotion", ""))
    emotion = emotion if len(emotion) <= _LONGEST_EMOTION else f"{emotion[:_LONGEST_EMOTION]}…"
    return strings.MADE_BY.format(names=", ".join(entry["name"] for entry in made.values()), emotion=emotion)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"

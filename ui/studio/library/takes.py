"""The takes of one visitor: found, searched, set aside and brought back. Nothing outside its folder is seen."""

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from espressivo.errors import EspressivoError, InputError
from espressivo.take import RECORD, Take
from espressivo.ui.studio.sessions import Session

_TRASH, _THUMBNAILS = ".trash", ".thumbnails"
_LONGEST_TEXT = 90
_MOST_IN_TRASH = 50
_STAMP = re.compile(r"^(?P<name>.+)\.(?P<second>\d{10,})\.[0-9a-f]{6}$")


@dataclass(frozen=True)
class Entry:
    """One take, as a list shows it."""

    name: str
    """Of its folder; what the library is asked by."""
    title: str
    """The words that are spoken, or what was made by which generator."""
    emotion: str
    """In the notation of the command line, shortened."""
    generators: tuple[str, ...]
    """Names, in alphabetical order."""
    parts: tuple[str, ...]
    """What it holds: some of face, portrait, body, music, performance."""
    made_at_s: float
    """Seconds since 1970."""
    bytes_used: int
    take: Take

    @property
    def searched(self) -> str:
        """Everything that a search looks at, in lower case."""
        return " ".join((self.name, self.title, self.emotion, *self.generators, *self.parts)).lower()


class Library:
    """The takes of a session; those that were deleted wait in its trash until they are brought back."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.folder = session.folder

    def entries(self, search: str = "") -> list[Entry]:
        """Return the takes that match every word of `search`, the newest first."""
        words = search.lower().split()
        found = [entry for entry in self._all() if all(word in entry.searched for word in words)]
        return sorted(found, key=lambda entry: (-entry.made_at_s, entry.name))

    def entry(self, name: str) -> Entry:
        """Return the take called `name`.

        Raises:
            InputError: there is none of this name. A path is no name.
        """
        for entry in self._all():
            if entry.name == name:
                return entry
        raise InputError(f"There is no take '{_short(name)}' in your library; choose one of its list.")

    def place_for(self, hint: str) -> Path:
        """Return a folder for a new take that is called like `hint`, as far as folders can be."""
        return self._session.new_folder(hint)

    def delete(self, name: str) -> str:
        """Move a take to the trash and return the token that brings it back. The oldest of too many are forgotten.

        Raises:
            InputError: there is none of this name.
        """
        take = self.entry(name).take
        trash = self.folder / _TRASH
        trash.mkdir(parents=True, exist_ok=True)
        token = f"{name}.{time.time_ns() // 1_000_000}.{secrets.token_hex(3)}"
        take.folder.rename(trash / token)
        for forgotten in self.deleted()[_MOST_IN_TRASH:]:
            shutil.rmtree(trash / forgotten, ignore_errors=True)
        return token

    def deleted(self) -> list[str]:
        """Return the tokens of what lies in the trash, the latest first."""
        trash = self.folder / _TRASH
        tokens = [path.name for path in trash.iterdir() if _STAMP.match(path.name)] if trash.is_dir() else []
        return sorted(tokens, key=lambda token: int(token.rsplit(".", 2)[1]), reverse=True)

    def restore(self, token: str) -> Entry:
        """Bring a deleted take back, under a new number if its name is taken meanwhile.

        Raises:
            InputError: nothing in the trash has this token.
        """
        if token not in self.deleted():
            raise InputError("This take is no longer in the trash, so it cannot be brought back.")
        name = _name_of(token)
        # A name is promised once, so where nothing has it, it is still this take's.
        back = self.place_for(name) if (self.folder / name).exists() else self.folder / name
        (self.folder / _TRASH / token).rename(back)
        return self.entry(back.name)

    def thumbnail(self, name: str) -> Path | None:
        """Return a small JPEG of the take, made at the first call; None where it has nothing to show.

        Raises:
            InputError: there is none of this name.
        """
        return self.thumbnail_of(self.entry(name))

    def thumbnail_of(self, entry: Entry) -> Path | None:
        """Return a small JPEG of a take that the session has, in its library or elsewhere; None as for `thumbnail`."""
        from espressivo.ui.studio.library.thumbnails import write_thumbnail

        picture = self.folder / _THUMBNAILS / f"{entry.name}-{entry.made_at_s:.3f}.jpg"
        if picture.is_file():
            return picture
        picture.parent.mkdir(parents=True, exist_ok=True)
        try:
            return picture if write_thumbnail(entry.take, picture) else None
        except EspressivoError:  # a damaged video is still a take that can be deleted
            return None

    def _all(self) -> Iterator[Entry]:
        for name in self._session.takes():
            folder = self.folder / name
            if folder.is_symlink():
                continue
            try:
                yield _entry(folder, (folder / RECORD).stat().st_mtime_ns)
            except (InputError, FileNotFoundError):  # damaged, or deleted in another window meanwhile
                continue


def entry_of(take: Take) -> Entry:
    """Return a take as a list shows it."""
    return _entry(take.folder, take.file(RECORD).stat().st_mtime_ns)


def _name_of(token: str) -> str:
    found = _STAMP.match(token)
    return found["name"] if found else token


@lru_cache(maxsize=2048)
def _entry(folder: Path, changed_ns: int) -> Entry:
    take = Take.open(folder)
    files = {file.name for file in folder.iterdir()}
    generators = _generators(take.record)
    return Entry(
        name=folder.name,
        title=_title(take.record, generators),
        emotion=_short(_emotion(take)),
        generators=generators,
        parts=tuple(part for part, names in _PARTS.items() if files & set(names)),
        made_at_s=changed_ns / 1e9,
        bytes_used=sum(file.stat().st_size for file in folder.iterdir() if file.is_file()),
        take=take,
    )


_PARTS = {
    "performance": ("performance.mp4",),
    "face": ("face.mp4", "face.glb", "face.csv", "face.npz"),
    "portrait": ("portrait.mp4",),
    "body": ("body.mp4", "body.glb", "body.bvh", "body.npz"),
    "music": ("music.mid", "music.wav"),
}


def _generators(record: dict[str, Any]) -> tuple[str, ...]:
    made = record.get("generators", {})
    rows = made.values() if isinstance(made, dict) else ()
    return tuple(sorted(str(row.get("name", "")) for row in rows if isinstance(row, dict)))


def _title(record: dict[str, Any], generators: tuple[str, ...]) -> str:
    spoken = record["request"].get("transcript")
    if isinstance(spoken, str) and spoken.strip():
        return _short(spoken)
    source = record.get("source")
    if isinstance(source, str) and source:
        return _short(source)
    return _short(" and ".join(generators)) or "A take"


def _emotion(take: Take) -> str:
    """Return what the take performs: as it was written, or as its track says where a file or a recogniser decided."""
    from espressivo.conditioning.notation import format_emotion, parse_emotion

    written = take.record["request"].get("emotion")
    if isinstance(written, str) and not written.startswith(("/", "~")) and not written.endswith(_FILES):
        return written
    if isinstance(written, dict | list):
        return json.dumps(written)
    track = take.file("emotion.emotionml")
    if not track.is_file():
        return "neutral"
    try:
        return format_emotion(parse_emotion(str(track)))
    except EspressivoError:
        return "unreadable"


_FILES = (".emotionml", ".json", ".xml")


def _short(text: str) -> str:
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"

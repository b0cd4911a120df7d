"""Who works in the studio: every browser has a folder of takes of its own, and sees no other.

A browser keeps a secret token (in its local storage, so that it survives a reload); the folder's name is the token's
hash, so that neither can be guessed from the other. A program that calls an endpoint has none: its folder goes by the
session that its client made up, and is thrown away with it. Assistants call tools through one client of Gradio's own;
they are told apart by the session that the Model Context Protocol has given each.
"""

import hashlib
import re
import secrets
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from espressivo.errors import InputError
from espressivo.take import RECORD, Take

if TYPE_CHECKING:
    from gradio import Request

    from espressivo.ui.studio.worker import Work

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
_ASSISTANT = "mcp-session-id"
"""The header by which the Model Context Protocol names its sessions."""


class Session:
    """One browser's, or one client's, part of the studio."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        """Holds takes, one folder each; nobody else's."""
        self.works: set[Work] = set()
        """What is being made for it now."""
        self.words: dict[str, list[dict[str, Any]]] = {}
        """When the words of a transcript are said, as far as they were found in its last line."""
        self._begun = self._stopped = 0
        self._promised: set[str] = set()
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def takes(self) -> list[str]:
        """Return the names of the takes, the newest first."""
        records = [record for record in self.folder.glob(f"*/{RECORD}") if not record.parent.name.startswith(".")]
        return [record.parent.name for record in sorted(records, key=lambda path: path.stat().st_mtime, reverse=True)]

    def take(self, name: str) -> Take:
        """Open one of the session's takes.

        Raises:
            InputError: the session has no take of that name, whatever else the name may point at.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name) or not (self.folder / name / RECORD).is_file():
            raise InputError(f"There is no take called {str(name)[:80]!r} here; choose one from the library.")
        return Take.open(self.folder / name)

    def new_folder(self, stem: str) -> Path:
        """Promise a folder, named after `stem` and numbered where that name is taken."""
        base = _OTHER.sub("-", stem).strip("-_")[:60] or "take"
        with self._lock:
            name, number = base, 1
            while name in self._promised or (self.folder / name).exists():
                number += 1
                name = f"{base}-{number}"
            self._promised.add(name)
        return self.folder / name

    def begin(self) -> int:
        """Number a wish, which may have to queue."""
        with self._lock:
            self._begun += 1
            return self._begun

    def was_stopped(self, begun: int) -> bool:
        """Whether everything was stopped since that wish."""
        return begun <= self._stopped

    def cancel(self) -> None:
        """Stop what is being made, and what waits."""
        self._stopped = self._begun
        for work in tuple(self.works):
            work.cancel()

    def clear_remains(self) -> None:
        """Remove what a take that was cut off has left."""
        for remains in (*self.folder.glob(".*.partial"), *self.folder.glob(".*.old")):
            shutil.rmtree(remains, ignore_errors=True)


class Sessions:
    """All sessions, by the hash that Gradio gives every page."""

    def __init__(self, folder: Path, passing: Path) -> None:
        """Keep browsers' takes in `folder`, and those of clients without a token in `passing`."""
        self._folder, self._passing = folder, passing
        self._by_page: dict[str, Session] = {}
        self._by_folder: dict[Path, Session] = {}
        self._lock = threading.Lock()

    def claim(self, token: str | None, request: "Request") -> str:
        """Say whose page this is; returns the token to keep, a new one where the given one is none."""
        kept = token if isinstance(token, str) and _TOKEN.fullmatch(token) else secrets.token_urlsafe(32)
        owner = f"{kept}/{getattr(request, 'username', None) or ''}"
        self._of_page(request, self._folder / _hash(owner))
        return kept

    def of(self, request: "Request") -> Session:
        """Return the session that a request belongs to."""
        page = _page(request)
        with self._lock:
            known = self._by_page.get(page)
        return known or self._of_page(request, self._passing / _hash(page))

    def leave(self, request: "Request") -> None:
        """Forget a page that was closed; a client's takes go with it, a browser's stay for its next visit."""
        with self._lock:
            session = self._by_page.pop(_page(request), None)
        if session is not None and session.folder.is_relative_to(self._passing):
            session.cancel()
            shutil.rmtree(session.folder, ignore_errors=True)

    def _of_page(self, request: "Request", folder: Path) -> Session:
        with self._lock:
            session = self._by_folder.get(folder)
            if session is None or not folder.is_dir():
                session = self._by_folder[folder] = Session(folder)
            self._by_page[_page(request)] = session
            return session


def _page(request: "Request") -> str:
    assistant = request.headers.get(_ASSISTANT)
    return f"{_ASSISTANT} {assistant}" if assistant else str(request.session_hash)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]

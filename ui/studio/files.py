"""Files for the browser by ticket: an address says nothing of folders, and nobody can make one up."""

import io
import secrets
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

_SHOWN: Final = {
    ".mp4": "video/mp4", ".webm": "video/webm", ".wav": "audio/wav", ".glb": "model/gltf-binary",
    ".png": "image/png", ".jpg": "image/jpeg", ".json": "application/json", ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8", ".mid": "audio/midi",
}  # fmt: skip
"""What a browser is told these are; everything else is bytes to keep."""
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    # A page among the files (a report) may draw itself, but is a stranger to the studio and reaches nothing outside.
    "Content-Security-Policy": "sandbox allow-scripts allow-downloads; default-src 'self' 'unsafe-inline' data: blob:",
    "Cache-Control": "private, max-age=3600",
}


class Tickets:
    """Which file or folder each ticket stands for. A ticket is as good as a key: it is shown to its owner only."""

    def __init__(self) -> None:
        self._paths: dict[str, Path] = {}
        self._tickets: dict[Path, str] = {}
        self._lock = threading.Lock()

    def file(self, path: Path) -> str:
        """Return the address of a file, relative to the studio's page."""
        return f"studio/files/{self._ticket(path)}/{quote(path.name)}"

    def zip(self, folder: Path) -> str:
        """Return the address of a folder's files as one zip."""
        return f"studio/zips/{self._ticket(folder)}/{quote(folder.name)}.zip"

    def routes(self) -> "list[BaseRoute]":
        """Return the routes that honour tickets."""
        from starlette.routing import Route

        return [
            Route("/studio/files/{ticket}/{name}", self._send_file),
            Route("/studio/zips/{ticket}/{name}", self._send_zip),
        ]

    def _ticket(self, path: Path) -> str:
        with self._lock:
            ticket = self._tickets.get(path)
            if ticket is None:
                ticket = self._tickets[path] = secrets.token_urlsafe(24)
                self._paths[ticket] = path
            return ticket

    def _send_file(self, request: "Request") -> "Response":
        from starlette.responses import FileResponse

        path = self._paths.get(request.path_params["ticket"])
        if path is None or not path.is_file():
            return _gone()
        kind = _SHOWN.get(path.suffix.lower())
        return FileResponse(
            path,
            media_type=kind or "application/octet-stream",
            filename=path.name,
            content_disposition_type="inline" if kind else "attachment",
            headers=_HEADERS,
        )

    def _send_zip(self, request: "Request") -> "Response":
        from starlette.responses import StreamingResponse

        folder = self._paths.get(request.path_params["ticket"])
        if folder is None or not folder.is_dir():
            return _gone()
        headers = {"Content-Disposition": f'attachment; filename="{quote(folder.name)}.zip"'}
        return StreamingResponse(_zipped(folder), media_type="application/zip", headers=headers)


def _gone() -> "Response":
    from starlette.responses import PlainTextResponse

    return PlainTextResponse("This file is gone; make the take again.", status_code=404)


def _zipped(folder: Path) -> "Iterator[bytes]":
    """Zip a folder piece by piece; videos and sound are packed already, so nothing is compressed."""
    drain = _Drain()
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.is_symlink():
                continue
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            with path.open("rb") as source, archive.open(zipfile.ZipInfo.from_file(path, name), "w") as target:
                while block := source.read(1 << 20):
                    target.write(block)
                    yield drain.taken()
            yield drain.taken()
    yield drain.taken()


class _Drain(io.RawIOBase):
    """What a zip is written into: gives away what has come in, and cannot be wound back."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        held = bytes(self._held)
        self._held.clear()
        return held

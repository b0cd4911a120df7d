"""Files that appear under their name only when they are whole."""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from espressivo.errors import OutputError


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its name when the block ends well and vanishes when not.

    The temporary file is created on entry, so that a folder that cannot be written to is found before any work.

    Raises:
        OutputError: the file cannot be created, written or renamed.
    """
    partial = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.partial{path.suffix}")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        partial.open("xb").close()
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        yield partial
        try:
            os.replace(partial, path)
        except OSError as error:
            raise unwritable(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path`, all of it or nothing.

    Raises:
        OutputError: the file cannot be written.
    """
    with whole_file(path) as partial:
        try:
            partial.write_bytes(content)
        except OSError as error:
            raise unwritable(path, error) from error


def unwritable(path: Path, error: Exception) -> OutputError:
    """The error for `path` that cannot be written because of `error`."""
    reason = getattr(error, "strerror", None) or "its encoder failed"
    return OutputError(f"{path} cannot be written ({reason}); free some space or choose another folder.")

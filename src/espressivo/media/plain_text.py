"""Text files."""

from pathlib import Path

from espressivo.errors import InputError

MAX_BYTES = 1_000_000


def read_plain_text(path: Path, what: str) -> str:
    """Read a text in UTF-8, with or without byte order mark.

    Args:
        path: the file.
        what: what it is to the user, for the sentence of an error: "Transcript".

    Raises:
        InputError: it cannot be read, is over 1 MB, or is no UTF-8.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{what} {path} is over 1 MB; give a shorter text.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{what} {path} is not text in UTF-8; save it as UTF-8.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{what} {path} cannot be read ({reason}); check its name and folder.") from None

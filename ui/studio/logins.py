"""Names and passwords of those who may come in."""

from pathlib import Path

from espressivo.errors import InputError
from espressivo.media.plain_text import read_plain_text


def read_logins(path: Path) -> list[tuple[str, str]]:
    """Read a text file with a `name:password` per line.

    Raises:
        InputError: the file cannot be read, or a line holds no name and password.
    """
    logins: list[tuple[str, str]] = []
    for number, line in enumerate(read_plain_text(path, "Logins").splitlines(), start=1):
        if not line.strip():
            continue
        name, colon, password = line.strip().partition(":")
        if not (colon and name and password):
            raise InputError(f"Line {number} of {path} holds no name:password; write one per line.")
        logins.append((name, password))
    if not logins:
        raise InputError(f"{path} holds no logins; write a name:password per line.")
    return logins

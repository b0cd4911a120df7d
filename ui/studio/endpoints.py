"""What endpoints for programs have in common: files where Gradio may send them from, and those that were sent."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from espressivo.errors import InputError
from espressivo.ui.studio import strings


def served(path: Path) -> str:
    """Return a copy of a file in the private folder that Gradio sends files from."""
    from gradio.utils import get_upload_folder

    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    return str(shutil.copy2(path, Path(tempfile.mkdtemp(dir=folder)) / path.name))


def uploaded(value: Any) -> Path:
    """Return where a file that a program has uploaded lies, and nothing else that the server may hold.

    Raises:
        InputError: it is no upload.
    """
    from gradio.utils import get_upload_folder

    path = value.get("path") if isinstance(value, dict) else None
    home = Path(get_upload_folder()).resolve()
    if isinstance(path, str) and "\0" not in path:
        found = Path(path).resolve()
        if found.is_relative_to(home) and found.is_file():
            return found
    raise InputError(strings.NOT_UPLOADED)

"""A take: one finished performance, a folder that appears whole or not at all."""

import errno
import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from espressivo import __version__
from espressivo.errors import InputError, OutputError

RECORD = "take.json"
_PACKAGES = ("numpy", "scipy", "numba", "av", "moderngl", "pocketsphinx", "pydantic")
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Take:
    """A finished performance on disk. `record` is its `take.json`."""

    folder: Path
    record: dict[str, Any]

    @classmethod
    def open(cls, path: str | Path) -> "Take":
        """Open a take by its folder or by its `take.json`.

        Raises:
            InputError: there is no take, or its record cannot be read.
        """
        folder = Path(path)
        folder = folder.parent if folder.name == RECORD else folder
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            if not isinstance(record, dict) or not isinstance(record.get("request"), dict):
                raise ValueError("no request in it")
            if not isinstance(record.get("files", {}), dict):
                raise ValueError("its files are no table")
        except (FileNotFoundError, NotADirectoryError):
            raise InputError(f"{path} is no take; give a folder with a {RECORD}.") from None
        except (OSError, ValueError) as error:
            raise InputError(
                f"{folder} holds no take that can be read ({error}); give a folder with a {RECORD}."
            ) from None
        return cls(folder, record)

    def file(self, name: str) -> Path:
        """Return the path of one of the take's files, by its name."""
        return self.folder / name


@contextmanager
def staged_take(out: Path, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `out` that becomes `out` when the block ends well, and vanishes when it does not.

    Raises:
        InputError: `out` exists and `overwrite` is false, or `out` is something that is no take.
        OutputError: the folder cannot be written, the disk is full, or another run has made `out` meanwhile.
    """
    check_out(out, overwrite)
    staging = None
    new = [folder for folder in (out.parent, *out.parent.parents) if not folder.exists()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".partial", dir=out.parent))
        yield staging
        if not overwrite and out.exists():
            raise OutputError(f"{out} has been made by another run meanwhile; choose another --out.")
        _replace(staging, out)
    except OSError as error:
        raise OutputError(_why_unwritable(out, error)) from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)
        for folder in new:
            with suppress(OSError):  # there is a take in it, this one or another run's
                folder.rmdir()


def check_out(out: Path, overwrite: bool) -> None:
    """Refuse, before any long work, a folder that may not be written.

    Raises:
        InputError: as for `staged_take`.
        OutputError: the nearest existing folder above `out` cannot be written.
    """
    if out.exists():
        if not overwrite:
            raise InputError(f"{out} exists already; choose another --out or add --overwrite.")
        if not (out / RECORD).is_file():
            raise InputError(f"{out} is no take, so it is not overwritten; choose another --out.")
    parent = out.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise OutputError(f"{out} cannot be made because {parent} is a file; choose another --out.")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"{out} cannot be made because {parent} may not be written; choose another --out.")


def chosen_folder(out: str | Path | None, name: str) -> Path:
    """Return the folder that is asked for, or the first free one for `name` among the takes; ask when it is needed."""
    return free_name(Path("takes") / name) if out is None else Path(out)


def free_name(folder: Path) -> Path:
    """Return `folder`, or the first of `folder-2`, `folder-3`, … that does not exist and is not being made."""
    candidate, number = folder, 1
    while candidate.exists() or any(candidate.parent.glob(f".{escape(candidate.name)}.*.partial")):
        number += 1
        candidate = folder.with_name(f"{folder.name}-{number}")
    return candidate


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write `take.json`: `record`, and the name and SHA-256 of every file that is there.

    It is written last: where it is, the take is whole.
    """
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    hashes = {file.relative_to(folder).as_posix(): sha256_of(file) for file in files}
    text = json.dumps(record | {"files": hashes}, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / RECORD).write_text(text + "\n", encoding="utf-8")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def environment() -> dict[str, Any]:
    """Return the versions that a take depends on."""
    return {
        "espressivo": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _replace(staging: Path, out: Path) -> None:
    """Put `staging` where `out` is; an earlier take is removed only after the new one stands."""
    staging.chmod(0o755)  # mkdtemp makes a private folder; a take is an ordinary one
    if not out.exists():
        staging.rename(out)
        return
    retired = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".old", dir=out.parent))
    earlier = out.rename(retired / out.name)
    try:
        staging.rename(out)
    except OSError:
        earlier.rename(out)
        raise
    finally:
        shutil.rmtree(retired, ignore_errors=True)


def _why_unwritable(out: Path, error: OSError) -> str:
    if error.errno in _FULL:
        return f"{out} could not be written because the disk is full; free some space or choose another --out."
    return f"{out} could not be written ({error.strerror or error}); choose another --out."

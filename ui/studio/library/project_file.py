"""A project file: takes in one zip, to keep, to send, or to go on with in another studio.

What is taken in was written by somebody else. Only plain files that a take may hold, in the one layout that is written
here, leave the archive; count, size and how far a member may unfold are limited while it is read, whatever it says.
"""

import json
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from espressivo.errors import InputError
from espressivo.media.whole_file import unwritable, whole_file
from espressivo.take import RECORD, Take, sha256_of
from espressivo.ui.studio.library.takes import Entry, Library

SUFFIX = ".espressivo.zip"
MAX_MEMBERS = 2000
MAX_BYTES = 2 * 2**30
"""Of everything together, unfolded."""
MAX_RATIO = 200
"""How many times its size in the archive a file may have; text of one letter has 1000."""
_FREE_BYTES = 1 << 20
"""Below this size a file may be packed as tightly as it likes."""
_HEAD = "project.json"
_HEADER = {"format": "espressivo project", "version": 1}
_FOLDER = "takes"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9])?")
_SUFFIXES = frozenset(
    {".json", ".emotionml", ".wav", ".mp4", ".glb", ".csv", ".npz", ".bvh", ".mid", ".html", ".md", ".png", ".txt"}
)
_CHUNK = 1 << 20
_STORED = frozenset({".mp4", ".npz", ".png"})
"""Packed already."""


def write_project(library: Library, names: Sequence[str], path: Path) -> Path:
    """Write takes of `library` into one zip at `path`.

    Raises:
        InputError: no take is named, or one that the library does not have.
        OutputError: the file cannot be written.
    """
    if not names:
        raise InputError("No take is chosen; choose the takes that the project file is to hold.")
    entries = [library.entry(name) for name in dict.fromkeys(names)]
    with whole_file(path) as partial:
        try:
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(_HEAD, json.dumps(_HEADER | {"takes": [entry.name for entry in entries]}, indent=2))
                for entry in entries:
                    for file in _files(entry.take):
                        packing = zipfile.ZIP_STORED if file.suffix in _STORED else zipfile.ZIP_DEFLATED
                        archive.write(file, f"{_FOLDER}/{entry.name}/{file.name}", packing)
        except OSError as error:
            raise unwritable(path, error) from error
    return path


def read_project(library: Library, path: Path) -> list[Entry]:
    """Take in every take of a project file, each under its own name or a new number. All of them or none.

    Raises:
        InputError: it is no project file, is damaged, or holds what a project file does not hold.
        OutputError: the disk is full.
    """
    staging = Path(tempfile.mkdtemp(prefix=".project.", dir=library.folder))
    try:
        with zipfile.ZipFile(path) as archive:
            _unpack(archive, staging)
        folders = sorted(staging.iterdir())
        if not folders:
            raise InputError("This project file holds no take; export one from the library.")
        for folder in folders:
            _check_take(folder)
        return [_place(library, folder) for folder in folders]
    except _DAMAGED as error:
        why = "it is locked with a password" if "password" in str(error) else "it is damaged, or no zip at all"
        raise InputError(f"This project file cannot be read ({why}); export it from the library again.") from None
    except OSError as error:
        raise unwritable(Path("The library"), error) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


# RuntimeError and NotImplementedError are how zipfile says that a member is locked or packed in an unknown way.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, UnicodeError)


def _files(take: Take) -> Iterator[Path]:
    for file in sorted(take.folder.iterdir()):
        if file.is_file() and not file.is_symlink() and file.suffix in _SUFFIXES and not file.name.startswith("."):
            yield file


def _unpack(archive: zipfile.ZipFile, staging: Path) -> None:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise InputError(f"This project file holds {len(members)} files; at most {MAX_MEMBERS} are read.")
    if _HEAD not in archive.namelist():
        raise InputError(f"This zip is no project file (it has no {_HEAD}); export one from the library.")
    left = MAX_BYTES
    for member in members:
        if member.filename == _HEAD:
            continue
        target = _target(member, staging)
        target.parent.mkdir(exist_ok=True)
        left -= _unpack_one(archive, member, target, left)


def _target(member: zipfile.ZipInfo, staging: Path) -> Path:
    """Return where a member belongs, or refuse it: only `takes/<take>/<file>` has a place."""
    # Not `filename`: zipfile has cut that off at a NUL byte and made slashes of what this system's separator is.
    parts = member.orig_filename.split("/")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise InputError("This project file holds a link or a device, which no take has; it is not taken in.")
    plain = len(parts) == 3 and parts[0] == _FOLDER and all(_NAME.fullmatch(part) for part in parts[1:])
    if not plain or Path(parts[2]).suffix not in _SUFFIXES:
        raise InputError(
            f"This project file holds {member.orig_filename[:60]!r}, which is no file of a take; it is not taken in."
        )
    target = staging / parts[1] / parts[2]
    if target.exists():
        raise InputError(f"This project file holds {parts[2]!r} twice in one take; it is not taken in.")
    return target


def _unpack_one(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Write one member and return its size; what it says of its size is not believed."""
    size, limit = 0, max(member.compress_size * MAX_RATIO, _FREE_BYTES)
    with archive.open(member) as packed, target.open("xb") as file:
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise InputError(
                    f"This project file unfolds to over {MAX_BYTES >> 30} GiB; export fewer takes at once."
                )
            if size > limit:
                raise InputError(
                    f"This project file holds {target.name!r} packed more than {MAX_RATIO} times, as no file of a "
                    "take is; it is not taken in."
                )
            file.write(chunk)
    return size


def _check_take(folder: Path) -> None:
    """Refuse a folder without a readable record, or with a file that is not the one its record names."""
    record = folder / RECORD
    if not record.is_file() or record.stat().st_size > _FREE_BYTES:
        raise InputError(f"This project file's '{folder.name}' has no {RECORD} that can be read; it is not taken in.")
    try:
        take = Take.open(folder)
    except (InputError, RecursionError):
        raise InputError(f"This project file's '{folder.name}' has no {RECORD} that can be read.") from None
    for name, expected in take.record.get("files", {}).items():
        file = folder / name if _NAME.fullmatch(name) else None
        if file is not None and file.is_file() and sha256_of(file) != expected:
            raise InputError(f"This project file's '{folder.name}/{name}' was damaged or changed; it is not taken in.")


def _place(library: Library, folder: Path) -> Entry:
    placed = library.place_for(folder.name)
    folder.rename(placed)
    return library.entry(placed.name)

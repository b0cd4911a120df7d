"""What is to be evaluated, in one folder: links to takes of the library, and what was uploaded under its own name."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from espressivo.errors import InputError
from espressivo.eval.request import EvaluationRequest
from espressivo.progress import ProgressCallback
from espressivo.ui.studio.library.project_file import SUFFIX, read_project
from espressivo.ui.studio.library.takes import Library
from espressivo.ui.studio.sessions import Session

MOST_CLIPS = 100
SUFFIXES = (
    *(".mp4", ".mov", ".mkv", ".webm", ".avi", ".wav", ".mid", ".midi", ".npz", ".bvh", ".csv"),
    *(".txt", ".emotionml", ".zip"),
)
"""What may be uploaded: clips, what belongs to one of them by its name, and project files."""
_BESIDE = (".wav", ".txt", ".emotionml")
"""Of files that are no clips but belong to the one of their name."""
_FOLDER, _CLIPS, _PAGE = ".evaluate", "clips", "report.html"


def gather(session: Session, takes: Sequence[str], uploads: Sequence[Path]) -> tuple[list[Path], Path]:
    """Put everything into a new folder of the session, and forget the one before.

    Returns:
        The paths that an evaluation is given, and where its report belongs; the other formats lie beside it.

    Raises:
        InputError: there is nothing to evaluate, too much, or something that is no clip.
    """
    if not takes and not uploads:
        raise InputError("Nothing to evaluate is chosen; choose takes, or drop videos, motions or MIDI files.")
    if len(takes) + len(uploads) > MOST_CLIPS:
        raise InputError(f"At most {MOST_CLIPS} clips are evaluated at a time; leave some out.")
    shutil.rmtree(session.folder / _FOLDER, ignore_errors=True)
    # A number of its own: no browser shows the report before, which it may have kept.
    folder = session.folder / _FOLDER / str(time.time_ns()) / _CLIPS
    folder.mkdir(parents=True)
    for name in dict.fromkeys(takes):
        (folder / name).symlink_to(session.take(name).folder, target_is_directory=True)
    for path in uploads:
        _take_in(path, folder)
    found = [path for path in sorted(folder.iterdir()) if path.suffix.lower() not in _BESIDE]
    if not found:
        raise InputError("Only what belongs to clips was given; add the videos, motions or MIDI files themselves.")
    return found, folder.parent / _PAGE


def evaluate_clips(
    paths: Sequence[Path], compare: bool, earlier: Path | None, report: Path, progress: ProgressCallback
) -> tuple[str, ...]:
    """Evaluate, for a worker, and return what was found in plain sentences.

    Raises:
        EspressivoError: nothing can be measured, or the earlier report cannot be read.
    """
    from espressivo.eval.report.files import read_report
    from espressivo.reporting import make_report

    before = None if earlier is None else read_report(earlier)
    request = EvaluationRequest(paths=tuple(paths), compare=compare)
    made, _ = make_report(request, report, before, overwrite=True, progress=progress)
    return made.summary


def files_of(report: Path) -> dict[str, Path]:
    """Return the files of a finished report by suffix."""
    from espressivo.reporting import report_files

    return {suffix: path for suffix, path in report_files(report).items() if path.is_file()}


def _take_in(path: Path, folder: Path) -> None:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path.name} cannot be evaluated; give one of {', '.join(SUFFIXES)}.")
    if suffix == ".zip":
        if not read_project(Library(Session(folder)), path):
            raise InputError(f"{path.name} holds no take; give a project file (*{SUFFIX}) of the library.")
        return
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{suffix}"
    target.symlink_to(path.resolve())

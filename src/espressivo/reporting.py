"""From an evaluation to its report: what was measured becomes files that people and programs read."""

import os
import platform
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from espressivo import __version__
from espressivo.errors import InputError, OutputError
from espressivo.eval.request import EvaluationRequest
from espressivo.eval.subjects import find_systems
from espressivo.progress import ProgressCallback
from espressivo.take import RECORD

if TYPE_CHECKING:
    from espressivo.eval.report.model import Report

_SUFFIXES = (".html", ".json", ".csv", ".md")


def report_files(report: Path) -> dict[str, Path]:
    """Return the files of a report by suffix: a page, its data, a table of all values, and Markdown, side by side."""
    return {suffix: report.with_suffix(suffix) for suffix in _SUFFIXES}


def default_report(paths: tuple[Path, ...]) -> Path:
    """Return where a report goes if nobody says: into the take if there is one, else beside the first path."""
    first = paths[0]
    if len(paths) == 1 and (first / RECORD).is_file():
        return first / "report.html"
    return first.parent / "report.html" if first.is_file() else first.parent / f"report-{first.absolute().name}.html"


def check_report(report: Path, overwrite: bool) -> None:
    """Refuse, before any long work, a report that may not be written.

    Raises:
        InputError: its name does not end in .html, or one of its files exists and `overwrite` is false.
        OutputError: its folder is missing or may not be written.
    """
    if report.suffix != ".html":
        raise InputError(f"--report {report} does not end in .html; the other formats are written beside the page.")
    if not report.parent.is_dir() or not os.access(report.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{report} cannot be written because its folder is missing or may not be written.")
    there = next((file for file in report_files(report).values() if file.exists()), None)
    if there is not None and not overwrite:
        raise InputError(f"{there} exists already; choose another --report or add --overwrite.")


def make_report(
    request: EvaluationRequest,
    report: Path | None = None,
    earlier: "Report | None" = None,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
) -> "tuple[Report, Path]":
    """Evaluate and write the report.

    Args:
        request: what is evaluated.
        report: the page to write, `*.html`; by default `default_report`.
        earlier: a report of before; what differs from it becomes part of the new one.
        overwrite: replace an earlier report of that name.
        progress: called with the stage and how far it has come; raises `Cancelled` to stop.

    Returns:
        The report and the path of its page.

    Raises:
        EspressivoError: something cannot be read, measured or written; the message says what to do.
    """
    page = default_report(request.paths) if report is None else report
    check_report(page, overwrite)
    find_systems(request.paths, request.compare)  # what is missing shows before the imports, which take seconds

    from espressivo.eval.evaluation import evaluate
    from espressivo.eval.report.build import build_report
    from espressivo.eval.report.comparisons import against
    from espressivo.eval.report.files import write_csv, write_json
    from espressivo.eval.report.html import write_html
    from espressivo.eval.report.markdown import write_markdown
    from espressivo.eval.report.model import Header

    findings = evaluate(request, progress)
    made = build_report(
        findings.clips,
        findings.sets,
        findings.metrics,
        findings.evaluators,
        findings.ceilings,
        Header(
            title=" and ".join(findings.systems),
            version=__version__,
            date=date.today().isoformat(),
            hardware=f"{platform.machine()}, {os.cpu_count()} processors",
            facts=findings.facts,
        ),
        baseline=findings.systems[0] if request.compare else None,
    )
    made = made if earlier is None else against(made, earlier)
    files = report_files(page)
    write_html(made, files[".html"])
    write_json(made, files[".json"])
    write_csv(made, files[".csv"])
    write_markdown(made, files[".md"])
    return made, page

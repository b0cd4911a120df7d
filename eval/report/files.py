"""The report for programs: JSON, which can be read again, and CSV, one value a line."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from espressivo.errors import InputError
from espressivo.eval.metric import NotMeasured
from espressivo.eval.report.model import SCHEMA_VERSION, Report
from espressivo.media.whole_file import write_whole

_COLUMNS = ("system", "role", "clip", "metric", "value", "unit", "reason")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_json(report: Report, path: Path) -> None:
    """Write everything, so that `read_report` gives the same report again.

    Raises:
        OutputError: the file cannot be written.
    """
    text = json.dumps(report.model_dump(mode="json"), allow_nan=False, ensure_ascii=False, indent=1)
    write_whole(path, (text + "\n").encode())


def read_report(path: Path) -> Report:
    """Read what `write_json` wrote.

    Raises:
        InputError: the file cannot be read, is no report, or is one of another version.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); give a report.json of an evaluation.") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise InputError(f"{path} is no JSON; give a report.json of an evaluation.") from None
    version = found.get("schema_version") if isinstance(found, dict) else None
    if version is None:
        raise InputError(f"{path} is no report of an evaluation; give the report.json that one wrote.")
    if version != SCHEMA_VERSION:
        raise InputError(
            f"{path} is a report of schema version {version}, and this version of the program reads "
            f"{SCHEMA_VERSION}; evaluate those clips again."
        )
    try:
        return Report.model_validate_json(json.dumps(found), strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path} is a damaged report ({where}: {first['msg']}); evaluate those clips again.") from None


def write_csv(report: Report, path: Path) -> None:
    """Write one line per clip and metric; figures of whole sets have no clip, clips that failed have no metric.

    A name that a spreadsheet would run as a formula gets an apostrophe before it.

    Raises:
        OutputError: the file cannot be written.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in (*_clip_rows(report), *_set_rows(report)):
        writer.writerow([_harmless(field) for field in row[:3]] + list(row[3:]))
    write_whole(path, lines.getvalue().encode())


def _clip_rows(report: Report) -> Iterator[tuple[str, ...]]:
    units = {metric.name: metric.unit for metric in report.metrics}
    for clip in report.clips:
        if clip.failure is not None:
            yield clip.system, clip.role, clip.clip, "", "", "", clip.failure
        for name, value in clip.values.items():
            absent = isinstance(value, NotMeasured)
            number, reason = ("", value.reason) if absent else (repr(float(value)), "")
            yield clip.system, clip.role, clip.clip, name, number, units[name], reason


def _set_rows(report: Report) -> Iterator[tuple[str, ...]]:
    units = {metric.name: metric.unit for metric in report.metrics}
    for table in report.tables:
        for row in table.rows:
            for name, cell in zip(table.columns, row.cells, strict=True):
                if cell.of_set:
                    number = "" if cell.value is None else repr(cell.value)
                    yield row.system, row.role, "", name, number, units[name], cell.reason


def _harmless(name: str) -> str:
    return f"'{name}" if name.startswith(_FORMULA) else name

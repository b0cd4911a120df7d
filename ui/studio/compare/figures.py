"""What evaluation measures of two takes, as a table: a figure for each, or why there is none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from espressivo.eval.metric import Metric
from espressivo.eval.report.goal import ARROWS, DIRECTIONS
from espressivo.eval.report.model import ABSENT, Cell, Report, Table
from espressivo.eval.report.wording import number
from espressivo.eval.request import EvaluationRequest
from espressivo.progress import ProgressCallback
from espressivo.ui.studio import strings
from espressivo.ui.studio.messages import without_folders

_SIDES = 2


@dataclass(frozen=True)
class Figure:
    """One metric of both sides; a text says why there is no number."""

    metric: Metric
    a: float | str
    b: float | str

    @property
    def better(self) -> str | None:
        """The side that is nearer to where the metric should be; None where that is not known or there is no side."""
        if not isinstance(self.a, float) or not isinstance(self.b, float) or self.a == self.b:
            return None
        a, b = {
            "higher": (self.a, self.b),
            "lower": (-self.a, -self.b),
            "zero": (-abs(self.a), -abs(self.b)),
        }.get(self.metric.better, (0.0, 0.0))
        return None if a == b else "a" if a > b else "b"


def measure_pair(a: Path, b: Path, report: Path, progress: ProgressCallback) -> Report:
    """Evaluate two takes against each other and write the whole report, for a worker.

    Raises:
        EspressivoError: neither can be measured, or the extra `evaluate` is not installed.
    """
    from espressivo.reporting import make_report

    request = EvaluationRequest(paths=(a, b), compare=True)
    return make_report(request, report, overwrite=True, progress=progress)[0]


def figures(report: Report) -> Iterator[tuple[str, list[Figure]]]:
    """Yield the dimensions of a report of two systems with what was measured of them, metric by metric."""
    systems = list(dict.fromkeys(row.system for table in report.tables for row in table.rows if row.role == "system"))[
        :_SIDES
    ]
    if len(systems) < _SIDES:
        systems = list(dict.fromkeys(clip.system for clip in report.clips if clip.role == "system"))[:_SIDES]
    for table in report.tables:
        yield table.dimension, [_figure(table, place, report, systems) for place in range(len(table.columns))]


def figures_html(report: Report) -> str:
    """Return all of it as tables; names and reasons come from files, so they are escaped."""
    parts = [_table(dimension, rows) for dimension, rows in figures(report) if rows]
    missing = [
        f"<li>{escape(report.metric(entry.metric).title)}: {_said(entry.reason)}</li>"
        for table in report.tables
        for entry in table.unmeasured
    ]
    if missing:
        summary = escape(strings.compare_unmeasured(len(missing)))
        parts.append(f"<details><summary>{summary}</summary><ul>{''.join(missing)}</ul></details>")
    if not parts:
        return f"<p>{escape(strings.COMPARE_NO_FIGURES)}</p>"
    return f'<div class="es-figures-scroll">{"".join(parts)}</div>'


def _figure(table: Table, place: int, report: Report, systems: Sequence[str]) -> Figure:
    cells = [
        next((row.cells[place] for row in table.rows if (row.role, row.system) == ("system", system)), Cell())
        for system in systems
    ]
    a, b = (cell.value if cell.value is not None else cell.reason or ABSENT for cell in cells)
    return Figure(report.metric(table.columns[place]), a, b)


def _table(dimension: str, rows: Sequence[Figure]) -> str:
    body = "".join(
        f'<tr><th scope="row">{escape(row.metric.title)} {ARROWS[row.metric.better]}'
        f"<small>{escape(DIRECTIONS[row.metric.better])}</small></th>"
        f"{_cell(row, row.a, 'a')}{_cell(row, row.b, 'b')}</tr>"
        for row in rows
    )
    return (
        f'<table class="es-figures"><caption>{escape(dimension)}</caption><thead><tr><th scope="col">'
        f'{escape(strings.COMPARE_METRIC)}</th><th scope="col">A</th><th scope="col">B</th></tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _cell(row: Figure, value: float | str, side: str) -> str:
    if isinstance(value, str):
        return f"<td>N/A<small>{_said(value)}</small></td>"
    text = f"{number(value, row.metric.decimals)} {row.metric.unit}".strip()
    if row.better == side:
        return f'<td class="es-better">{escape(text)} <span aria-label="{escape(strings.COMPARE_BETTER)}">✓</span></td>'
    return f"<td>{escape(text)}</td>"


def _said(reason: str) -> str:
    return escape(without_folders(reason))

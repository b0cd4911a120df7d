"""The report as Markdown: the tables and sentences, for a pull request or a file in a repository."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from espressivo.eval.metric import Metric
from espressivo.eval.report.goal import ARROWS
from espressivo.eval.report.model import Cell, Comparison, Report, Table
from espressivo.eval.report.wording import (
    byline,
    count_text,
    facts,
    interval_text,
    number,
    p_text,
    signed,
    spread_text,
    title_with_unit,
    unmeasured_groups,
    verdict_text,
)
from espressivo.media.whole_file import write_whole

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_OPENING = re.compile(r"^(\d*)([#+=.)-])")  # what makes a line a heading, a list or a rule


def write_markdown(report: Report, path: Path) -> None:
    """Write the report.

    Raises:
        OutputError: the file cannot be written.
    """
    write_whole(path, render_markdown(report).encode())


def render_markdown(report: Report) -> str:
    """Return the report. Names are escaped: they are text, whatever they look like."""
    return "\n".join(_lines(report)) + "\n"


def escaped(text: str) -> str:
    """Return text that Markdown, and HTML within it, shows as it is, in one line."""
    flat = " ".join(text.split())
    plain = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _OPENING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", plain))


def _lines(report: Report) -> Iterator[str]:
    yield from (f"# {escaped(report.header.title)}", "", escaped(byline(report.header)), "")
    yield from (f"- {escaped(sentence)}" for sentence in report.summary)
    for comparison in report.comparisons:
        yield from _comparison(comparison, report)
    for table in report.tables:
        yield from _table(table, report)
    failed = [clip for clip in report.clips if clip.failure is not None]
    if failed:
        yield from ("", "## Clips that could not be measured", "")
        yield from (f"- {escaped(clip.system)}, {escaped(clip.clip)}: {escaped(clip.failure or '')}" for clip in failed)
    if report.evaluators:
        rows = [(one.name, one.version, one.sha256[:12], one.licence, one.note) for one in report.evaluators]
        yield from ("", "## Who judged", "")
        yield from _grid(("evaluator", "version", "sha256", "licence", "note"), [map(escaped, row) for row in rows])
    yield from ("", "## Conditions", "")
    yield from (f"- {escaped(name)}: {escaped(text)}" for name, text in facts(report.header))


def _table(table: Table, report: Report) -> Iterator[str]:
    metrics = [report.metric(name) for name in table.columns]
    yield from ("", f"## {table.dimension[0].upper()}{table.dimension[1:]}", "")
    for warning in table.warnings:
        yield from (f"**Caution: {escaped(report.metric(warning.metric).title)}** {escaped(warning.text)}.", "")
    if metrics:
        head = ["", *(escaped(f"{title_with_unit(metric)} {ARROWS[metric.better]}".strip()) for metric in metrics)]
        rows = [
            [escaped(row.system), *(_cell(cell, metric) for cell, metric in zip(row.cells, metrics, strict=True))]
            for row in table.rows
        ]
        yield from _grid(head, rows)
    groups = [f"{group['titles']} ({group['reason']})" for group in unmeasured_groups(table, report)]
    if groups:
        yield from ("", f"Not measured: {escaped('; '.join(groups))}.")


def _comparison(comparison: Comparison, report: Report) -> Iterator[str]:
    yield from ("", f"## {escaped(comparison.b)} against {escaped(comparison.a)}", "")
    rows = []
    for row in comparison.metrics:
        metric = report.metric(row.metric)
        change = signed(row.b - row.a, metric.decimals)
        spread = f" {interval_text(row.interval, metric.decimals)}" if row.interval else ""
        title = f"{title_with_unit(metric)}, distance" if row.of_distance else title_with_unit(metric)
        numbers = (number(row.a, metric.decimals), number(row.b, metric.decimals), change + spread, p_text(row.p_holm))
        rows.append([escaped(title), *numbers, escaped(verdict_text(row, comparison))])
    yield from _grid(
        ("metric", escaped(comparison.a), escaped(comparison.b), "difference", "p (Holm)", "finding"), rows
    )


def _cell(cell: Cell, metric: Metric) -> str:
    if cell.value is None:
        return f"N/A ({escaped(cell.reason)})"
    spread = spread_text(cell, metric)
    return " ".join(filter(None, (number(cell.value, metric.decimals), spread, f"({count_text(cell)})")))


def _grid(head: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)

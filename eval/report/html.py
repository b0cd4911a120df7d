"""The report as one page that needs nothing else: no script, no font, no picture, no server."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from espressivo.eval.metric import Metric
from espressivo.eval.report.drawing import SERIES
from espressivo.eval.report.figures import draw_figures
from espressivo.eval.report.goal import ARROWS, DIRECTIONS
from espressivo.eval.report.model import ABSENT, Cell, Comparison, Report, Row, Table
from espressivo.eval.report.wording import (
    byline,
    count_text,
    facts,
    interval_text,
    number,
    p_text,
    signed,
    spread_text,
    unmeasured_groups,
    verdict_text,
)
from espressivo.eval.results import Role
from espressivo.eval.statistics.bootstrap import FEWEST_CLIPS, RESAMPLES
from espressivo.media.whole_file import write_whole

_FOLDER = Path(__file__).resolve().parent
_TEMPLATE, _STYLE = "report.html.j2", "report.css"
_WITH_PUBLISHED = ("lip sync", "emotion", "quality")


def write_html(report: Report, path: Path) -> None:
    """Write the page; the same report gives the same bytes.

    Raises:
        OutputError: the file cannot be written.
    """
    write_whole(path, render_html(report).encode())


def render_html(report: Report) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    classes = _row_classes(report)
    figures = draw_figures(report)
    return environment.get_template(_TEMPLATE).render(
        css=(_FOLDER / _STYLE).read_text(encoding="utf-8"),
        header=report.header,
        byline=byline(report.header),
        summary=report.summary,
        sections=[_section(table, report, classes) for table in report.tables],
        comparisons=[_comparison(comparison, report, classes) for comparison in report.comparisons],
        figures=[figure for figure in figures if figure.place not in ("scores", "clips")],
        score_figures=[figure for figure in figures if figure.place == "scores"],
        clip_figures=[figure for figure in figures if figure.place == "clips"],
        published=_published(report),
        scores=_scores(report, classes),
        failures=[clip for clip in report.clips if clip.failure is not None],
        metrics=[_metric(metric, report) for metric in report.metrics],
        evaluators=report.evaluators,
        facts=facts(report.header),
        fewest=FEWEST_CLIPS,
        resamples=f"{RESAMPLES:,}",
    )


def _section(table: Table, report: Report, classes: dict[tuple[Role, str], str]) -> dict[str, Any]:
    metrics = [report.metric(name) for name in table.columns]
    absent = (cell.reason for row in table.rows for cell in row.cells if cell.value is None)
    notes = list(dict.fromkeys(reason for reason in absent if reason != ABSENT))
    warned = {warning.metric for warning in table.warnings}
    return {
        "id": table.dimension.replace(" ", "-").lower(),
        "title": table.dimension,
        "columns": [
            {
                "name": metric.name,
                "title": metric.title,
                "unit": metric.unit,
                "arrow": ARROWS[metric.better],
                "direction": DIRECTIONS[metric.better],
                "definition": metric.definition,
                "warned": metric.name in warned,
            }
            for metric in metrics
        ],
        "rows": [_row(row, metrics, notes, classes[row.role, row.system]) for row in table.rows],
        "of_clips": any(cell.n_total > 1 for row in table.rows for cell in row.cells),
        "few": any(len(cell.values) > 1 for row in table.rows for cell in row.cells),
        "notes": notes,
        "warnings": [{"title": report.metric(entry.metric).title, "text": entry.text} for entry in table.warnings],
        "unmeasured": unmeasured_groups(table, report),
    }


def _row(row: Row, metrics: Sequence[Metric], notes: list[str], style: str) -> dict[str, Any]:
    cells = [_cell(cell, metric, notes) for cell, metric in zip(row.cells, metrics, strict=True)]
    return {"name": row.system, "class": style, "cells": cells}


def _cell(cell: Cell, metric: Metric, notes: list[str]) -> dict[str, Any]:
    if cell.value is None:
        return {
            "value": "",
            "reason": cell.reason,
            "note": 0 if cell.reason == ABSENT else notes.index(cell.reason) + 1,
        }
    return {
        "value": number(cell.value, metric.decimals),
        "spread": spread_text(cell, metric),
        "few": bool(cell.values),
        "count": count_text(cell),
    }


def _comparison(comparison: Comparison, report: Report, classes: dict[tuple[Role, str], str]) -> dict[str, Any]:
    rows = []
    names = (comparison.a, comparison.b)
    for row in comparison.metrics:
        metric = report.metric(row.metric)
        goal = "the real clips" if metric.better == "reference" else "0"
        rows.append(
            {
                "title": f"{metric.title}: distance from {goal}" if row.of_distance else metric.title,
                "direction": "lower is better" if row.of_distance else DIRECTIONS[metric.better],
                "a": number(row.a, metric.decimals),
                "b": number(row.b, metric.decimals),
                "change": signed(row.b - row.a, metric.decimals),
                "interval": interval_text(row.interval, metric.decimals) if row.interval else "",
                "p": p_text(row.p_holm),
                "n": row.n_pairs or "–",
                "verdict": verdict_text(row, comparison),
                "decided": row.verdict in ("a better", "b better"),
            }
        )
    # A system of an older report has no look of its own.
    looks = {f"class_{side}": classes.get(("system", name), "") for side, name in zip("ab", names, strict=True)}
    return {"a": comparison.a, "b": comparison.b, "rows": rows, **looks}


def _scores(report: Report, classes: dict[tuple[Role, str], str]) -> dict[str, Any] | None:
    if report.scores is None:
        return None
    rows = report.scores.rows
    titles = ["mean of all", *(report.metric(name).title for name in report.scores.metrics)]
    columns = [[row.mean, *row.scores] for row in rows]
    return {
        "parties": [{"name": row.system, "class": classes[row.role, row.system]} for row in rows],
        "count": len(report.scores.metrics),
        "rows": [
            {"title": title, "scores": ["–" if score is None else number(score, 2) for score in scores]}
            for title, *scores in zip(titles, *columns, strict=True)
        ],
    }


def _metric(metric: Metric, report: Report) -> dict[str, str]:
    names = {evaluator.id: evaluator.name for evaluator in report.evaluators}
    return {
        "name": metric.name,
        "title": metric.title,
        "direction": DIRECTIONS[metric.better],
        "definition": metric.definition,
        "evaluator": names.get(metric.evaluator or "", metric.evaluator or ""),
    }


def _published(report: Report) -> dict[str, Any] | None:
    """Figures that papers state, where tables above invite the question; each set without columns that none fills."""
    if not any(table.columns and table.dimension in _WITH_PUBLISHED for table in report.tables):
        return None
    found = json.loads((_FOLDER / "published.json").read_text(encoding="utf-8"))
    for figures in found["sets"]:
        figures["columns"] = found["columns"][: max(len(row) for row in figures["rows"]) - 1]
    return found


def _row_classes(report: Report) -> dict[tuple[Role, str], str]:
    """The look of every row: a system has the colour that it has in the figures."""
    parties: dict[tuple[Role, str], None] = dict.fromkeys(
        (row.role, row.system) for table in report.tables for row in table.rows
    )
    classes: dict[tuple[Role, str], str] = {}
    systems = 0
    for role, name in parties:
        classes[role, name] = f"system series-{systems % len(SERIES) + 1}" if role == "system" else role
        systems += role == "system"
    return classes

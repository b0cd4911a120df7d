"""How near systems come to real clips, over all metrics at once: THEval's normalised score."""

from collections.abc import Sequence

import numpy as np

from espressivo.eval.metric import Metric
from espressivo.eval.report.model import Row, ScoreRow, Scores, Table

_DIRECTED = ("higher", "lower", "reference")
_SMALL = 1e-6


def normalised_score(figure: float, real: float) -> float:
    """Return 1 - |figure - real| / |real| (THEval, CVPR 2026): 1 at the real clips' figure, not clipped below 0.

    Better than real scores less than 1, as in the peer: it is a score of likeness.

    Raises:
        ValueError: the real figure is 0, which has no multiples.
    """
    if abs(real) < _SMALL:
        raise ValueError("The real clips' figure is 0: nothing can be a multiple of it.")
    return 1.0 - abs(figure - real) / abs(real)


def build_scores(tables: Sequence[Table], metrics: Sequence[Metric]) -> Scores | None:
    """Score every row that is not real itself; None without real clips or without a common metric.

    Scored are metrics that are means over clips and have a better side that is not 0 (a multiple of nearly nothing
    means nothing), where the real clips and every system have a figure.
    """
    directed = {metric.name for metric in metrics if metric.better in _DIRECTED}
    figures: dict[tuple[str, str], dict[str, float]] = {}
    for table in tables:
        for row in table.rows:
            found = figures.setdefault((row.role, row.system), {})
            found |= _figures(table, row, directed)
    real = next((values for (role, _), values in figures.items() if role == "real"), {})
    systems = [values for (role, _), values in figures.items() if role == "system"]
    common = [name for name in real if abs(real[name]) >= _SMALL and all(name in values for values in systems)]
    if not common or not systems:
        return None
    rows = [
        _score_row(row, figures[row.role, row.system], common, real)
        for row in _first_rows(tables)
        if row.role != "real" and any(name in figures[row.role, row.system] for name in common)
    ]
    return Scores(metrics=tuple(common), rows=tuple(rows))


def _figures(table: Table, row: Row, directed: set[str]) -> dict[str, float]:
    cells = zip(table.columns, row.cells, strict=True)
    return {name: cell.value for name, cell in cells if name in directed and cell.value is not None and not cell.of_set}


def _first_rows(tables: Sequence[Table]) -> list[Row]:
    return list({(row.role, row.system): row for table in tables for row in table.rows}.values())


def _score_row(row: Row, figures: dict[str, float], metrics: Sequence[str], real: dict[str, float]) -> ScoreRow:
    scores = [normalised_score(figures[name], real[name]) if name in figures else None for name in metrics]
    known = [score for score in scores if score is not None]
    mean = float(np.mean(known)) if len(known) == len(scores) else None
    return ScoreRow(system=row.system, role=row.role, scores=tuple(scores), mean=mean)

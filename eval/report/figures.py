"""Which figures a report has: those that there are data for, each with a sentence that says how to read it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Literal

import numpy as np

from espressivo.eval.metric import Dimension, Metric, NotMeasured
from espressivo.eval.report.charts import lag_panel, radar_panel, slider_panel, strip_panel
from espressivo.eval.report.drawing import Panel, Party, styled, with_own_ids
from espressivo.eval.report.emotion_charts import circumplex_panel, confusion_panel, intensity_panel
from espressivo.eval.report.model import Report, ScoreRow
from espressivo.eval.results import Role

_MOST_STRIPS = 9
_STRIPS_PER_TABLE = 2
_MOST_SPOKES, _FEWEST_SPOKES = 12, 3
_FEWEST_DOTS = 3
_MOST_SLIDERS = 24

Looks = dict[tuple[Role, str], Party]


@dataclass(frozen=True)
class Figure:
    """Pictures that belong together, and how to read them."""

    place: Dimension | Literal["scores", "clips"]
    """The table that it stands under, or the scores, or a part of its own for single clips."""
    title: str
    caption: str
    panels: tuple[Panel, ...]


def draw_figures(report: Report) -> tuple[Figure, ...]:
    """Draw every figure that there are data for."""
    looks = styled(list({(row.role, row.system): 0 for table in report.tables for row in table.rows}))
    found = [make(report, looks) for make in _FIGURES]
    numbers = count(1)
    return tuple(
        replace(figure, panels=tuple(replace(one, svg=with_own_ids(one.svg, next(numbers))) for one in figure.panels))
        for figure in found
        if figure.panels
    )


def _radar(report: Report, looks: Looks) -> Figure:
    spokes = _spokes(report)
    panels: list[Panel] = []
    if report.scores is not None and len(spokes) >= _FEWEST_SPOKES:
        rows = [row for row in report.scores.rows if row.role == "system" and row.mean is not None]
        shown = [(looks[row.role, row.system], row, _means(row, spokes)) for row in rows]
        panels = radar_panel(list(spokes), shown)
    return Figure(
        "scores",
        "How near is each system?",
        "The nearer a line is to the outer ring, the nearer the system is to the real clips; 0, the middle, is as far "
        "off as the real clips' figure is large.",
        tuple(panels),
    )


def _spokes(report: Report) -> dict[str, list[int]]:
    """The axes of the radar with the scores that each is the mean of: metrics, or dimensions if they are too many."""
    if report.scores is None:
        return {}
    metrics = [report.metric(name) for name in report.scores.metrics]
    if len(metrics) <= _MOST_SPOKES:
        return {metric.title: [place] for place, metric in enumerate(metrics)}
    spokes: dict[str, list[int]] = {}
    for place, metric in enumerate(metrics):
        spokes.setdefault(metric.dimension, []).append(place)
    return spokes


def _means(row: ScoreRow, spokes: dict[str, list[int]]) -> list[float]:
    scores = [np.nan if score is None else score for score in row.scores]
    return [float(np.mean([scores[place] for place in places])) for places in spokes.values()]


def _lag(report: Report, looks: Looks) -> Figure:
    curves = report.observed.lag_curves
    return Figure(
        "lip sync",
        "Is the mouth in step with the sound?",
        "A peak at 0 means in step, a peak to the right that the sound comes late; a curve whose peak lies in the "
        "shaded band says nothing about the lag (its marker is hollow). Means over clips.",
        tuple(lag_panel(curves, looks)) if curves else (),
    )


def _confusion(report: Report, looks: Looks) -> Figure:
    seen = [matrix for matrix in report.observed.confusions if matrix.role != "anchor"]
    matrices = (*seen, *report.observed.ceilings)
    faces = "".join(f" Real faces: {matrix.source}." for matrix in report.observed.ceilings)
    return Figure(
        "emotion",
        "Which emotion is seen?",
        "Each row is an emotion that was asked for, in percent of its clips; framed blue is seen as asked, orange as "
        "something else; compare with the judge's own mistakes on real faces, beside it. In brackets: 95 % interval "
        "(Wilson)." + faces,
        tuple(panel for matrix in matrices for panel in confusion_panel(matrix)),
    )


def _intensity(report: Report, looks: Looks) -> Figure:
    curves = report.observed.intensities
    return Figure(
        "emotion",
        "Does more look like more?",
        "Lines that rise mean that a stronger wish gives a clearer expression (ρ: rank correlation over clips with its "
        "95 % interval, R²: how straight the line is).",
        tuple(
            panel
            for name in dict.fromkeys(curve.system for curve in curves)
            for panel in intensity_panel(name, [curve for curve in curves if curve.system == name])
        ),
    )


def _circumplex(report: Report, looks: Looks) -> Figure:
    points = report.observed.circumplex
    return Figure(
        "emotion",
        "Where emotions land",
        "An arrow leads from where an emotion was asked to be (hollow) to where the judge sees it (filled, its "
        "probabilities weighted by the emotions' places); short arrows are good, and all seen ones lie nearer the "
        "middle because a judge is never certain.",
        tuple(
            panel
            for name in dict.fromkeys(point.system for point in points)
            for panel in circumplex_panel(name, [point for point in points if point.system == name])
        ),
    )


def _strips(report: Report, looks: Looks) -> Figure:
    return Figure(
        "clips",
        "What is behind the means",
        "Each dot is a clip, the upright bar the mean and the line through it its 95 % interval; a few far-off dots "
        "tell another story than a shift of all of them.",
        tuple(islice(_strip_panels(report, looks), _MOST_STRIPS)),
    )


def _strip_panels(report: Report, looks: Looks) -> Iterator[Panel]:
    for table in report.tables:
        metrics = (report.metric(name) for name in table.columns)
        drawn = (panel for metric in metrics for panel in _strip(report, metric, looks))
        yield from islice(drawn, _STRIPS_PER_TABLE)


def _strip(report: Report, metric: Metric, looks: Looks) -> list[Panel]:
    rows = []
    for (role, name), look in looks.items():
        found = [clip.values.get(metric.name) for clip in report.clips if (clip.role, clip.system) == (role, name)]
        values = [float(value) for value in found if not (value is None or isinstance(value, NotMeasured))]
        cell = report.cell(name, metric.name, role)
        if values and cell is not None:
            rows.append((look, values, cell))
    # Yes or no per clip is no picture, and neither are two dots.
    everything = {value for _, values, _ in rows for value in values}
    return strip_panel(metric, rows) if len(everything) >= _FEWEST_DOTS and not everything <= {0.0, 1.0} else []


def _sliders(report: Report, looks: Looks) -> Figure:
    sliders = report.observed.sliders[:_MOST_SLIDERS]
    several = len({slider.system for slider in sliders}) > 1
    return Figure(
        "control",
        "What each dial does",
        "A dial that is obeyed gives thin lines (one per content) that rise together along the thick mean (ρ: rank "
        "correlation, R²: how straight).",
        tuple(panel for slider in sliders for panel in slider_panel(slider, several)),
    )


_FIGURES: tuple[Callable[[Report, Looks], Figure], ...] = (
    _radar,
    _lag,
    _confusion,
    _intensity,
    _circumplex,
    _strips,
    _sliders,
)

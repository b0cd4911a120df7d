"""System against system, and report against an older report: what differs, how surely, and which is better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from espressivo.eval.metric import Metric, NotMeasured, Value
from espressivo.eval.report.goal import distances, goal_of, improvement
from espressivo.eval.report.model import ComparedMetric, Comparison, Report, Verdict
from espressivo.eval.report.tables import Measurements, Party
from espressivo.eval.statistics.comparison import SIGNIFICANT_P, Difference, compare, holm

TOLERANCE = 0.05
"""Part of a figure by which it may worsen before a regression is reported that no test can speak for."""


@dataclass(frozen=True)
class Side:
    """One of two systems, as far as a comparison needs it."""

    label: str
    values: Mapping[str, Mapping[str, Value]]
    """Metric -> clip -> value."""
    figures: Mapping[str, float]
    """Figures of the whole set, by metric."""


@dataclass(frozen=True)
class Regression:
    """A metric that is worse than it was."""

    system: str
    metric: str
    old: float
    new: float | None
    """None where it can no longer be measured. With `of_distance`, both are distances from the goal."""
    of_distance: bool
    p: float | None
    """Holm-corrected; None where nothing can be tested."""
    why: Literal["significant", "beyond tolerance", "no longer measured"]

    def __str__(self) -> str:
        if self.new is None:
            return f"{self.system}: {self.metric} was {self.old:.4g} and is no longer measured."
        tested = "" if self.p is None else f", p = {self.p:.2g}"
        what = f"{self.metric} (distance from its goal)" if self.of_distance else self.metric
        return f"{self.system}: {what} was {self.old:.4g} and is {self.new:.4g} ({self.why}{tested})."


def compare_systems(
    measurements: Measurements, metrics: Sequence[Metric], baseline: str | None, seed: int
) -> tuple[Comparison, ...]:
    """Compare every other system with the one called `baseline`; nothing if that is None.

    Raises:
        ValueError: there is no system of that name.
    """
    if baseline is None:
        return ()
    systems = [party for party in measurements.parties if party[0] == "system"]
    if ("system", baseline) not in systems:
        raise ValueError(f"{baseline!r} is none of the systems: {', '.join(name for _, name in systems)}.")
    goals = {metric.name: goal_of(metric, measurements.real_mean(metric.name)) for metric in metrics}
    first = _side(measurements, ("system", baseline), metrics)
    others = [_side(measurements, party, metrics) for party in systems if party != ("system", baseline)]
    return _corrected([_comparison(first, other, metrics, goals, seed) for other in others], metrics)


def against(new: Report, old: Report) -> Report:
    """Return `new` with its systems compared to those of the same name in an older report, clip by clip."""
    compared = compare_reports(new, old)
    return new.model_copy(update={"comparisons": (*new.comparisons, *compared)})


def compare_reports(new: Report, old: Report) -> tuple[Comparison, ...]:
    """Compare the systems that stand in both reports, by the metrics that stand in both."""
    known = {metric.name for metric in old.metrics}
    metrics = [metric for metric in new.metrics if metric.name in known]
    goals = {metric.name: goal_of(metric, _real_mean(new, metric.name, old)) for metric in metrics}
    when = old.header.date or old.header.version or "before"
    pairs = [
        _comparison(_recorded(old, name, f"{name} ({when})"), _recorded(new, name, name), metrics, goals, seed=0)
        for name in _systems(new)
        if name in _systems(old)
    ]
    return _corrected(pairs, metrics)


def regressions(new: Report, old: Report, tolerance: float = TOLERANCE) -> list[Regression]:
    """List what became worse since an older report.

    A metric counts as worse if the clips show it (Holm-corrected p below .05), or if it is further from what it was
    than `tolerance` times its size (and more than the last decimal that is shown), or if it is no longer measured.

    Args:
        new: report of this version.
        old: report of the version before, on the same benchmark.
        tolerance: as a part of the older figure.
    """
    found: list[Regression] = []
    for comparison in compare_reports(new, old):
        for row in comparison.metrics:
            why = _why_worse(new.metric(row.metric), row, tolerance)
            if why is not None:
                found.append(Regression(comparison.b, row.metric, row.a, row.b, row.of_distance, row.p_holm, why))
    return [*found, *_lost(new, old)]


def _why_worse(
    metric: Metric, row: ComparedMetric, tolerance: float
) -> Literal["significant", "beyond tolerance"] | None:
    gain = improvement(metric, row.b - row.a, row.of_distance)
    if gain is None or gain >= 0:
        return None
    if row.p_holm is not None and row.p_holm < SIGNIFICANT_P:
        return "significant"
    return "beyond tolerance" if -gain > max(tolerance * abs(row.a), 10.0**-metric.decimals) else None


def _lost(new: Report, old: Report) -> list[Regression]:
    lost = []
    for metric in new.metrics:
        for name in _systems(new):
            was, now = old.cell(name, metric.name), new.cell(name, metric.name)
            if was is not None and was.value is not None and (now is None or now.value is None):
                lost.append(Regression(name, metric.name, was.value, None, False, None, "no longer measured"))
    return lost


def _comparison(
    a: Side, b: Side, metrics: Sequence[Metric], goals: Mapping[str, float | None], seed: int
) -> Comparison:
    rows = [_compared(a, b, metric, goals[metric.name], seed) for metric in metrics]
    return Comparison(a=a.label, b=b.label, metrics=tuple(row for row in rows if row is not None))


def _compared(a: Side, b: Side, metric: Metric, goal: float | None, seed: int) -> ComparedMetric | None:
    values_a, values_b = a.values.get(metric.name, {}), b.values.get(metric.name, {})
    if goal is not None:
        values_a, values_b = distances(values_a, goal), distances(values_b, goal)
    difference = compare(values_a, values_b, seed)
    if isinstance(difference, Difference):
        return ComparedMetric(
            metric=metric.name,
            of_distance=goal is not None,
            a=difference.a,
            b=difference.b,
            interval=difference.interval,
            p=difference.p,
            p_holm=None,
            n_pairs=difference.n_pairs,
            verdict="too few clips",
        )
    figures = [side.figures.get(metric.name) for side in (a, b)]
    if None in figures:
        return None
    one, other = (abs(figure - goal) if goal is not None else figure for figure in figures if figure is not None)
    if one == other:
        return None
    return ComparedMetric(
        metric=metric.name,
        of_distance=goal is not None,
        a=one,
        b=other,
        interval=None,
        p=None,
        p_holm=None,
        n_pairs=0,
        verdict="not tested",
    )


def _corrected(comparisons: Sequence[Comparison], metrics: Sequence[Metric]) -> tuple[Comparison, ...]:
    """Correct all p values together and say which side is better."""
    by_name = {metric.name: metric for metric in metrics}
    corrected = iter(holm([row.p for comparison in comparisons for row in comparison.metrics]))
    return tuple(
        comparison.model_copy(
            update={"metrics": tuple(_decided(row, by_name[row.metric], next(corrected)) for row in comparison.metrics)}
        )
        for comparison in comparisons
    )


def _decided(row: ComparedMetric, metric: Metric, p_holm: float | None) -> ComparedMetric:
    if p_holm is None:
        return row
    gain = improvement(metric, row.b - row.a, row.of_distance)
    verdict: Verdict = "differs" if gain is None else "b better" if gain > 0 else "a better"
    return row.model_copy(update={"p_holm": p_holm, "verdict": verdict if p_holm < SIGNIFICANT_P else "no difference"})


def _side(measurements: Measurements, party: Party, metrics: Sequence[Metric]) -> Side:
    figures = {metric.name: measurements.of_set(party, metric.name) for metric in metrics}
    return Side(
        party[1],
        {metric.name: measurements.of_clips(party, metric.name) for metric in metrics},
        {
            name: float(value)
            for name, value in figures.items()
            if not (value is None or isinstance(value, NotMeasured))
        },
    )


def _recorded(report: Report, system: str, label: str) -> Side:
    clips = [clip for clip in report.clips if clip.role == "system" and clip.system == system]
    cells = {metric.name: report.cell(system, metric.name) for metric in report.metrics}
    return Side(
        label,
        {
            metric.name: {clip.clip: clip.values[metric.name] for clip in clips if metric.name in clip.values}
            for metric in report.metrics
        },
        {name: cell.value for name, cell in cells.items() if cell and cell.of_set and cell.value is not None},
    )


def _systems(report: Report) -> list[str]:
    tabled = (row.system for table in report.tables for row in table.rows if row.role == "system")
    return list(dict.fromkeys([*tabled, *(clip.system for clip in report.clips if clip.role == "system")]))


def _real_mean(new: Report, metric: str, old: Report) -> float | None:
    """One goal for both: the real clips of the new report, or of the old one if it has none."""
    for report in (new, old):
        for table in report.tables:
            for row in table.rows:
                if row.role == "real" and metric in table.columns:
                    value = row.cells[table.columns.index(metric)].value
                    if value is not None:
                        return value
    return None

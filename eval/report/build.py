"""Put a report together from what was measured."""

from collections.abc import Sequence
from math import isfinite

from espressivo.eval.evaluators import Evaluator
from espressivo.eval.metric import Metric
from espressivo.eval.report.comparisons import compare_systems
from espressivo.eval.report.model import ClipRecord, Header, Report
from espressivo.eval.report.observed import build_observed
from espressivo.eval.report.scores import build_scores
from espressivo.eval.report.summary import summarise
from espressivo.eval.report.tables import Measurements, build_tables
from espressivo.eval.results import Ceiling, ClipResult, SetResult


def build_report(
    clips: Sequence[ClipResult],
    sets: Sequence[SetResult],
    metrics: Sequence[Metric],
    evaluators: Sequence[Evaluator],
    ceilings: Sequence[Ceiling],
    header: Header,
    baseline: str | None = None,
) -> Report:
    """Build the report of an evaluation.

    Args:
        clips: every clip of systems, of the real clips and of anchors; a party is told by role and system, so anchors
            are systems with the role "anchor" ("static face", "shuffled sound").
        sets: figures of whole sets, by the same names.
        metrics: in the order of the columns, which is also the order of the tables.
        evaluators: those that the metrics depend on.
        ceilings: of judges; those of judges that saw no clip are left out.
        header: what was evaluated.
        baseline: the system that all others are compared with; None for no comparison.

    Raises:
        ValueError: a clip or metric is given twice, a value is not finite or of no metric, or `baseline` is no system.
    """
    # What several measures share is one and the same; two things of one name are a mistake.
    metrics = tuple(dict.fromkeys(metrics))
    names = [metric.name for metric in metrics]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"Two different metrics are called {twice!r}.")
    _check_values([*clips, *sets], metrics)
    measurements = Measurements(clips, sets)
    tables = build_tables(measurements, metrics, header.seed)
    observed = build_observed(clips, sets, ceilings, measurements.parties)
    records = tuple(
        ClipRecord(system=clip.system, role=clip.role, clip=clip.clip, values=clip.values, failure=clip.failure)
        for clip in clips
    )
    comparisons = compare_systems(measurements, metrics, baseline, header.seed)
    return Report(
        header=header,
        summary=summarise(tables, metrics, records, observed, comparisons),
        metrics=metrics,
        evaluators=tuple(dict.fromkeys(evaluators)),
        tables=tables,
        comparisons=comparisons,
        scores=build_scores(tables, metrics),
        observed=observed,
        clips=records,
    )


def _check_values(results: Sequence[ClipResult | SetResult], metrics: Sequence[Metric]) -> None:
    known = {metric.name for metric in metrics}
    for result in results:
        strangers = result.values.keys() - known
        if strangers:
            raise ValueError(f"{result.system!r} has values of {sorted(strangers)[0]!r}, which is none of the metrics.")
        for name, value in result.values.items():
            if isinstance(value, float) and not isfinite(value):
                raise ValueError(f"{name!r} of {result.system!r} is {value}; use NotMeasured with a reason.")

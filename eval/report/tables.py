"""One table per dimension: real clips, anchors and systems over metrics; and which metrics cannot be trusted here."""

from collections.abc import Mapping, Sequence

from espressivo.eval.metric import Dimension, Metric, NotMeasured, Value, Values
from espressivo.eval.report.goal import distances, improvement
from espressivo.eval.report.model import ABSENT, Cell, Row, Table, Unmeasured, Warned
from espressivo.eval.report.wording import listed
from espressivo.eval.results import ClipResult, Role, SetResult
from espressivo.eval.statistics.bootstrap import Estimate, commonest_reason, estimate, refuse_duplicates
from espressivo.eval.statistics.comparison import SIGNIFICANT_P, Difference, compare

Party = tuple[Role, str]
"""A row of the report: the role and the name."""

_ROLES: tuple[Role, ...] = ("real", "anchor", "system")
_FAILED = NotMeasured("the clip could not be measured")
_MISSING = NotMeasured("this clip was not measured with it")


class Measurements:
    """All values, by party and metric."""

    def __init__(self, clips: Sequence[ClipResult], sets: Sequence[SetResult]) -> None:
        """Sort the results.

        Raises:
            ValueError: a party has two clips or two set results of one name.
        """
        self.parties: tuple[Party, ...] = _in_order([*clips, *sets])
        self._clips: dict[Party, dict[str, ClipResult]] = {party: {} for party in self.parties}
        self._sets: dict[Party, Values] = {party: {} for party in self.parties}
        for party in self.parties:
            refuse_duplicates([result.clip for result in clips if (result.role, result.system) == party])
        for result in clips:
            self._clips[result.role, result.system][result.clip] = result
        for result in sets:
            if self._sets[result.role, result.system].keys() & result.values.keys():
                raise ValueError(f"{result.system!r} has two figures for one metric of its set; give one.")
            self._sets[result.role, result.system] = {**self._sets[result.role, result.system], **result.values}

    def of_clips(self, party: Party, metric: str) -> dict[str, Value]:
        """Return the values of a metric by clip, empty if no clip was measured with it."""
        clips = self._clips[party]
        if not any(metric in clip.values for clip in clips.values()):
            return {}
        return {name: clip.values.get(metric, _FAILED if clip.failure else _MISSING) for name, clip in clips.items()}

    def of_set(self, party: Party, metric: str) -> Value | None:
        """Return the figure of the whole set, None if there is none."""
        return self._sets[party].get(metric)

    def cell(self, party: Party, metric: str, seed: int) -> Cell:
        """Return what a table shows."""
        values = self.of_clips(party, metric)
        if values:
            return _cell(estimate([values[clip] for clip in sorted(values)], seed), len(values))
        figure = self.of_set(party, metric)
        if figure is None or isinstance(figure, NotMeasured):
            return Cell(reason=figure.reason if figure else ABSENT, of_set=figure is not None)
        return Cell(value=float(figure), of_set=True)

    def real_mean(self, metric: str) -> float | None:
        """Return the mean of a metric over the real clips, None if there are none or it was not measured."""
        for party in self.parties:
            if party[0] == "real":
                value = self.cell(party, metric, 0).value
                if value is not None:
                    return value
        return None


def build_tables(measurements: Measurements, metrics: Sequence[Metric], seed: int) -> tuple[Table, ...]:
    """Return a table for every dimension that has a metric, in the order of the metrics."""
    dimensions: dict[Dimension, None] = dict.fromkeys(metric.dimension for metric in metrics)
    return tuple(
        _table(dimension, measurements, [metric for metric in metrics if metric.dimension == dimension], seed)
        for dimension in dimensions
    )


def _table(dimension: Dimension, measurements: Measurements, metrics: Sequence[Metric], seed: int) -> Table:
    cells = {
        metric.name: {party: measurements.cell(party, metric.name, seed) for party in measurements.parties}
        for metric in metrics
    }
    shown = [metric for metric in metrics if any(cell.value is not None for cell in cells[metric.name].values())]
    rows = tuple(
        Row(system=party[1], role=party[0], cells=tuple(cells[metric.name][party] for metric in shown))
        for party in measurements.parties
        if party[0] == "system" or any(cells[metric.name][party].value is not None for metric in shown)
    )
    return Table(
        dimension=dimension,
        columns=tuple(metric.name for metric in shown),
        rows=rows if shown else (),
        unmeasured=tuple(
            Unmeasured(metric=metric.name, reason=_reason(cells[metric.name]))
            for metric in metrics
            if metric not in shown
        ),
        warnings=tuple(warning for metric in shown for warning in _warnings(metric, measurements)),
    )


def _warnings(metric: Metric, measurements: Measurements) -> list[Warned]:
    """Warn of a metric that finds the real clips no better than every anchor that changes it."""
    real = next((party for party in measurements.parties if party[0] == "real"), None)
    if real is None or metric.better == "neither":
        return []
    anchors = [party for party in measurements.parties if party[0] == "anchor"]
    found = {anchor[1]: _separates(metric, measurements, real, anchor) for anchor in anchors}
    tested = {name: separates for name, separates in found.items() if separates is not None}
    if not tested or any(tested.values()):
        return []
    names = listed(list(tested), "or")
    return [Warned(metric=metric.name, text=f"does not tell {real[1]} from {names} on these clips; do not rely on it")]


def _separates(metric: Metric, measurements: Measurements, real: Party, anchor: Party) -> bool | None:
    """Say whether real clips are surely better than an anchor; None if the anchor leaves the metric as it is."""
    of_real, of_anchor = measurements.of_clips(real, metric.name), measurements.of_clips(anchor, metric.name)
    if metric.better == "zero":
        of_real, of_anchor = distances(of_real, 0.0), distances(of_anchor, 0.0)
    difference = compare(of_anchor, of_real)
    if not isinstance(difference, Difference) or difference.p is None or difference.interval == (0.0, 0.0):
        return None
    gain = improvement(metric, difference.value, metric.better == "zero")
    return difference.p < SIGNIFICANT_P and (gain is None or gain > 0)


def _in_order(results: Sequence[ClipResult | SetResult]) -> tuple[Party, ...]:
    """Real clips first, then anchors, then systems; each in the order in which they come."""
    parties: dict[Party, None] = dict.fromkeys((result.role, result.system) for result in results)
    return tuple(sorted(parties, key=lambda party: _ROLES.index(party[0])))


def _cell(result: Estimate | NotMeasured, clips: int) -> Cell:
    if isinstance(result, NotMeasured):
        return Cell(reason=result.reason, n_total=clips)
    return Cell(
        value=result.value,
        interval=result.interval,
        n_used=result.n_used,
        n_total=result.n_total,
        values=result.values,
    )


def _reason(cells: Mapping[Party, Cell]) -> str:
    stated = [NotMeasured(cell.reason) for cell in cells.values() if cell.reason != ABSENT]
    return commonest_reason(stated).reason if stated else "nothing here can be measured with it"

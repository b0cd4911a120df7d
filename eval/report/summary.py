"""The top of the report: a few plain sentences for somebody who did not make it."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from espressivo.eval.metric import Metric
from espressivo.eval.report.model import Cell, ClipRecord, Comparison, Observed, Table
from espressivo.eval.report.wording import listed, number, percent, short
from espressivo.eval.statistics.agreement import accuracy
from espressivo.eval.statistics.bootstrap import FEWEST_CLIPS

LAG, CLOSURE, CONTROL, EMOTION = "av_lag_ms", "bilabial_closure", "vowel_closure", "emotion_hit"
"""The metrics that the summary tells in words of their own."""

Figures = Mapping[str, Mapping[str, Cell]]
"""Metric -> system -> what was measured, for systems under test that have a value."""

_SHOWN_REASONS = 3
_SHOWN_METRICS = 4
_NAME = 40


def summarise(
    tables: Sequence[Table],
    metrics: Sequence[Metric],
    clips: Sequence[ClipRecord],
    observed: Observed,
    comparisons: Sequence[Comparison],
) -> tuple[str, ...]:
    """Say what was measured, the headlines of all systems, who is better, and what to be careful about."""
    figures = _figures(tables)
    systems = list(dict.fromkeys(row.system for table in tables for row in table.rows if row.role == "system"))
    titles = {metric.name: metric.title for metric in metrics}
    headlines = [*_sync(figures, systems), *_emotion(figures, systems, observed)]
    return (
        _scope(systems, clips),
        *(headlines or _first_figures(tables, metrics, figures, systems)),
        *(_better(comparison, titles) for comparison in comparisons),
        *_cautions(tables, titles),
    )


def _figures(tables: Sequence[Table]) -> Figures:
    figures: dict[str, dict[str, Cell]] = {}
    for table in tables:
        for row in table.rows:
            for name, cell in zip(table.columns, row.cells, strict=True):
                if row.role == "system" and cell.value is not None:
                    figures.setdefault(name, {})[row.system] = cell
    return figures


def _scope(systems: Sequence[str], clips: Sequence[ClipRecord]) -> str:
    of_systems = [clip for clip in clips if clip.role == "system"]
    if not of_systems:
        return (
            f"Whole sets of {listed([short(system, _NAME) for system in systems])} were measured."
            if systems
            else "Nothing was measured."
        )
    count = len({clip.clip for clip in of_systems})
    failed = sum(clip.failure is not None for clip in of_systems)
    by = f" of each of {len(systems)} systems" if len(systems) > 1 else ""
    trouble = (
        f"; {_counted(failed, 'clip')} could not be measured and {_is(failed)} listed at the end" if failed else ""
    )
    unsure = f" With fewer than {FEWEST_CLIPS} clips, nothing says how sure the figures are."
    few = unsure if count < FEWEST_CLIPS else ""
    return f"{_counted(count, 'clip')}{by} {_is(count, 'was', 'were')} measured{trouble}.{few}"


def _sync(figures: Figures, systems: Sequence[str]) -> Iterator[str]:
    lags = figures.get(LAG, {})
    if lags:
        told = [f"{_lag(cell)}{_for(system, systems)}" for system, cell in lags.items()]
        yield (
            f"{'The' if _of_one(lags) else 'On average the'} sound comes {listed(told)}; viewers notice sound that is "
            "some 45 ms early or 125 ms late (ITU-R BT.1359)."
        )
    closed, control = figures.get(CLOSURE, {}), figures.get(CONTROL, {})
    if closed:
        vowels = f", and at {_shares(control, systems)} of open vowels, where they should not" if control else ""
        yield f"The lips close at {_shares(closed, systems)} of the sounds p, b and m, where they should{vowels}."


def _emotion(figures: Figures, systems: Sequence[str], observed: Observed) -> Iterator[str]:
    hits = figures.get(EMOTION, {})
    if not hits:
        return
    beside = []
    matrix = next((matrix for matrix in observed.confusions if matrix.role == "system"), None)
    if matrix is not None:
        beside.append(f"guessing would give {percent(1 / len(matrix.labels))}")
    for ceiling in observed.ceilings:
        if matrix is not None and ceiling.judge == matrix.judge:
            right = percent(accuracy(np.array(ceiling.counts)))
            beside.append(f"on real, labelled faces the same judge is right {right} of the time")
    context = f"; {listed(beside)}" if beside else ""
    seen = f"the emotion that was asked for in {_shares(hits, systems)} of the clips"
    if len(hits) == 1 and _of_one(hits):
        hit = any(cell.value for cell in hits.values())
        seen = "the emotion that was asked for" if hit else "another emotion than the one that was asked for"
    yield f"The judge sees {seen}{context}."


def _first_figures(
    tables: Sequence[Table], metrics: Sequence[Metric], figures: Figures, systems: Sequence[str]
) -> Iterator[str]:
    """Without a headline: the first figure of every table."""
    by_name = {metric.name: metric for metric in metrics}
    for table in tables:
        name = next((name for name in table.columns if name in figures), None)
        if name is not None:
            metric = by_name[name]
            unit = f" {metric.unit}" if metric.unit else ""
            told = [
                f"{number(cell.value or 0.0, metric.decimals)}{unit}{_for(system, systems)}"
                for system, cell in figures[name].items()
            ]
            yield f"{table.dimension[0].upper()}{table.dimension[1:]}: {metric.title} {listed(told)}."


def _better(comparison: Comparison, titles: Mapping[str, str]) -> str:
    a, b = short(comparison.a, _NAME), short(comparison.b, _NAME)
    tested = sum(row.p is not None for row in comparison.metrics)
    if not tested:
        return f"There are too few clips to tell whether {b} is better than {a}."
    said = []
    for verdict, how in (("b better", "better"), ("a better", "worse")):
        found = [titles[row.metric] for row in comparison.metrics if row.verdict == verdict]
        said += [f"{how} in {_some(found)}"] if found else []
    judged = f"surely {listed(said)}" if said else "neither surely better nor surely worse in any"
    return f"Of {_counted(tested, 'metric')} that {b} and {a} share, {b} is {judged}."


def _cautions(tables: Sequence[Table], titles: Mapping[str, str]) -> Iterator[str]:
    blind = [titles[warning.metric] for table in tables for warning in table.warnings]
    if blind:
        them = "it does" if len(blind) == 1 else "they do"
        yield (
            f"Do not lean on {_some(blind)}: on these clips {them} not tell real clips from ones with the face frozen "
            "or the sound exchanged."
        )
    reasons: dict[str, list[str]] = {}
    for table in tables:
        for entry in table.unmeasured:
            reasons.setdefault(entry.reason, []).append(titles[entry.metric])
    if reasons:
        groups = [f"{_some(names)} ({reason})" for reason, names in reasons.items()]
        more = len(groups) - _SHOWN_REASONS
        rest = f"; for {_counted(more, 'more reason')} see the tables" if more > 0 else ""
        yield f"Not measured: {'; '.join(groups[:_SHOWN_REASONS])}{rest}."


def _lag(cell: Cell) -> str:
    value = round(cell.value or 0.0)
    if not value:
        return "together with the mouth"
    return f"{number(abs(value), 0)} ms {'before' if value < 0 else 'after'} the mouth"


def _of_one(cells: Mapping[str, Cell]) -> bool:
    """Whether every figure is that of a single clip."""
    return all(cell.n_used == 1 for cell in cells.values())


def _shares(cells: Mapping[str, Cell], systems: Sequence[str]) -> str:
    return listed([f"{percent(cell.value or 0.0)}{_for(system, systems)}" for system, cell in cells.items()])


def _for(system: str, systems: Sequence[str]) -> str:
    """Name the system where there are several."""
    return f" ({short(system, _NAME)})" if len(systems) > 1 else ""


def _some(names: Sequence[str]) -> str:
    if len(names) <= _SHOWN_METRICS:
        return listed(names)
    return listed([*names[: _SHOWN_METRICS - 1], f"{len(names) - _SHOWN_METRICS + 1} more"])


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _is(count: int, one: str = "is", many: str = "are") -> str:
    return one if count == 1 else many

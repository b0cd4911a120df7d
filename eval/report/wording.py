"""Numbers and verdicts as people read them."""

from collections.abc import Sequence

from espressivo.eval.metric import Metric
from espressivo.eval.report.model import Cell, ComparedMetric, Comparison, Header, Interval, Report, Table

_MINUS = "−"


def number(value: float, decimals: int) -> str:
    """Return a number with a true minus sign, and none before a zero."""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", _MINUS)


def signed(value: float, decimals: int) -> str:
    """Return a change with its sign, none for no change."""
    text = number(value, decimals)
    return text if float(f"{value:.{decimals}f}") <= 0 else f"+{text}"


def interval_text(interval: Interval, decimals: int) -> str:
    """Return an interval in brackets."""
    return f"[{number(interval[0], decimals)}, {number(interval[1], decimals)}]"


def spread_text(cell: Cell, metric: Metric) -> str:
    """Return what stands beside a mean: its interval, or the single values where they are too few for one."""
    if cell.interval is not None:
        return interval_text(cell.interval, metric.decimals)
    if len(cell.values) > 1:
        return "; ".join(number(value, metric.decimals) for value in cell.values)
    return ""


def count_text(cell: Cell) -> str:
    """Return how many clips a figure is of."""
    if cell.of_set:
        return "whole set"
    return f"n = {cell.n_used}" if cell.n_used == cell.n_total else f"n = {cell.n_used} of {cell.n_total}"


def p_text(p: float | None) -> str:
    """Return a p value; one below .001 is not spelled out."""
    if p is None:
        return "–"
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def verdict_text(row: ComparedMetric, comparison: Comparison) -> str:
    """Return in words which system is better."""
    return {
        "a better": f"{comparison.a} better",
        "b better": f"{comparison.b} better",
        "no difference": "no difference seen",
        "differs": "they differ; neither is better by this alone",
        "too few clips": "too few clips to tell",
        "not tested": "one figure per set, not tested",
    }[row.verdict]


def short(name: str, letters: int = 26) -> str:
    """Return as much of a name as fits, in one line."""
    plain = " ".join(name.split())
    return plain if len(plain) <= letters else f"{plain[: letters - 1]}…"


def percent(share: float) -> str:
    """Return a share in whole percent."""
    return f"{100 * share:.0f} %"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def title_with_unit(metric: Metric) -> str:
    """Return a metric's title, with its unit in brackets."""
    return f"{metric.title} ({metric.unit})" if metric.unit else metric.title


def byline(header: Header) -> str:
    """Return one line that says which program made the report, and when."""
    commit = f" ({header.commit})" if header.commit else ""
    return " · ".join(filter(None, (f"espressivo {header.version}{commit}", header.date, header.hardware)))


def facts(header: Header) -> list[tuple[str, str]]:
    """Return what figures depend on, by name."""
    return [*header.facts.items(), ("Seed of the resampling", str(header.seed))]


def unmeasured_groups(table: Table, report: Report) -> list[dict[str, str]]:
    """Return what could not be measured, metrics with the same reason together."""
    groups: dict[str, list[str]] = {}
    for entry in table.unmeasured:
        groups.setdefault(entry.reason, []).append(report.metric(entry.metric).title)
    return [{"titles": ", ".join(titles), "reason": reason} for reason, titles in groups.items()]

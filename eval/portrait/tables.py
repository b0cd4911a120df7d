"""How the portrait's measures are printed and written: estimates with intervals, tables, JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from espressivo.eval.metric import NotMeasured
from espressivo.eval.statistics.bootstrap import estimate


def estimated(values: Sequence[float | bool]) -> dict[str, Any]:
    """Return the mean over portraits or clips and its 95 % interval, as JSON takes them; None with fewer than 8."""
    found = estimate([float(value) for value in values])
    if isinstance(found, NotMeasured):
        return {"mean": None, "interval": None, "n": 0}
    interval = None if found.interval is None else [round(end, 3) for end in found.interval]
    return {"mean": round(found.value, 3), "interval": interval, "n": found.n_used}


def shown(cell: Mapping[str, Any]) -> str:
    """Return an estimate as a table has it."""
    if cell["mean"] is None:
        return "N/A"
    if cell["interval"] is None:
        return f"{cell['mean']:.2f}"
    low, high = cell["interval"]
    return f"{cell['mean']:.2f} [{low:.2f}, {high:.2f}]"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table to read."""
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write results."""
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

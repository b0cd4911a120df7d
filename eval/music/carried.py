"""Figures of a study without those of an axis of emotion that the generator does not carry.

Music FaderNets are told arousal alone: whether the valence that was asked for is heard in their pieces says nothing.
"""

from collections.abc import Sequence
from typing import Any

from espressivo.eval.music.recognition import AXES

_UNKNOWN = {"value": None, "interval_95": None}
_WITHOUT_JUDGES = {"arousal_density": "arousal", "valence_majorness": "valence"}


def only_carried(report: dict[str, Any], axes: Sequence[str]) -> dict[str, Any]:
    """Return the report of `study.study` with the figures of generated pieces on some axes alone.

    A quadrant needs both axes. Figures of real music stay.

    Args:
        report: of a study.
        axes: of `recognition.AXES`.
    """
    left_out = [axis for axis in AXES if axis not in axes]
    if not left_out:
        return report
    recognition = report["recognition"]
    rows = [row if row["music"].startswith("real") else _row(row, left_out) for row in recognition["rows"]]
    pairs = {name: row for name, row in recognition["without_judges"].items() if _WITHOUT_JUDGES[name] in axes}
    curves = report["curves"]
    return {
        **report,
        "recognition": {**recognition, "rows": rows, "without_judges": pairs},
        "curves": curves and _curves(curves, left_out),
    }


def _row(row: dict[str, Any], left_out: Sequence[str]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name != "confusion"}
    if "auc" in row:
        kept["auc"] = {name: area for name, area in row["auc"].items() if name not in left_out}
    return {**kept, "quadrant": _UNKNOWN, **dict.fromkeys(left_out, _UNKNOWN)}


def _curves(curves: dict[str, Any], left_out: Sequence[str]) -> dict[str, Any]:
    unknown = {axis: {"pooled": _UNKNOWN, "within_pieces": _UNKNOWN} for axis in left_out}
    neutral = curves["neutral_as_if_asked"]
    return {
        **curves,
        "all": {**curves["all"], **unknown},
        "neutral_as_if_asked": neutral and {**neutral, **unknown},
        "by_shape": {shape: {**row, **unknown} for shape, row in curves["by_shape"].items()},
    }

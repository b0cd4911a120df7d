"""The charts of emotions: what was asked against what was seen."""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Rectangle

from espressivo.eval.report.drawing import (
    DASHES,
    INK,
    MARKERS,
    RULE,
    SERIES,
    Panel,
    drawn,
)
from espressivo.eval.report.model import CircumplexPoint, ConfusionMatrix, IntensityCurve
from espressivo.eval.report.wording import interval_text, number, percent, short
from espressivo.eval.statistics.agreement import accuracy, wilson_interval

_ROWS_FOR_LABEL = 3
_STRONGEST = 0.72
"""Opacity of a full cell: letters must stay readable on it, in light and dark."""


def confusion_panel(matrix: ConfusionMatrix) -> list[Panel]:
    """Rows asked for, columns seen, in percent of the row."""
    panels: list[Panel] = []
    counts = np.array(matrix.counts, float)
    asked = counts.sum(axis=1)
    rows = [place for place in range(len(matrix.labels)) if asked[place]]
    with drawn(panels, _right(matrix), (3.65, 1.2 + 0.34 * len(rows))) as axes:
        for y, row in enumerate(rows):
            for x in range(len(matrix.labels)):
                share = counts[row, x] / asked[row]
                hit = row == x
                face = SERIES[0] if hit else SERIES[1]
                edge = INK if hit else RULE
                axes.add_patch(
                    Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=(face), alpha=_STRONGEST * share, linewidth=0)
                )
                axes.add_patch(
                    Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, fill=False, edgecolor=edge, linewidth=1 if hit else 0.6)
                )
                if share >= 0.005:
                    axes.text(x, y, f"{100 * share:.0f}", ha="center", va="center", fontsize=8.5)
        axes.set_xlim(-0.5, len(matrix.labels) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xticks(range(len(matrix.labels)), matrix.labels, rotation=40, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(rows)), [f"{matrix.labels[row]} ({int(asked[row])})" for row in rows])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("seen")
        if len(rows) >= _ROWS_FOR_LABEL:
            axes.set_ylabel("asked for (clips)" if matrix.role != "ceiling" else "shown (faces)")
    return panels


def intensity_panel(system: str, curves: Sequence[IntensityCurve]) -> list[Panel]:
    """One line per emotion."""
    panels: list[Panel] = []
    with drawn(panels, short(system), (3.65, 3.3)) as axes:
        for place, curve in enumerate(curves):
            turn = place % len(SERIES)
            axes.plot(
                curve.asked,
                curve.measured,
                color=SERIES[turn],
                linestyle=DASHES[turn],
                marker=MARKERS[turn],
                markersize=5,
                label=f"{curve.emotion}: {_response(curve)}",
            )
        axes.set_xlim(0, 1.03)
        axes.set_ylim(0, 1)
        axes.grid(axis="y")
        axes.set_xlabel("asked intensity")
        axes.set_ylabel("probability of the asked emotion")
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2), borderaxespad=0)
    return panels


def circumplex_panel(system: str, points: Sequence[CircumplexPoint]) -> list[Panel]:
    """An arrow per emotion in valence and arousal: from where it was asked to be to where it was seen."""
    panels: list[Panel] = []
    with drawn(panels, short(system), (3.65, 3.9)) as axes:
        axes.plot(*_circle(), color=RULE, linewidth=1)
        axes.axhline(0, color=RULE, linewidth=0.8)
        axes.axvline(0, color=RULE, linewidth=0.8)
        for place, point in enumerate(points):
            colour = SERIES[place % len(SERIES)]
            marker = MARKERS[place % len(SERIES)]
            axes.annotate(
                "", point.measured, point.asked, arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1.3}
            )
            axes.plot(*point.asked, marker, color=colour, markerfacecolor="none", markersize=8, markeredgewidth=1.6)
            axes.plot(*point.measured, marker, color=colour, markersize=7, label=point.emotion)
        axes.set_xlim(-1.08, 1.08)
        axes.set_ylim(-1.08, 1.08)
        axes.set_aspect("equal")
        axes.set_xticks([-1, 0, 1], ["unpleasant", "valence", "pleasant"])
        axes.set_yticks([-1, 0, 1], ["calm", "arousal", "excited"], rotation=90, va="center")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.08), ncols=3, borderaxespad=0)
    return panels


def _right(matrix: ConfusionMatrix) -> str:
    """Name a matrix, with the share that was seen as asked."""
    counts = np.array(matrix.counts)
    low, high = wilson_interval(int(np.trace(counts)), int(counts.sum()))
    name = "judge on real faces" if matrix.role == "ceiling" else short(matrix.source)
    return f"{name}: {percent(accuracy(counts))} right [{100 * low:.0f}, {100 * high:.0f}]"


def _response(curve: IntensityCurve) -> str:
    """Say how well an emotion follows what was asked."""
    spread = f" {interval_text(curve.rho_interval, 2)}" if curve.rho_interval else ""
    rho = "does not move" if curve.rho is None else f"ρ {number(curve.rho, 2)}{spread}"
    return f"{rho} · R² {number(curve.r2, 2)}"


def _circle() -> tuple[np.ndarray, np.ndarray]:
    angles = np.linspace(0, 2 * np.pi, 120)
    return np.cos(angles), np.sin(angles)

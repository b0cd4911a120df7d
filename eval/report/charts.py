"""The charts of single quantities: lag curves, clips as dots, nearness to real clips, sliders."""

from collections.abc import Mapping, Sequence

import numpy as np

from espressivo.eval.lipsync.lag import FPS, MAX_LAG, RELIABLE_R
from espressivo.eval.metric import Metric
from espressivo.eval.report.drawing import INK, MUTED, RULE, SERIES, Panel, Party, drawn
from espressivo.eval.report.model import Cell, LagCurves, ScoreRow, SliderRecord
from espressivo.eval.report.wording import short, title_with_unit
from espressivo.eval.results import Role


def lag_panel(curves: Sequence[LagCurves], looks: Mapping[tuple[Role, str], Party]) -> list[Panel]:
    """Correlation over lag, the mean curve of every row, its peak marked, what is too weak shaded."""
    panels: list[Panel] = []
    with drawn(panels, "", (4.9, 3.9), "Correlation of mouth and sound over lag") as axes:
        lags_ms = 1000 / FPS * np.arange(-MAX_LAG, MAX_LAG + 1)
        lowest = 0.0
        for curve in curves:
            look = looks[curve.role, curve.system]
            values = np.array([np.nan if value is None else value for value in curve.mean])
            peak = int(np.nanargmax(values))
            lowest = min(lowest, float(np.nanmin(values)))
            width = 1.2 if curve.role == "anchor" else 2.0
            axes.plot(lags_ms, values, color=look.colour, linestyle=look.dash, linewidth=width, label=look.label)
            sure = values[peak] >= RELIABLE_R
            face = look.colour if sure else "none"
            axes.plot(lags_ms[peak], values[peak], look.marker, color=look.colour, markerfacecolor=face, markersize=6)
        axes.axhspan(lowest - 0.05, RELIABLE_R, color=RULE, alpha=0.35, linewidth=0)
        axes.text(lags_ms[0], RELIABLE_R - 0.012, "undetermined", color=MUTED, va="top", fontsize=8.5)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.set_xlim(lags_ms[0], lags_ms[-1])
        axes.set_ylim(lowest - 0.05, None)
        axes.set_xlabel("ms by which the sound comes later than the mouth")
        axes.set_ylabel("correlation")
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.18), ncols=2, borderaxespad=0)
    return panels


def strip_panel(metric: Metric, rows: Sequence[tuple[Party, Sequence[float], Cell]]) -> list[Panel]:
    """Every clip a dot, the mean a bar with its interval."""
    panels: list[Panel] = []
    with drawn(panels, title_with_unit(metric), (3.65, 0.7 + 0.32 * len(rows))) as axes:
        for place, (look, values, cell) in enumerate(rows):
            # Spread by rank, so that the same numbers give the same picture.
            jitter = ((np.arange(len(values)) * 0.618) % 1 - 0.5) * 0.5
            axes.plot(
                values, place + jitter, look.marker, color=look.colour, markersize=3.6, alpha=0.5, markeredgewidth=0
            )
            if cell.value is not None:
                axes.plot([cell.value] * 2, [place - 0.32, place + 0.32], color=INK, linewidth=2.2)
            if cell.interval is not None:
                axes.plot(cell.interval, [place, place], color=INK, linewidth=1.2)
        axes.set_yticks(range(len(rows)), [look.label for look, _, _ in rows])
        axes.set_ylim(len(rows) - 0.45, -0.55)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
    return panels


def radar_panel(axes_names: Sequence[str], rows: Sequence[tuple[Party, ScoreRow, Sequence[float]]]) -> list[Panel]:
    """Nearness to real clips on several axes; the outer ring is the real clips."""
    panels: list[Panel] = []
    angles = np.linspace(0, 2 * np.pi, len(axes_names), endpoint=False)
    closed = np.append(angles, angles[0])
    with drawn(panels, "", (4.6, 4.2), "Nearness to the real clips", polar=True) as axes:
        axes.set_theta_offset(np.pi / 2)  # pyright: ignore[reportAttributeAccessIssue] - of polar axes
        axes.set_theta_direction(-1)  # pyright: ignore[reportAttributeAccessIssue]
        for look, _, scores in rows:
            shown = np.clip([*scores, scores[0]], 0, 1)
            axes.plot(
                closed,
                shown,
                color=look.colour,
                linestyle=look.dash,
                marker=look.marker,
                markersize=4,
                label=look.label,
            )
            axes.fill(closed, shown, color=look.colour, alpha=0.10, linewidth=0)
        axes.plot(np.linspace(0, 2 * np.pi, 100), np.ones(100), color=INK, linewidth=1.2, label="real clips")
        axes.set_ylim(0, 1.0)
        axes.set_yticks([0.25, 0.5, 0.75], ["", ".5", ""])
        axes.set_xticks(angles, [short(name) for name in axes_names])
        axes.tick_params(axis="x", pad=9)
        axes.spines["polar"].set_visible(False)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
    return panels


def slider_panel(slider: SliderRecord, several_systems: bool) -> list[Panel]:
    """What a slider was set to, what was measured: each content a thin line, their mean a thick one."""
    panels: list[Panel] = []
    title = f"{short(slider.system)}: {slider.name}" if several_systems else slider.name
    with drawn(panels, title, (3.2, 2.6)) as axes:
        measured = np.array(slider.measured)
        for row in measured:
            axes.plot(slider.asked, row, color=MUTED, linewidth=0.9, alpha=0.7)
        axes.plot(slider.asked, measured.mean(axis=0), color=SERIES[0], linewidth=2.4, marker="o", markersize=4)
        axes.set_xlabel("asked")
        axes.set_ylabel(f"measured ({slider.unit})" if slider.unit else "measured")
        axes.grid(axis="y")
        axes.set_title(f"ρ {slider.rho:.2f} · R² {slider.r2:.2f}", fontsize=8.5, color=MUTED, loc="right")
    return panels

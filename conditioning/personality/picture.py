"""A dialogue at one look: who says what when, coloured by emotion, and everybody's feelings and moods below."""

import textwrap
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from espressivo.conditioning.personality.dialogue import DialogueAnalysis
from espressivo.conditioning.personality.records import strongest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "neutral": "#b9bec5",
    "happiness": "#f2b705",
    "sadness": "#3b6fb6",
    "surprise": "#e8833a",
    "fear": "#7d5ba6",
    "disgust": "#6a8f3c",
    "anger": "#cf3a35",
    "contempt": "#8c5a4a",
    "calm": "#5fb3a8",
    "boredom": "#7f8a99",
}
"""A colour per category; its name is written beside it wherever it is used."""

_DARK, _STRONG = ("sadness", "fear", "anger", "contempt"), 0.6
_SPEAKERS = ("#0072b2", "#c24e00", "#00805d", "#a8447e", "#7a6200", "#5f4b9b")
_AXES = ("valence", "arousal", "dominance")
_STYLE: dict[Any, Any] = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "legend.frameon": False,
    "text.parse_math": False,
}
_IN_PER_S, _NARROWEST_IN, _WIDEST_IN = 0.2, 9.0, 40.0
_WRITTEN_LINES = 40  # of longer dialogues the words are not written below
_PALE = "#e6e8eb"
_NUMBERED_IN = 0.15  # a narrower bar is not numbered
_NAMED_S_PER_IN = 7.0  # above, bars are too narrow for the names of emotions
_SAMPLES = 1500


def write_picture(path: Path, analysis: DialogueAnalysis) -> None:
    """Draw a PNG: a bar per line in its speaker's lane, curves of V, A and D, and the words of a short dialogue."""
    speakers = analysis.script.speakers
    width_in = float(np.clip(_IN_PER_S * analysis.duration_s, _NARROWEST_IN, _WIDEST_IN))
    words = _words(analysis, width_in)
    heights_in = (0.5 + 0.5 * len(speakers), 1.5, 1.5, 1.5, 0.2 + 0.17 * (words.count("\n") + 1))
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(width_in, sum(heights_in) + 0.6), layout="constrained")
        FigureCanvasAgg(figure)
        rows = figure.subplots(5, 1, height_ratios=heights_in, squeeze=False)[:, 0]
        _draw_lines(rows[0], analysis, width_in)
        _draw_feelings(rows[1:4], analysis)
        rows[4].axis("off")
        rows[4].text(0, 1, words, va="top", transform=rows[4].transAxes, fontsize=8.5, linespacing=1.35)
        curves, names = rows[1].get_legend_handles_labels()
        figure.legend(curves, names, loc="outside upper right", ncols=6, title="feelings (dashed: mood)")
        used = {strongest(line.state) for line in analysis.lines}
        patches = [Patch(color=colour, label=name) for name, colour in COLOURS.items() if name in used]
        figure.legend(handles=patches, loc="outside upper left", ncols=5, title="strongest emotion of a line")
        for axes in rows[:4]:
            axes.set_xlim(0, analysis.duration_s)
        figure.savefig(path, dpi=110, metadata={"Software": None})


def _draw_lines(axes: "Axes", analysis: DialogueAnalysis, width_in: float) -> None:
    s_per_in = analysis.duration_s / width_in
    lanes = {name: lane for lane, name in enumerate(analysis.script.speakers)}
    bars: dict[int, list[tuple[tuple[float, float], tuple[float, ...]]]] = {lane: [] for lane in lanes.values()}
    for number, line in enumerate(analysis.lines, start=1):
        category, lane, length_s = strongest(line.state), lanes[line.line.speaker], line.end_s - line.start_s
        bars[lane].append(((line.start_s, length_s), _tint(category, line.state.intensity)))
        if length_s / s_per_in < _NUMBERED_IN:
            continue
        ink = "white" if category in _DARK and line.state.intensity > _STRONG else "black"
        label = f"{number}\n{category}\n{line.state.intensity:.2f}" if s_per_in < _NAMED_S_PER_IN else str(number)
        place = (line.start_s + length_s / 2, lane)
        axes.annotate(label, place, ha="center", va="center", fontsize=6.5, color=ink, annotation_clip=True)
    for lane, own in bars.items():
        spans, tints = zip(*own, strict=True)
        axes.broken_barh(spans, (lane - 0.4, 0.8), facecolors=tints)
    axes.set_yticks(list(lanes.values()), [name[:20] for name in lanes])
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.tick_params(axis="x", labelbottom=False)


def _tint(category: str, intensity: float) -> tuple[float, ...]:
    """A category's colour, nearer to a light grey the fainter the emotion."""
    share = 0.15 + 0.85 * intensity
    return tuple(share * np.array(to_rgb(COLOURS[category])) + (1 - share) * np.array(to_rgb(_PALE)))


def _draw_feelings(rows: "np.ndarray[Any, Any]", analysis: DialogueAnalysis) -> None:
    times_s = np.linspace(0, analysis.duration_s, _SAMPLES)
    for place, (name, story) in enumerate(analysis.stories.items()):
        vad, mood = story.sample(times_s)
        colour = _SPEAKERS[place % len(_SPEAKERS)]
        for axis, axes in enumerate(rows):
            axes.plot(times_s, vad[:, axis], color=colour, linewidth=1.6, label=name[:20])
            axes.plot(times_s, mood[:, axis], color=colour, linewidth=1.0, linestyle=(0, (5, 2)))
    for axes, axis in zip(rows, _AXES, strict=True):
        axes.axhline(0, color="#d3d9df", linewidth=0.8, zorder=0)
        axes.set_ylim(-1.05, 1.05)
        axes.set_ylabel(axis)
        axes.tick_params(axis="x", labelbottom=axis == _AXES[-1])
    rows[-1].set_xlabel("seconds")


def _words(analysis: DialogueAnalysis, width_in: float) -> str:
    if len(analysis.lines) > _WRITTEN_LINES:
        return ""
    rows: list[str] = []
    for number, line in enumerate(analysis.lines, start=1):
        direction = f" ({line.line.direction})" if line.line.direction else ""
        row = f"{number}  {line.line.speaker}{direction}: {line.line.text}"
        rows.append(textwrap.shorten(row, int(14 * width_in), placeholder="…"))
    return "\n".join(rows)

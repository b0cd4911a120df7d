"""The figures of a study of music as a table in Markdown and as a figure."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from espressivo.eval.music.curve_following import AXES
from espressivo.eval.music.judges import QUADRANTS
from espressivo.media.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHARES = ("quadrant", "arousal", "valence")
_QUALITY = ("within_iqr", "held_out_within_iqr", "within_5_95", "held_out_within_5_95")


def study_table(report: Mapping[str, Any]) -> str:
    """Return the report in Markdown; each share with its interval of 95 %."""
    made = report["pieces_of"]
    parts = [f"# {made['generator']} {made['options'] or ''}".rstrip()]
    parts += _recognition(report["recognition"])
    parts += _quality(report["quality"])
    parts += _memorisation(report["memorisation"])
    parts += _breakage(report)
    if report["curves"]:
        parts += _curves(report["curves"])
    return "\n".join(parts) + "\n"


def draw_study(path: Path, report: Mapping[str, Any]) -> None:
    """Draw recognition, quality and curve following, with intervals.

    Raises:
        OutputError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 12), layout="constrained")
    recognition, quality = figure.subplots(2, 1, height_ratios=(3, 2))
    rows = report["recognition"]["rows"]
    labels = [f"{row['music']} (n={row['pieces']})\n{row['judge']}, {row['reading']}" for row in rows]
    _draw_shares(recognition, labels, {name: [row[name] for row in rows] for name in _SHARES})
    recognition.set_title(f"recognised, {report['pieces_of']['generator']}", loc="left")
    measures = report["quality"]["measures"]
    _draw_shares(quality, list(measures), {name: [row[name] for row in measures.values()] for name in _QUALITY})
    quality.set_title("share of pieces within the range of real EMOPIA clips", loc="left")
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=80)


def _draw_shares(axes: "Axes", labels: list[str], series: Mapping[str, list[Mapping[str, Any]]]) -> None:
    place = np.arange(len(labels))[::-1]
    for number, (name, found) in enumerate(series.items()):
        values = np.array([share["value"] for share in found], float)
        bounds = np.array([share["interval_95"] or [share["value"]] * 2 for share in found], float)
        rows = place + 0.2 * ((len(series) - 1) / 2 - number)
        reach = np.abs(bounds.T - values)
        axes.errorbar(values, rows, xerr=reach, fmt="o", markersize=4, capsize=2, label=name)
    axes.set_yticks(place, labels, fontsize=8)
    axes.set_xlim(0, 1.02)
    axes.grid(axis="x", color="0.9")
    axes.legend(fontsize=8, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(series))


def _recognition(found: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## Recognition\n"
    yield "| judge | reading | music | n | 4Q | arousal | valence | AUC arousal | AUC valence | hits by quadrant |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in found["rows"]:
        shares = " | ".join(_share(row[name]) for name in _SHARES)
        auc = row.get("auc", {})
        areas = " | ".join(f"{auc[name]:.3f}" if name in auc else "" for name in ("arousal", "valence"))
        yield (
            f"| {row['judge']} | {row['reading']} | {row['music']} | {row['pieces']} | {shares} | {areas} | "
            f"{_recalls(row.get('confusion'))} |"
        )
    zeros = "; ".join(f"{judge}: valence {v:g}, arousal {a:g}" for judge, (v, a) in found["zeros"].items())
    yield f"\nZero set on real EMOPIA clips (training part): {zeros}.\n"
    pairs = ", ".join(f"{name.replace('_', ' ~ ')} {_share(value)}" for name, value in found["without_judges"].items())
    yield f"Without judges, Spearman of what was asked: {pairs}."


def _recalls(confusion: list[list[int]] | None) -> str:
    if confusion is None:
        return ""
    counts = np.array(confusion)
    hits = np.diag(counts) / np.maximum(counts.sum(axis=1), 1)
    return " ".join(f"{label} {hit:.2f}" for label, hit in zip(QUADRANTS, hits, strict=True))


def _quality(found: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## Within the range of real EMOPIA clips\n"
    yield "| measure | in IQR | real | in 5-95 % | real | real 5, 25, 50, 75, 95 % | generated | by quadrant |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, row in found["measures"].items():
        shares = " | ".join(_share(row[column]) for column in _QUALITY)
        real, made = (", ".join(f"{value:g}" for value in row.get(key, ())) for key in _QUANTILES)
        medians = " ".join(f"{label} {value:g}" for label, value in row.get("generated_medians", {}).items())
        yield f"| {name} | {shares} | {real} | {made} | {medians} |"


_QUANTILES = ("real_quantiles", "generated_quantiles")


def _memorisation(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## Longest copy of {found['known_pieces']} known pieces\n"
    yield "| pitches | music | copies of | under 2 bars | median, 95 %, longest (bars) | notes, median | longest |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for kind in ("exact", "transposed"):
        for music, sizes in found[kind].items():
            for size, row in sizes.items():
                bars = ", ".join(f"{value:g}" for value in row["bars_50_95_100"])
                longest = row["longest"][0]
                source = f"{longest['piece']}: {longest['notes']} notes of {longest['source'] or 'none'}"
                cells = (kind, music, _SIZES[size], _share(row["short"]), bars, f"{row['notes_median']:g}", source)
                yield f"| {' | '.join(cells)} |"


_SIZES = {"any": "2 notes and more", "of_some_notes": "8 notes and more"}


def _breakage(report: Mapping[str, Any]) -> Iterator[str]:
    found = report["breakage"]
    yield f"\n## Whole music\n\n{found['broken']} of {found['pieces']} broken; {len(report['refused'])} refused.\n"
    for name, why in [*found["why"].items(), *report["refused"].items()][:10]:
        yield f"- {name}: {why}"


def _curves(found: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## Curves, Spearman in windows of four bars\n"
    yield "| music | pieces | windows | arousal, all windows | within pieces | valence, all windows | within pieces |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    rows = {
        "asked": found["all"],
        "real VGMIDI, what listeners felt": found["real_listeners"],
        "neutral, as if asked": found["neutral_as_if_asked"],
        **found["by_shape"],
    }
    for name, row in rows.items():
        if row is None:
            continue
        cells = [_share(row[axis][kind]) for axis in reversed(AXES) for kind in ("pooled", "within_pieces")]
        windows = f"{row['windows']} (left out {row['windows_left_out']})"
        yield f"| {name} | {row['pieces']} | {windows} | {' | '.join(cells)} |"


def _share(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    if found["value"] is None:
        return "n/a"
    if found["interval_95"] is None:
        return f"{found['value']:.2f}"
    low, high = found["interval_95"]
    return f"{found['value']:.2f} [{low:.2f}, {high:.2f}]"

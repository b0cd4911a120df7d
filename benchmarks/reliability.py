"""Draw how often voices were heard rightly against how sure the recogniser was: a reliability plot.

`python benchmarks/reliability.py docs/results/voice_emotion.json --out docs/voice_reliability.png`; the JSON is what
`python -m espressivo.conditioning.voice_emotion.measure` writes.
"""

import argparse
import json
from pathlib import Path

from matplotlib.figure import Figure

_NAMES = {
    ("unseen speakers", "emodb"): "EMO-DB, unseen speakers",
    ("unseen speakers", "ravdess"): "RAVDESS, unseen speakers (non-commercial weights)",
    ("unseen corpus", "emodb to ravdess"): "RAVDESS, heard after EMO-DB",
    ("unseen corpus", "ravdess to emodb"): "EMO-DB, heard after RAVDESS",
}
_DOTS_PER_ROOT_CLIP = 6.0


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    figures = json.loads(arguments.figures.read_text(encoding="utf-8"))
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    parts = sorted({part for part, _ in _NAMES}, reverse=True)
    panels = dict(zip(parts, figure.subplots(1, len(parts), sharey=True), strict=True))
    for (part, corpus), name in _NAMES.items():
        measured = figures[part][corpus]["raw"]
        error = measured["calibration_error"]
        clips, said, right = zip(*((row[0], row[1], row[2]) for row in _rows(measured)), strict=True)
        sizes = [_DOTS_PER_ROOT_CLIP * count**0.5 for count in clips]
        (line,) = panels[part].plot(said, right, linewidth=1, label=f"{name}: error {error:.3f}")
        panels[part].scatter(said, right, s=sizes, color=line.get_color())
    for part, axes in panels.items():
        axes.plot((0, 1), (0, 1), color="#bbbbbb", linewidth=1, zorder=0)
        axes.set(title=part, xlabel="how sure it was", xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="upper left", fontsize="small", frameon=False)
    panels[parts[0]].set_ylabel("how often it was right")
    figure.savefig(arguments.out, dpi=100)


def _rows(measured: dict) -> list[list[float]]:
    return [row for row in measured["reliability"] if row[0]]


if __name__ == "__main__":
    main()

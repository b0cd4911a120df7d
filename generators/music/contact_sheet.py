"""Several pieces side by side, on the same scales: as piano rolls, and as spectrograms."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.music.keys import key_of
from espressivo.generators.music.picture import LOWEST_DB, levels, note_boxes
from espressivo.generators.music.score import KeyChange, Score
from espressivo.generators.music.sound.render import Sound
from espressivo.media.whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 2
_WIDTH_IN, _ROW_IN, _DPI = 13.0, 2.6, 100
_COLOURS = 96
_LONGEST_OF_MEDIAN = 1.3
_FEWEST_PITCHES = 36
_HEARD_HZ, _ROWS, _ACROSS = (50.0, 10_000.0), 180, 400
_TICKS_HZ = (100, 300, 1000, 3000, 10_000)


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A piece to look at."""

    label: str
    score: Score
    sound: Sound


def draw_rolls(path: Path, exhibits: Sequence[Exhibit], title: str = "") -> None:
    """Draw the piano rolls as a PNG, two in a row, colour by velocity, with what can be measured above each.

    Raises:
        InputError: there are no exhibits, or one has no notes.
        OutputError: the file cannot be written.
        MissingDependencyError: matplotlib is not installed.
    """
    figure, cells = _sheet(exhibits, title)
    from matplotlib.collections import PolyCollection

    shown_s = _shown([exhibit.score.seconds for exhibit in exhibits])
    lowest, highest = _reach(exhibits)
    octaves = np.arange(-(-lowest // 12) * 12, highest + 1, 12)
    roll = None
    for axes, exhibit in zip(cells, exhibits, strict=True):
        pitched = exhibit.score.notes.pitched
        roll = PolyCollection(note_boxes(pitched), array=pitched.velocity, cmap="plasma", linewidths=0)
        roll.set_clim(20, 120)
        axes.add_collection(roll)
        for line_s in exhibit.score.notes.seconds_at(exhibit.score.notes.bar_edges).tolist():
            axes.axvline(line_s, color="0.85", linewidth=0.6, zorder=0)
        axes.set_yticks(octaves, [f"C{octave // 12 - 1}" for octave in octaves])
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlim(0, shown_s)
        axes.set_ylim(lowest, highest)
        axes.set_title(f"{exhibit.label}: {facts_of(exhibit.score)}", loc="left", fontsize=9, parse_math=False)
    assert roll is not None
    figure.colorbar(roll, ax=cells, label="velocity", pad=0.01, aspect=60)
    _save(path, figure)


def draw_spectrograms(path: Path, exhibits: Sequence[Exhibit], title: str = "") -> None:
    """Draw the levels of frequencies over time, as `draw_rolls` does the notes. Errors as there."""
    figure, cells = _sheet(exhibits, title)
    shown_s = _shown([exhibit.sound.seconds for exhibit in exhibits])
    image = None
    octaves = np.log2(_HEARD_HZ)
    rows_hz = np.geomspace(*_HEARD_HZ, _ROWS)
    for axes, exhibit in zip(cells, exhibits, strict=True):
        _, hz, level_db = levels(exhibit.sound.mix, exhibit.sound.rate_hz, _ACROSS)
        nearest = np.abs(hz - rows_hz[:, None]).argmin(axis=1)
        extent = (0, exhibit.sound.seconds, *octaves)
        image = axes.imshow(level_db[nearest], vmin=LOWEST_DB, vmax=0, origin="lower", aspect="auto", extent=extent)
        axes.set_yticks(np.log2(_TICKS_HZ), [f"{hz:g}" for hz in _TICKS_HZ])
        axes.set_xlim(0, shown_s)
        axes.set_ylim(*octaves)
        axes.set_facecolor("0.93")
        axes.set_title(exhibit.label, loc="left", fontsize=9, parse_math=False)
    assert image is not None
    figure.supylabel("frequency (Hz)", fontsize=9)
    figure.colorbar(image, ax=cells, label="dB", pad=0.01, aspect=60)
    _save(path, figure)


def facts_of(score: Score) -> str:
    """Return in a line what tells moods apart: tempo, key, density, register, dynamics."""
    pitched = score.notes.pitched
    lengths = np.diff([*(tempo.tick for tempo in score.notes.tempi), max(score.notes.end, 1)]).clip(min=0)
    bpm = np.average([tempo.bpm for tempo in score.notes.tempi], weights=lengths + 1e-9)
    key = KeyChange(0, key_of(pitched)).label
    density = len(pitched) / max(score.seconds, 1e-9)
    return (
        f"{bpm:.0f} bpm, {key}, {density:.1f} notes/s, mean pitch {pitched.pitch.mean():.0f}, "
        f"velocity {pitched.velocity.mean():.0f}±{pitched.velocity.std():.0f}"
    )


def _sheet(exhibits: Sequence[Exhibit], title: str) -> "tuple[Figure, list[Axes]]":
    if not exhibits or not all(len(exhibit.score.notes.pitched) for exhibit in exhibits):
        raise InputError("A contact sheet needs pieces, each of them with notes that have a pitch; give some.")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError("Drawing music needs matplotlib: pip install matplotlib.") from None
    rows = -(-len(exhibits) // _COLUMNS)
    figure = Figure(figsize=(_WIDTH_IN, _ROW_IN * rows), dpi=_DPI, layout="constrained")
    grid = figure.subplots(rows, _COLUMNS, squeeze=False, sharex=True, sharey=True)
    cells = list(grid.flat)
    for empty in cells[len(exhibits) :]:
        empty.set_visible(False)
    for lowest in grid[-1]:
        lowest.set_xlabel("time (s)")
    figure.suptitle(title, fontsize=11, parse_math=False)
    return figure, cells[: len(exhibits)]


def _reach(exhibits: Sequence[Exhibit]) -> tuple[int, int]:
    """Return the pitches between which all pieces lie, with some air."""
    pitches = np.concatenate([exhibit.score.notes.pitched.pitch for exhibit in exhibits])
    lowest, highest = int(pitches.min()) - 2, int(pitches.max()) + 2
    return lowest, max(highest, lowest + _FEWEST_PITCHES)


def _shown(seconds: Sequence[float]) -> float:
    """Return up to where pieces are shown: of one that is much longer than the others, its beginning."""
    return min(max(seconds), _LONGEST_OF_MEDIAN * float(np.median(seconds)))


def _save(path: Path, figure: "Figure") -> None:
    """Write a PNG of few colours: a third of the size, and nobody sees it."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    small = io.BytesIO()
    picture = Image.open(drawn).convert("RGB")
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
    write_whole(path, small.getvalue())

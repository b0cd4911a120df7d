"""Pictures of music: the piano roll with harmony and emotion, and the spectrogram of its sound."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.music.score import Score
from espressivo.media.notes import Notes
from espressivo.media.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FORMATS = (".png", ".svg")
_WIDTH_IN, _DPI = 14.0, 100
_LETTER: Final = 0.011
"""Width of a letter in points of type, as a share of the roll's width."""
_MOST_BARS = 60
_LONGEST_TITLE = 120
_WINDOW = 4096
LOWEST_DB = -90.0
"""Of a spectrogram's scale, under the loudest."""
_HIGHEST_HZ, _LOWEST_HZ = 12_000.0, 40.0
_COLUMNS = 1400
_FLOOR = 1e-12


def draw_score(path: Path, score: Score) -> None:
    """Draw a piano roll, colour by velocity, with bars, keys and chords, and valence and arousal under it.

    The name of the file says whether it is a PNG or an SVG; drums are drawn at the bottom, grey.

    Raises:
        InputError: the score has no notes, or the file is neither PNG nor SVG.
        OutputError: the file cannot be written.
        MissingDependencyError: matplotlib is not installed.
    """
    if not len(score.notes):
        raise InputError("The score has no notes, so there is nothing to draw; compose or give one with some.")
    figure = _figure(path, 6.0 if score.emotion is None else 7.5)
    heights = (1,) if score.emotion is None else (4, 1)
    axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    _draw_notes(figure, axes[0], score)
    _draw_harmony(axes[0], score)
    if score.emotion is not None:
        _draw_emotion(axes[1], score)
    axes[-1].set_xlabel("time (s)")
    axes[0].set_title(score.title[:_LONGEST_TITLE], loc="left", pad=32, parse_math=False)
    _save(path, figure)


def draw_spectrogram(path: Path, sound: Float[np.ndarray, "samples channels"], rate_hz: int, title: str = "") -> None:
    """Draw the levels of frequencies over time, down to 90 dB under the loudest. Errors as for `draw_score`."""
    if not len(sound):
        raise InputError("The sound has no samples, so there is nothing to draw; render a score with notes.")
    figure = _figure(path, 5.0)
    axes = figure.subplots()
    times_s, hz, level_db = levels(sound, rate_hz)
    mesh = axes.pcolormesh(times_s, hz, level_db, vmin=LOWEST_DB, vmax=0, rasterized=True)
    axes.set_yscale("log")
    axes.set_ylim(_LOWEST_HZ, min(_HIGHEST_HZ, rate_hz / 2))
    axes.set(xlabel="time (s)", ylabel="frequency (Hz)", title=title)
    figure.colorbar(mesh, label="dB", pad=0.01)
    _save(path, figure)


def levels(
    sound: Float[np.ndarray, "samples channels"], rate_hz: int, columns: int = _COLUMNS
) -> tuple[Float[np.ndarray, "times"], Float[np.ndarray, "frequencies"], Float[np.ndarray, "frequencies times"]]:
    """Return times in seconds, frequencies in hertz, and the level of each in dB under the loudest."""
    mono = np.pad(sound.mean(axis=1), _WINDOW // 2)
    hop = max(_WINDOW // 8, len(mono) // columns)
    starts = np.arange(0, len(mono) - _WINDOW + 1, hop)
    power = np.empty((_WINDOW // 2, len(starts)))
    for number, start in enumerate(starts.tolist()):
        power[:, number] = np.abs(np.fft.rfft(mono[start : start + _WINDOW] * np.hanning(_WINDOW))[1:]) ** 2
    level_db = 10 * np.log10(np.maximum(power / max(power.max(), _FLOOR), _FLOOR))
    return starts / rate_hz, np.fft.rfftfreq(_WINDOW, 1 / rate_hz)[1:], level_db


def note_boxes(notes: Notes) -> list[Float[np.ndarray, "4 2"]]:
    """Return the corners of each note on a piano roll: seconds, and pitches with a little air between them."""
    return _boxes(notes.start_s, notes.end_s, notes.pitch)


def _figure(path: Path, height_in: float) -> "Figure":
    if path.suffix.lower() not in _FORMATS:
        raise InputError(f"{path.name} is neither a PNG nor an SVG; name the picture {path.stem or 'music'}.png.")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError("Drawing music needs matplotlib: pip install matplotlib.") from None
    return Figure(figsize=(_WIDTH_IN, height_in), dpi=_DPI, layout="constrained")


def _draw_notes(figure: "Figure", axes: "Axes", score: Score) -> None:
    from matplotlib.collections import PolyCollection

    notes = score.notes
    drums = notes.where(notes.is_drum)
    pitched = notes.pitched
    lowest, highest = (int(pitched.pitch.min()), int(pitched.pitch.max())) if len(pitched) else (60, 72)
    # The light edge keeps strokes of one pitch apart where they follow each other at once.
    roll = PolyCollection(
        note_boxes(pitched), array=pitched.velocity, cmap="plasma", edgecolors="white", linewidths=0.5
    )
    roll.set_clim(0, 127)
    axes.add_collection(roll)
    if len(drums):
        below = np.full(len(drums), lowest - 4) - (drums.pitch % 3)
        axes.add_collection(PolyCollection(_boxes(drums.start_s, drums.end_s, below), facecolors="0.5"))
    octaves = np.arange(-(-(lowest - 2) // 12) * 12, highest + 3, 12)
    axes.set_yticks(octaves, [f"C{octave // 12 - 1}" for octave in octaves])
    axes.set_xlim(0, max(score.seconds, 0.01))
    axes.set_ylim(lowest - (8 if len(drums) else 3), highest + 3)
    edges = notes.bar_edges[:: -(-len(notes.bar_edges) // _MOST_BARS)]
    for line_s in notes.seconds_at(edges).tolist():
        axes.axvline(line_s, color="0.85", linewidth=0.6, zorder=0)
    axes.grid(axis="y", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.colorbar(roll, ax=axes, label="velocity", pad=0.01)


def _boxes(
    begins_s: Float[np.ndarray, "n"], ends_s: Float[np.ndarray, "n"], rows: np.ndarray
) -> list[Float[np.ndarray, "4 2"]]:
    low, high = rows - 0.45, rows + 0.45
    corners = ((begins_s, low), (begins_s, high), (ends_s, high), (ends_s, low))
    return list(np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1))


def _draw_harmony(axes: "Axes", score: Score) -> None:
    """Write chords in a row above the roll and keys in a row above those."""
    chords = [(chord.tick, chord.label) for chord in score.chords]
    keys = [(change.tick, change.label) for change in score.keys]
    for height, size, labels in ((1.01, 7, chords), (1.05, 9, keys)):
        for time_s, text in _apart(score, labels, size):
            place = axes.get_xaxis_transform()
            axes.text(time_s, height, text, transform=place, fontsize=size, clip_on=False, parse_math=False)


def _apart(score: Score, labels: Iterable[tuple[int, str]], size: int) -> Iterator[tuple[float, str]]:
    """Return labels and their seconds without those that would stand on the one before."""
    free_s = 0.0
    for tick, text in labels:
        time_s = float(score.notes.seconds_at(np.array([tick]))[0])
        if free_s <= time_s <= score.seconds:
            yield time_s, text
            free_s = time_s + (len(text) + 1) * size / 10 * _LETTER * score.seconds


def _draw_emotion(axes: "Axes", score: Score) -> None:
    assert score.emotion is not None
    times_s = np.linspace(0, score.seconds, 500)
    vad = score.emotion.sample(times_s).vad
    for column, (name, colour) in enumerate((("valence", "tab:green"), ("arousal", "tab:red"))):
        axes.plot(times_s, vad[:, column], color=colour, label=name)
    axes.axhline(0, color="0.8", linewidth=0.6)
    axes.set_ylim(-1.05, 1.05)
    axes.legend(loc="upper right", fontsize=8, ncols=2)


def _save(path: Path, figure: "Figure") -> None:
    with whole_file(path) as partial:
        # Without the date, the same score gives the same file.
        figure.savefig(
            partial, format=path.suffix.lower()[1:], metadata={"Date": None} if path.suffix == ".svg" else {}
        )

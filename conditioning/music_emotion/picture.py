"""Draw what was read: `python -m espressivo.conditioning.music_emotion.picture FILE.mid... --out FILE.png`.

Of each piece: the notes, louder ones darker; valence and arousal over time, of both readers where `--reader` is not
given; the strengths of the emotions that the first of them is performed as. Needs matplotlib, which is no dependency of
the product.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.music_emotion.listening import listen
from espressivo.conditioning.music_emotion.meaning import QUADRANTS
from espressivo.conditioning.music_emotion.recogniser import (
    DEFAULT,
    NON_COMMERCIAL,
    MusicEmotion,
    MusicReader,
    emotion_of,
    load_reader,
)
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.conditioning.voice_emotion.picture import COLOURS
from espressivo.media.notes import Notes, read_notes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_AXES = (("valence", "#1b7837"), ("arousal", "#d95f02"))
_DASHES = ("-", "--")
_PICTURE_RATE_HZ = 10


def main() -> None:
    """Read the arguments and draw."""
    parser = argparse.ArgumentParser(description="Draw the emotion that is read in pieces of music.")
    parser.add_argument("pieces", type=Path, nargs="+", help="MIDI files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--reader", choices=(DEFAULT, NON_COMMERCIAL), action="append")
    arguments = parser.parse_args()
    readers = [load_reader(name) for name in arguments.reader or (DEFAULT, NON_COMMERCIAL)]
    pieces = [(path.stem, read_notes(path)) for path in arguments.pieces]
    draw(pieces, readers).savefig(arguments.out, dpi=90)


def draw(pieces: Sequence[tuple[str, Notes]], readers: Sequence[MusicReader]) -> "Figure":
    """Draw one column for each piece."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0 * len(pieces), 6.5), layout="constrained")
    columns = figure.subplots(3, len(pieces), squeeze=False, sharex="col", sharey="row", height_ratios=(1.6, 1, 1)).T
    for (name, notes), axes in zip(pieces, columns, strict=True):
        heard = listen(notes)
        found = [emotion_of(heard, reader) for reader in readers]
        _draw_notes(axes[0], name, notes.pitched, found[0])
        for one, reader, dashes in zip(found, readers, _DASHES, strict=False):
            _draw_vad(axes[1], one, reader.id, dashes)
        _draw_strengths(axes[2], found[0])
    for axis, label in zip(columns[0], ("pitch", "from neutral", "strength"), strict=True):
        axis.set_ylabel(label)
    entries = {}
    for axis in columns.T.ravel():
        handles, labels = axis.get_legend_handles_labels()
        entries.update(zip(labels, handles, strict=True))
    figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=5, frameon=False)
    return figure


def _draw_notes(axis: "Axes", name: str, notes: Notes, found: MusicEmotion) -> None:
    darkness = np.clip(notes.velocity / 110.0, 0.15, 1.0)
    colours = [(0.1, 0.1, 0.3, float(amount)) for amount in darkness]
    axis.hlines(notes.pitch, notes.start_s, notes.end_s, colors=colours, lw=1.5)
    shares = found.quadrants.mean(axis=0)
    read = ", ".join(f"{quadrant} {share:.2f}" for quadrant, share in zip(QUADRANTS, shares, strict=True))
    axis.set_title(f"{name}\n{read}", fontsize=9)


def _draw_vad(axis: "Axes", found: MusicEmotion, reader: str, dashes: str) -> None:
    for (name, colour), curve in zip(_AXES, found.vad.T, strict=False):
        axis.plot(found.times_s, curve, dashes, color=colour, label=f"{name} ({reader})")
    axis.axhline(0.0, color="0.8", lw=0.8, zorder=0)
    axis.set_ylim(-1.05, 1.05)


def _draw_strengths(axis: "Axes", found: MusicEmotion) -> None:
    moments = np.arange(0.0, found.times_s[-1], 1.0 / _PICTURE_RATE_HZ)
    strengths = track_of(found).sample(moments).strengths
    present = [place for place in range(1, len(CATEGORIES)) if strengths[:, place].any()]
    names = [CATEGORIES[place] for place in present]
    if names:
        colours = [COLOURS[name] for name in names]
        axis.stackplot(moments, strengths[:, present].T, labels=names, colors=colours, alpha=0.85)
    axis.set_ylim(0, 1)
    axis.set_xlabel("seconds")


if __name__ == "__main__":
    main()

"""Segments to train and measure with, read once from the archives of POP909 or VGMIDI.

The classes of the mixture are low and high arousal. VGMIDI's come from its listeners: the mean of the arousal curve
over a segment, high from 0 on. POP909 has no labels: there a segment counts as high where rhythm, note density and
loudness together are above the corpus's mean, a rule and not anybody's opinion.
"""

import argparse
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from espressivo.conditioning.music_emotion.corpora import read_pieces
from espressivo.generators.music.emogen.corpora import READERS
from espressivo.generators.music.faders.events import MOST_EVENTS, PAD, STEPS, UNITS, Grid, spell
from espressivo.generators.music.faders.segments import (
    Tracks,
    chroma_of,
    key_strengths,
    on_sixteenths,
    tracks_of,
    windows,
)
from espressivo.media.notes import Notes

CORPORA = ("pop909", "vgmidi")
_FEWEST_TOP_PITCHES = 3
_SOUNDING = 0.75


@dataclass(frozen=True, eq=False)
class Segments:
    """A table of segments; one row each."""

    events: Int[np.ndarray, "n 100"]
    """Padded with `PAD`."""
    rhythm: Int[np.ndarray, "n 16"]
    notes: Int[np.ndarray, "n 16"]
    chroma: Float[np.ndarray, "n 12"]
    key: Float[np.ndarray, "n 24"]
    """Of the whole piece."""
    arousal: Int[np.ndarray, "n"]
    """0 low, 1 high."""
    piece: Int[np.ndarray, "n"]
    names: tuple[str, ...]
    """Of the pieces."""

    def __len__(self) -> int:
        return len(self.events)

    def held_out(self) -> Bool[np.ndarray, "n"]:
        """Return which segments are not for training: of a tenth of songs (POP909) or series of games (VGMIDI)."""
        return np.array([self.is_held_out(name) for name in self.names])[self.piece]

    @staticmethod
    def is_held_out(name: str) -> bool:
        """Return whether a piece is not for training."""
        family = name.split("_")[0]
        return int(sha256(f"faders:{family}".encode()).hexdigest(), 16) % 10 == 0

    def rows(self, chosen: np.ndarray) -> "Segments":
        """Return some of the segments."""
        columns = (getattr(self, name)[chosen] for name in _COLUMNS)
        return Segments(*columns, names=self.names)

    def save(self, path: Path) -> None:
        """Write everything to an .npz file."""
        np.savez_compressed(
            path, allow_pickle=False, names=np.array(self.names), **{name: getattr(self, name) for name in _COLUMNS}
        )

    @classmethod
    def load(cls, path: Path) -> "Segments":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(*(stored[name] for name in _COLUMNS), names=tuple(stored["names"].tolist()))


_COLUMNS = tuple(field.name for field in fields(Segments) if field.name != "names")


def read_segments(folder: Path, corpus: str) -> Segments:
    """Read the segments of a corpus of `CORPORA` that the authors' rules let pass.

    Raises:
        InputError: the archive is missing.
    """
    curves = {} if corpus == "pop909" else {piece.name: piece for piece in read_pieces(folder)}
    rows: list[tuple[np.ndarray, Tracks, np.ndarray, np.ndarray, float, int]] = []
    names: list[str] = []
    for name, notes in READERS[corpus](folder):
        grid = on_sixteenths(notes)
        key = key_strengths(chroma_of(grid))
        for number, window in enumerate(windows(grid)):
            events = spell(window)
            tracks = tracks_of(window)
            if not is_usual(window, tracks, events):
                continue
            if corpus == "pop909":
                arousal = float(window[window[:, 0] > 0, 3].mean()) if (window[:, 0] > 0).any() else 64.0
            else:
                arousal = float(curves[name].mean_between(*_seconds(notes, number))[1])
            padded = np.full(MOST_EVENTS, PAD)
            padded[: len(events)] = events
            rows.append((padded, tracks, chroma_of(window), key, arousal, len(names)))
        names.append(name)
    told = np.array([row[4] for row in rows])
    rhythm, notes = (np.array([getattr(row[1], track) for row in rows]) for track in ("rhythm", "notes"))
    if corpus == "pop909":
        told = sum((x - x.mean()) / x.std() for x in (told, (rhythm == 1).mean(1), notes.mean(1)))
    return Segments(
        events=np.array([row[0] for row in rows], np.int16),
        rhythm=rhythm.astype(np.int8),
        notes=notes.astype(np.int8),
        chroma=np.array([row[2] for row in rows], np.float32),
        key=np.array([row[3] for row in rows], np.float32),
        arousal=(np.asarray(told) >= 0).astype(np.int8),
        piece=np.array([row[5] for row in rows], np.int32),
        names=tuple(names),
    )


def is_usual(window: Grid, tracks: Tracks, events: list[int]) -> bool:
    """Return whether to learn from a segment: short enough, mostly sounding, begins with an onset, has a tune."""
    if not len(window) or len(events) > MOST_EVENTS or window[:, 0].min() > 0:
        return False
    top = {max(window[(window[:, 0] <= step) & (window[:, 1] > step), 2], default=0) for step in range(STEPS)} - {0}
    return len(top) >= _FEWEST_TOP_PITCHES and float((tracks.notes > 0).mean()) >= _SOUNDING


def _seconds(notes: Notes, number: int) -> tuple[float, float]:
    """When a window begins and ends."""
    begin, end = notes.seconds_at(np.array([number, number + 1]) * 4 * notes.ticks_per_quarter)
    return float(begin), float(end)


def main() -> None:
    """Read the command line, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path, help="folder of the corpora's archives")
    parser.add_argument("--corpus", choices=CORPORA, default="pop909")
    parser.add_argument("--out", type=Path, required=True, help=".npz file")
    arguments = parser.parse_args()
    segments = read_segments(arguments.music, arguments.corpus)
    segments.save(arguments.out)
    lengths = (segments.events != PAD).sum(axis=1)
    print(f"{len(segments)} segments of {len(segments.names)} pieces, {lengths.mean():.0f} events, {UNITS} steps each")


if __name__ == "__main__":
    main()

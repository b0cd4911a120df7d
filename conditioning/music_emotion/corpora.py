"""Music that people said a feeling about, read from the archives it is kept in, for training and measuring.

The folder holds `emopia_midi.tar.gz` with `emopia_labels.csv` (clips of pop piano, one annotator's quadrant each)
and `vgmidi_midi.tar.gz` with `vgmidi_va_curves.json` (game music arranged for piano, valence and arousal followed bar
by bar by some thirty listeners). The reader learns from one half of the songs of each (`is_own`); judges of music, who
grade what the reader may steer, know all of them, so that half of what a judge knows the reader has never seen.
"""

import csv
import hashlib
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError
from espressivo.media.notes import Notes, parse_notes

SIGNS = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
"""Of valence and arousal, by quadrant."""


@dataclass(frozen=True, eq=False)
class Clip:
    """Of EMOPIA."""

    notes: Notes
    quadrant: int
    """A row of `SIGNS`."""
    song: str
    """Clips of one song are alike: they belong on one side of every split."""
    official: str
    """Part of the official split: "train" or "val"."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Of VGMIDI."""

    notes: Notes
    name: str
    edges_s: Float[np.ndarray, "bars+1"]
    """Where the bars of the curve begin and end."""
    curve: Float[np.ndarray, "bars 2"]
    """Valence and arousal, mean over listeners, of -1..1."""

    @property
    def game(self) -> str:
        """Series of games that it comes from."""
        return self.name.split("_")[0]

    def mean_between(self, start_s: float, end_s: float) -> Float[np.ndarray, "2"]:
        """Valence and arousal in a stretch of time, each bar by how much of it lies inside."""
        overlap = np.minimum(self.edges_s[1:], end_s) - np.maximum(self.edges_s[:-1], start_s)
        return np.average(self.curve, axis=0, weights=np.maximum(overlap, 1e-9))


def is_own(song: str) -> bool:
    """Return whether the reader may learn from a song: a half of all, drawn by its name."""
    return hashlib.sha256(f"music-emotion:{song}".encode()).digest()[0] % 2 == 0


def read_clips(folder: Path) -> list[Clip]:
    """Read EMOPIA.

    Raises:
        InputError: the files are not there or not what they should be.
    """
    try:
        with (folder / "emopia_labels.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        notes = _read_notes(folder / "emopia_midi.tar.gz", "midi")
        return [Clip(notes[row["clip_id"]], int(row["quadrant"]) - 1, row["song_id"], row["split"]) for row in rows]
    except (OSError, KeyError, ValueError, tarfile.TarError) as error:
        raise InputError(f"{folder} does not hold EMOPIA ({error}); give the folder with emopia_labels.csv.") from error


def read_pieces(folder: Path) -> list[Piece]:
    """Read VGMIDI.

    Raises:
        InputError: the files are not there or not what they should be.
    """
    try:
        curves = json.loads((folder / "vgmidi_va_curves.json").read_text(encoding="utf-8"))
        notes = _read_notes(folder / "vgmidi_midi.tar.gz", "midi")
        return [
            _piece(name, notes[name], np.stack([row["valence_mean"], row["arousal_mean"]], axis=1))
            for name, row in sorted(curves.items())
        ]
    except (OSError, KeyError, ValueError, tarfile.TarError) as error:
        raise InputError(
            f"{folder} does not hold VGMIDI ({error}); give the folder with vgmidi_va_curves.json."
        ) from error


def _piece(name: str, notes: Notes, curve: Float[np.ndarray, "bars 2"]) -> Piece:
    """Lay a curve over the bars of the file, or evenly over its time where it has another number of them."""
    bars = notes.bar_edges
    if len(bars) == len(curve) + 1:
        return Piece(notes, name, notes.seconds_at(bars), curve)
    return Piece(notes, name, np.linspace(0.0, float(notes.end_s.max()), len(curve) + 1), curve)


def _read_notes(archive: Path, inner: str) -> dict[str, Notes]:
    found = {}
    with tarfile.open(archive) as members:
        for member in members:
            path, content = PurePosixPath(member.name), members.extractfile(member)
            if content is not None and path.suffix == ".mid" and path.parent.name == inner:
                found[path.stem] = parse_notes(content.read(), member.name)
    return found

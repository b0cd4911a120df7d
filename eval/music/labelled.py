"""Music that people said a feeling about, read from the archives it is kept in.

The folder holds `emopia_midi.tar.gz` with `emopia_labels.csv`, and `vgmidi_midi.tar.gz` with `vgmidi_pieces.csv`.
EMOPIA: clips of pop piano, transcribed from performances; the quadrant is one annotator's choice. VGMIDI: whole pieces
of game music, arranged for piano; valence and arousal are the mean over some thirty listeners and over the piece.
"""

import csv
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Bool, Float, Int

from espressivo.errors import InputError
from espressivo.media.notes import Notes, parse_notes


@dataclass(frozen=True, eq=False)
class LabelledClips:
    """EMOPIA: clips and their quadrants."""

    notes: tuple[Notes, ...]
    quadrant: Int[np.ndarray, "n"]
    """Places in `judges.QUADRANTS`."""
    song: tuple[str, ...]
    """Clips of one song are alike: they belong on one side of every split."""
    in_training: Bool[np.ndarray, "n"]
    """By the official split; the others are its validation part."""


@dataclass(frozen=True, eq=False)
class RatedPieces:
    """VGMIDI: pieces, and what listeners felt."""

    notes: tuple[Notes, ...]
    valence_arousal: Float[np.ndarray, "n 2"]
    game: tuple[str, ...]
    """The series of games that a piece comes from; "Other" holds several."""


def read_emopia(folder: Path) -> LabelledClips:
    """Read the labelled clips.

    Raises:
        InputError: the files are not there or not what they should be.
    """
    rows, notes = _read(folder, "emopia_labels.csv", "emopia_midi.tar.gz", "midi", "clip_id")
    return LabelledClips(
        notes,
        np.array([int(row["quadrant"]) - 1 for row in rows]),
        tuple(row["song_id"] for row in rows),
        np.array([row["split"] == "train" for row in rows]),
    )


def read_vgmidi(folder: Path) -> RatedPieces:
    """Read the rated pieces.

    Raises:
        InputError: the files are not there or not what they should be.
    """
    rows, notes = _read(folder, "vgmidi_pieces.csv", "vgmidi_midi.tar.gz", "midi", "piece")
    return RatedPieces(
        notes,
        np.array([[float(row["valence_mean"]), float(row["arousal_mean"])] for row in rows]),
        tuple(row["piece"].split("_")[0] for row in rows),
    )


def _read(
    folder: Path, table: str, archive: str, inner: str, key: str
) -> tuple[list[dict[str, str]], tuple[Notes, ...]]:
    try:
        with (folder / table).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        found = {}
        with tarfile.open(folder / archive) as members:
            for member in members:
                path, content = PurePosixPath(member.name), members.extractfile(member)
                if content is not None and path.suffix == ".mid" and path.parent.name == inner:
                    found[path.stem] = parse_notes(content.read(), member.name)
        return rows, tuple(found[row[key]] for row in rows)
    except (OSError, KeyError, tarfile.TarError) as error:
        raise InputError(f"{folder} lacks {table} or {archive}, or a piece of them is missing ({error}).") from error

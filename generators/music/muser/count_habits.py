"""Counts what music of each quadrant is like: `python -m espressivo.generators.music.muser.count_habits MUSIC`.

MUSIC is a folder with EMOPIA's archive and labels. Prints the tables of `habits`, over training clips.
"""

import argparse
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.generators.music.muser.corpus import read_pieces
from espressivo.generators.music.muser.habits import Habits
from espressivo.generators.music.muser.tokens import BAR, QUADRANTS, STEP, spell
from espressivo.media.notes import Notes


def main() -> None:
    """Read the command line, count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path)
    pieces = read_pieces(parser.parse_args().music)
    training: list[int] = np.flatnonzero(~pieces.held_out()).tolist()
    rows = np.array([habits_of(spell(pieces.piece(number)).notes) for number in training])
    rows[:, :3] = np.log(rows[:, :3])
    quadrant = np.array([int(pieces.names[number][1]) for number in training])
    means = np.array([rows[quadrant == each].mean(axis=0) for each in QUADRANTS])
    print("means\n", means.round(3), "\nspread\n", (rows - means[quadrant - 1]).std(axis=0).round(3))


def habits_of(notes: Notes) -> Float[np.ndarray, "5"]:
    """Return `Habits` of notes as `tokens.spell` returns them."""
    positions = notes.start_tick // STEP
    onsets = np.unique(positions)
    bars = int(positions.max()) * STEP // BAR + 1
    bar_s = float(notes.end_s.max()) / (notes.end / BAR)
    steps = (notes.end_tick - notes.start_tick) / STEP
    return np.array(
        Habits(
            onsets_per_s=len(onsets) / bars / bar_s,
            notes_per_onset=len(notes) / len(onsets),
            # From the first onset on, with a quarter for the last one.
            sounding=float(steps.sum() / (np.ptp(onsets) + 4)),
            pitch=float(notes.pitch.mean()),
            velocity=float(notes.velocity.mean()),
        )
    )


if __name__ == "__main__":
    main()

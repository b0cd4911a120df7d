"""How well the judge of VGMIDI follows what listeners felt bar by bar: the ceiling for music that follows a curve.

Each piece of VGMIDI is heard by a judge that was fitted on whole pieces of other games, in the windows that generated
pieces are heard in. Listeners' curves move little within a piece (they are means over some thirty people), so real
correlations within pieces are far lower than those that a generator with wide curves can reach.
"""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from espressivo.eval.music.curve_following import AXES, FEWEST_NOTES, HeardCurve, follow, windows_of
from espressivo.eval.music.features import features
from espressivo.eval.music.fitting import best_kernel, fit_regression, grouped_folds
from espressivo.eval.music.labelled import read_vgmidi
from espressivo.media.notes import Notes


def follow_listeners(folder: Path) -> dict[str, Any]:
    """Return how well the judge follows VGMIDI's curves, in the form of `curve_following.follow`.

    Args:
        folder: holds `vgmidi_midi.tar.gz`, `vgmidi_pieces.csv` and `vgmidi_va_curves.json`.

    Raises:
        InputError: an archive is missing.
    """
    pieces = read_vgmidi(folder)
    curves = json.loads((folder / "vgmidi_va_curves.json").read_text(encoding="utf-8"))
    with (folder / "vgmidi_pieces.csv").open(encoding="utf-8", newline="") as lines:
        felt = [_felt(curves[row["piece"]]) for row in csv.DictReader(lines)]
    rows = np.stack([features(notes) for notes in pieces.notes])
    cut = [_windows(notes, curve) for notes, curve in zip(pieces.notes, felt, strict=True)]
    heard = [np.zeros((len(asked), 2)) for asked, _ in cut]
    folds = grouped_folds(pieces.game)
    for axis in range(len(AXES)):
        target = pieces.valence_arousal[:, axis]
        kernel, _ = best_kernel(rows, target, folds)
        for others, own in folds:
            model = fit_regression(rows[others], target[others], kernel)
            for place in own:
                if len(cut[place][1]):
                    heard[place][:, axis] = model.predict(cut[place][1])
    return follow([HeardCurve(asked, found, 0) for (asked, _), found in zip(cut, heard, strict=True)])


def _felt(curve: dict[str, Any]) -> Float[np.ndarray, "measures 2"]:
    return np.stack([np.array(curve[f"{axis}_mean"], float) for axis in AXES], axis=1)


def _windows(
    notes: Notes, felt: Float[np.ndarray, "measures 2"]
) -> tuple[Float[np.ndarray, "windows 2"], Float[np.ndarray, "windows features"]]:
    """What was felt, and what there is to hear, in each window; measures lie evenly over the piece's time."""
    whole_s = float(notes.end_s.max())
    asked, rows = [], []
    for begin_s, end_s, window in windows_of(notes):
        if len(window.pitched) < FEWEST_NOTES:
            continue
        first, last = (int(np.clip(at / whole_s, 0, 1) * len(felt)) for at in (begin_s, end_s))
        first = min(first, len(felt) - 1)
        asked.append(felt[first : max(first + 1, last)].mean(axis=0))
        rows.append(features(window))
    return np.reshape(asked, (-1, 2)), np.array(rows)

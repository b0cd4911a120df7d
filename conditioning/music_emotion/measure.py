"""Measure readers: `python -m espressivo.conditioning.music_emotion.measure MUSIC_DATA --out FILE.json`.

On music whose songs neither reader has seen: EMOPIA's official validation part, the half of its training part that is
not the reader's own, and the half of VGMIDI's pieces that is not (other pieces of the same games may be). Brackets are
95 %, songs or pieces drawn anew. Beside the readers stands the commonest label of the reader's own half.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from espressivo.conditioning.music_emotion.corpora import SIGNS, Clip, Piece, is_own, read_clips, read_pieces
from espressivo.conditioning.music_emotion.listening import WINDOW_S, Listening, listen
from espressivo.conditioning.music_emotion.meaning import quadrants_of
from espressivo.conditioning.music_emotion.recogniser import (
    DEFAULT,
    NON_COMMERCIAL,
    MusicReader,
    emotion_of,
    load_reader,
    log_odds_of,
)
from espressivo.media.notes import Notes

_DRAWS = 1000
_BINS = 8
_CHANGED_CLIPS = 100


def main() -> None:
    """Read the arguments, measure, and write JSON."""
    parser = argparse.ArgumentParser(description="Measure readers of music.")
    parser.add_argument("data", type=Path, help="folder with EMOPIA and VGMIDI")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    clips, pieces = read_clips(arguments.data), read_pieces(arguments.data)
    own = [clip for clip in clips if clip.official == "train" and is_own(clip.song)]
    parts = {
        "emopia_val": [clip for clip in clips if clip.official == "val"],
        "emopia_other_half": [clip for clip in clips if clip.official == "train" and not is_own(clip.song)],
    }
    started = time.process_time()
    heard = {name: [listen(clip.notes) for clip in part] for name, part in parts.items()}
    spent = time.process_time() - started
    played = sum(clip.notes.seconds for part in parts.values() for clip in part)
    unseen = [piece for piece in pieces if not is_own(piece.name)]
    heard_pieces = [listen(piece.notes) for piece in unseen]
    readers = (load_reader(DEFAULT), load_reader(NON_COMMERCIAL))
    measured: dict[str, Any] = {"listening_times_real_time": round(played / spent)}
    for name, part in parts.items():
        commonest = int(np.bincount([clip.quadrant for clip in own]).argmax())
        measured[name] = {"clips": len(part), "songs": len({clip.song for clip in part})}
        measured[name]["commonest"] = _commonest(part, commonest)
        measured[name] |= {reader.id: measure_clips(part, heard[name], reader) for reader in readers}
    measured["vgmidi_other_half"] = {"pieces": len(unseen)}
    measured["vgmidi_other_half"] |= {reader.id: measure_pieces(unseen, heard_pieces, reader) for reader in readers}
    changed = parts["emopia_other_half"][:_CHANGED_CLIPS]
    measured["changed"] = {reader.id: measure_changes([clip.notes for clip in changed], reader) for reader in readers}
    arguments.out.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


def measure_clips(clips: Sequence[Clip], heard: Sequence[Listening], reader: MusicReader) -> dict[str, Any]:
    """Shares of right quadrants and signs, and how far probabilities are from the shares in which they are right."""
    odds = np.array([log_odds_of(listened, reader) for listened in heard])
    label = np.array([clip.quadrant for clip in clips])
    probabilities = quadrants_of(odds)
    found = probabilities.argmax(axis=1)
    hits = np.stack([found == label, *(np.sign(odds) == SIGNS[label]).T], axis=1)
    groups = np.unique([clip.song for clip in clips], return_inverse=True)[1]
    brackets = _bootstrap(lambda rows: hits[rows].mean(axis=0), groups)
    names = ("4q", "valence", "arousal")
    return {
        **{
            name: {"accuracy": _round(hits[:, column].mean()), "ci": _round(brackets[:, column])}
            for column, name in enumerate(names)
        },
        "recall": _round([(found[label == quadrant] == quadrant).mean() for quadrant in range(4)]),
        "calibration_error": _round(_calibration_error(probabilities.max(axis=1), hits[:, 0])),
    }


def measure_pieces(pieces: Sequence[Piece], heard: Sequence[Listening], reader: MusicReader) -> dict[str, Any]:
    """Agreement with listeners: of means over pieces, and of the course within each."""
    truth = np.array([piece.mean_between(0.0, np.inf) for piece in pieces])
    found = np.tanh(np.array([log_odds_of(listened, reader) for listened in heard]) / 2)
    groups = np.arange(len(pieces))
    courses = [_course(piece, emotion_of(listened, reader)) for piece, listened in zip(pieces, heard, strict=True)]
    within = np.array([_correlations(*course) for course in courses if len(course[0]) > 4])
    everywhere = [np.vstack(column) for column in zip(*courses, strict=True)]
    measured = {}
    for axis, name in enumerate(("valence", "arousal")):

        def both(rows: Int[np.ndarray, "n"], axis: int = axis) -> Float[np.ndarray, "2"]:
            pair = found[rows, axis], truth[rows, axis]
            return np.array([np.corrcoef(*pair)[0, 1], _ccc(*pair)])

        agreement, brackets = both(groups), _bootstrap(both, groups)
        measured[name] = {
            "r": _round(agreement[0]),
            "r_ci": _round(brackets[:, 0]),
            "ccc": _round(agreement[1]),
            "ccc_ci": _round(brackets[:, 1]),
            "ccc_curves": _round(_ccc(everywhere[0][:, axis], everywhere[1][:, axis])),
            "r_within": _round(np.nanmean(within[:, axis])),
            "sign": _round((np.sign(found[:, axis]) == np.sign(truth[:, axis])).mean()),
        }
    return measured


def measure_changes(pieces: Sequence[Notes], reader: MusicReader) -> dict[str, float]:
    """In what share of pieces a change of the performance moves arousal the way it should."""
    before = _arousal(pieces, reader)
    changes: dict[str, tuple[Callable[[Notes], Notes], int]] = {
        "louder": (lambda notes: replace(notes, velocity=np.minimum(notes.velocity + 20, 127)), 1),
        "softer": (lambda notes: replace(notes, velocity=np.maximum(notes.velocity - 20, 1)), -1),
        "slower": (lambda notes: _at_pace(notes, 0.7), -1),
        "faster": (lambda notes: _at_pace(notes, 1.4), 1),
    }
    return {
        name: _round((np.sign(_arousal([change(notes) for notes in pieces], reader) - before) == sign).mean())
        for name, (change, sign) in changes.items()
    }


def _arousal(pieces: Sequence[Notes], reader: MusicReader) -> Float[np.ndarray, "pieces"]:
    return np.array([log_odds_of(listen(notes, WINDOW_S), reader)[1] for notes in pieces])


def _at_pace(notes: Notes, factor: float) -> Notes:
    return replace(notes, tempi=tuple(replace(tempo, bpm=tempo.bpm * factor) for tempo in notes.tempi))


def _course(piece: Piece, found: Any) -> tuple[Float[np.ndarray, "times 2"], Float[np.ndarray, "times 2"]]:
    around = [piece.mean_between(time_s - WINDOW_S / 2, time_s + WINDOW_S / 2) for time_s in found.times_s]
    return found.vad[:, :2], np.array(around)


def _correlations(one: Float[np.ndarray, "n 2"], other: Float[np.ndarray, "n 2"]) -> list[float]:
    flat = (np.std(one, axis=0) < 1e-9) | (np.std(other, axis=0) < 1e-9)
    return [np.nan if flat[axis] else float(np.corrcoef(one[:, axis], other[:, axis])[0, 1]) for axis in (0, 1)]


def _commonest(clips: Sequence[Clip], quadrant: int) -> dict[str, float]:
    label = np.array([clip.quadrant for clip in clips])
    signs = SIGNS[label] == SIGNS[quadrant]
    return {
        "4q": _round((label == quadrant).mean()),
        "valence": _round(max(signs[:, 0].mean(), 1 - signs[:, 0].mean())),
        "arousal": _round(max(signs[:, 1].mean(), 1 - signs[:, 1].mean())),
    }


def _bootstrap(
    statistic: Callable[[Int[np.ndarray, "n"]], Float[np.ndarray, "k"]], groups: Int[np.ndarray, "n"]
) -> Float[np.ndarray, "2 k"]:
    """95 % percentile interval, whole groups drawn."""
    random = np.random.default_rng(0)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    drawn = [
        statistic(np.concatenate([members[n] for n in random.integers(0, len(members), len(members))]))
        for _ in range(_DRAWS)
    ]
    return np.percentile(drawn, [2.5, 97.5], axis=0)


def _calibration_error(said: Float[np.ndarray, "n"], right: Float[np.ndarray, "n"]) -> float:
    """Expected calibration error over bins of equal size."""
    bins = np.array_split(np.argsort(said), _BINS)
    return float(sum(len(rows) * abs(said[rows].mean() - right[rows].mean()) for rows in bins) / len(said))


def _ccc(one: Float[np.ndarray, "n"], other: Float[np.ndarray, "n"]) -> float:
    """Concordance correlation coefficient (L. Lin, Biometrics 45, 1989)."""
    shared = np.mean((one - one.mean()) * (other - other.mean()))
    return float(2 * shared / (one.var() + other.var() + (one.mean() - other.mean()) ** 2))


def _round(value: Any) -> Any:
    return np.round(np.asarray(value, float), 3).tolist()


if __name__ == "__main__":
    main()

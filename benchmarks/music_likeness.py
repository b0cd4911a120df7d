"""What sets generated pieces apart from real ones: `python benchmarks/music_likeness.py MUSIC PIECES [PIECES ...]`.

For each quadrant, and for plain measures that nobody learned, the medians of EMOPIA's training clips and of the pieces,
and how far apart they are in robust standard deviations of the real clips; the farthest first. No judge is asked.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tyro

from espressivo.eval.music.judges import QUADRANTS
from espressivo.eval.music.labelled import read_emopia
from espressivo.eval.music.piano_roll import pitch_class_entropy, scale_consistency
from espressivo.eval.music.study_pieces import ASKED, read_made
from espressivo.eval.music.tonality import key_clarity, majorness
from espressivo.eval.music.typical import groove_on_sixteenths, on_its_beats
from espressivo.media.notes import Notes

CHORD_S = 0.035
"""Onsets closer than this are one stroke."""
WINDOW_S = 2.0
SHORT_S = 0.2
NORMAL_IQR = 1.349
"""Standard deviations between the quartiles of a normal distribution."""


def measures(piece: Notes) -> Mapping[str, float]:
    """Plain measures of a piece, in seconds, semitones and velocities."""
    notes = piece.pitched
    start, end, pitch, velocity = notes.start_s, notes.end_s, notes.pitch, notes.velocity
    order = np.argsort(start, kind="stable")
    start, end, pitch, velocity = start[order], end[order], pitch[order], velocity[order]
    stroke = np.concatenate([[0], np.cumsum(np.diff(start) > CHORD_S)])
    onset = start[np.searchsorted(stroke, np.arange(stroke[-1] + 1))]
    top, bottom = np.zeros(len(onset), int), np.full(len(onset), 127)
    np.maximum.at(top, stroke, pitch)
    np.minimum.at(bottom, stroke, pitch)
    gaps, length, seconds = np.diff(onset), end - start, end.max() - start.min()
    on_top = pitch == top[stroke]
    rest = velocity if on_top.all() else velocity[~on_top]
    motion = np.abs(np.diff(top))
    window = ((start - start.min()) // WINDOW_S).astype(int)
    counts = np.bincount(window)
    loudness = np.bincount(window, velocity)[counts > 0] / counts[counts > 0]
    times = np.linspace(start.min(), end.max(), 1000)
    sounding = np.searchsorted(start, times, "right") - np.searchsorted(np.sort(end), times, "right")
    beats = on_its_beats(notes)
    return {
        "notes per s": len(start) / seconds,
        "strokes per s": len(onset) / seconds,
        "notes per stroke": len(start) / len(onset),
        "gap, median": float(np.median(gaps)),
        "gap, 90 %": float(np.quantile(gaps, 0.9)),
        "gap, spread / mean": float(gaps.std() / gaps.mean()),
        "length, median": float(np.median(length)),
        "length, 90 %": float(np.quantile(length, 0.9)),
        "short notes": float((length < SHORT_S).mean()),
        "length / gap": float(np.median(length) / np.median(gaps)),
        "sounding at once": float(sounding.mean()),
        "silence": float((sounding <= 0).mean()),
        "density, spread / mean": float(counts.std() / counts.mean()),
        "velocity": float(velocity.mean()),
        "velocity, spread": float(velocity.std()),
        "velocity, of top over rest": float(velocity[on_top].mean() - rest.mean()),
        "velocity, between windows": float(loudness.std()),
        "pitch": float(pitch.mean()),
        "pitch, spread": float(pitch.std()),
        "pitch, 5 %": float(np.quantile(pitch, 0.05)),
        "pitch, 95 %": float(np.quantile(pitch, 0.95)),
        "top line": float(top.mean()),
        "bottom line": float(bottom.mean()),
        "repeats of top": float((motion == 0).mean()),
        "steps of top": float(((motion > 0) & (motion <= 2)).mean()),
        "leaps of top": float((motion > 7).mean()),
        "pitch class entropy": pitch_class_entropy(notes),
        "in scale": scale_consistency(notes),
        "key clarity": key_clarity(notes),
        "majorness": majorness(notes),
        "groove": groove_on_sixteenths(beats),
    }


def main(music: tyro.conf.Positional[Path], pieces: tyro.conf.Positional[list[Path]]) -> None:
    """Print the measures.

    Args:
        music: a folder with EMOPIA's archive and labels.
        pieces: folders of `eval.music.study` (`asked/Q1-0000.mid` and so on).
    """
    clips = read_emopia(music)
    real = [[measures(clips.notes[place]) for place in np.flatnonzero(clips.in_training & (clips.quadrant == quadrant))]
            for quadrant in range(4)]  # fmt: skip
    for folder in pieces:
        made, _ = read_made(folder, ASKED)
        for quadrant, name in enumerate(QUADRANTS):
            ours = [measures(piece.notes) for piece in made if piece.label == name]
            if not ours:
                continue
            print(f"\n{folder} {name}: {len(ours)} pieces, {len(real[quadrant])} real clips")
            rows = []
            for measure in ours[0]:
                low, middle, high = np.nanquantile([clip[measure] for clip in real[quadrant]], [0.25, 0.5, 0.75])
                typical = float(np.nanmedian([piece[measure] for piece in ours]))
                rows.append(((typical - middle) / max((high - low) / NORMAL_IQR, 1e-9), measure, middle, typical))
            for off, measure, middle, typical in sorted(rows, key=lambda row: -abs(row[0])):
                print(f"{off:+6.2f}  {measure:27s} real {middle:7.3f}  ours {typical:7.3f}")


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)

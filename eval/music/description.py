"""What a piece of music is like, without anybody's opinion: the measures that need no judge."""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan

import numpy as np

from espressivo.eval.metric import Metric, Values, measured
from espressivo.eval.music import bars, piano_roll, tonality
from espressivo.media.notes import Notes

_MUSPY = "As muspy 0.5.0 has it; drums left out."
_FILE_BARS = (
    "Bars are those of the file: where on_grid is near .25 they are equal stretches of time at its nominal tempo."
)


@dataclass(frozen=True, eq=False)
class _Measure:
    """A metric and the function that gives it."""

    metric: Metric
    of: Callable[[Notes], float]
    otherwise: str = "no pitched notes that sound"
    """Why there is no number when it is NaN."""


def _described(
    name: str, title: str, definition: str, of: Callable[[Notes], float], unit: str = "", decimals: int = 2
) -> _Measure:
    return _Measure(Metric(name, title, "music", "reference", definition, unit, decimals), of)


def describe(notes: Notes) -> Values:
    """Apply `METRICS` of this module to one piece."""
    return {row.metric.name: measured(row.of(notes), row.otherwise) for row in _TABLE}


def notes_per_s(notes: Notes) -> float:
    """Return the pitched notes per second from the first onset to the last end."""
    return len(notes.pitched) / notes.seconds if notes.seconds and len(notes.pitched) else nan


def tempo_bpm(notes: Notes) -> float:
    """Return the tempo of the file, its mean over the time from the first onset to the last end."""
    if not notes.seconds:
        return nan
    ends = np.array([notes.start_tick.min(), notes.end])
    return float(np.diff(ends)[0] / notes.ticks_per_quarter / (notes.seconds / 60))


def _mean_velocity(notes: Notes) -> float:
    return float(notes.pitched.velocity.mean()) if len(notes.pitched) else nan


def _mean_pitch(notes: Notes) -> float:
    return float(notes.pitched.pitch.mean()) if len(notes.pitched) else nan


def _length(notes: Notes) -> float:
    return notes.seconds or nan


_TABLE = (
    _described("pitch_range", "PR", f"Lowest to highest pitch. {_MUSPY}", piano_roll.pitch_range, "semitones", 1),
    _described("pitch_classes", "NPC", f"Different pitch classes. {_MUSPY}", piano_roll.n_pitch_classes_used),
    _described("pitches", "pitches", f"Different pitches. {_MUSPY}", piano_roll.n_pitches_used, decimals=1),
    _described(
        "polyphony",
        "POLY",
        f"Pitches sounding at once, mean over the ticks in which any sounds. {_MUSPY}",
        piano_roll.polyphony,
    ),
    _described(
        "polyphony_rate",
        "polyphony rate",
        f"Share of ticks from 0 to the end in which more than two pitches sound, not two or more. {_MUSPY}",
        piano_roll.polyphony_rate,
    ),
    _described(
        "pitch_class_entropy",
        "class entropy",
        f"Entropy of the notes' pitch classes, 0..3.58. {_MUSPY}",
        piano_roll.pitch_class_entropy,
        "bits",
    ),
    _described(
        "pitch_entropy", "pitch entropy", f"Entropy of the notes' pitches. {_MUSPY}", piano_roll.pitch_entropy, "bits"
    ),
    _described(
        "scale_consistency",
        "scale consistency",
        f"Largest share of notes that one major or natural minor scale holds. {_MUSPY}",
        piano_roll.scale_consistency,
    ),
    _described(
        "empty_beats",
        "empty beats",
        "Share of quarter notes in which nothing sounds. As muspy 0.5.0 has it: drums count, and a note that ends on a "
        "beat sounds in it.",
        piano_roll.empty_beat_rate,
    ),
    _Measure(
        Metric(
            "groove_consistency",
            "groove",
            "music",
            "reference",
            "1 - mean Hamming distance of the onsets of neighbouring stretches of four quarters, tick by tick. As "
            "muspy 0.5.0 has it: it grows with the ticks per quarter of the file, so compare files of one writer.",
        ),
        piano_roll.groove_consistency,
        "shorter than four quarters",
    ),
    _described(
        "bar_pitch_range",
        "BPR",
        f"Lowest to highest pitch, mean over bars with notes, as MusER has it. {_FILE_BARS}",
        bars.bar_pitch_range,
        "semitones",
        1,
    ),
    _described(
        "bar_pitch_classes",
        "BNPC",
        f"Different pitch classes, mean over bars with notes, as MusER has it. {_FILE_BARS}",
        bars.bar_pitch_classes,
    ),
    _described(
        "bar_polyphony",
        "BPOLY",
        "Notes per sixteenth that has an onset, mean over bars with notes; MusER leaves the last bar out unless a bar "
        f"token follows it, here it counts. {_FILE_BARS}",
        bars.bar_polyphony,
    ),
    _described(
        "notes_per_s",
        "notes/s",
        "Pitched notes per second from the first onset to the last end.",
        notes_per_s,
        "1/s",
    ),
    _described(
        "notes_per_bar",
        "notes/bar",
        f"Pitched notes per bar, empty bars included. {_FILE_BARS}",
        bars.notes_per_bar,
        decimals=1,
    ),
    _Measure(
        Metric(
            "empty_bars",
            "empty bars",
            "music",
            "lower",
            "Share of bars in which nothing sounds, drums included. " + _FILE_BARS,
        ),
        bars.empty_bars_share,
        "no notes",
    ),
    _described(
        "on_grid",
        "on grid",
        "Share of onsets within 1/96 quarter of a twelfth of a quarter: 1 for a score, about .25 for a performance "
        "that was written down without its beats.",
        bars.onset_grid_share,
    ),
    _Measure(
        Metric(
            "key_clarity",
            "key clarity",
            "music",
            "reference",
            "Correlation of the pitch classes, weighted by duration in quarters, with the best of the 24 key profiles "
            "of Krumhansl and Kessler (1982).",
        ),
        tonality.key_clarity,
        "all pitch classes alike",
    ),
    _Measure(
        Metric(
            "key_margin",
            "key margin",
            "music",
            "reference",
            "Key clarity minus the correlation with the second best key.",
        ),
        tonality.key_margin,
        "all pitch classes alike",
    ),
    _Measure(
        Metric(
            "majorness",
            "majorness",
            "music",
            "neither",
            "Correlation with the best major key minus that with the best minor key: above 0 the piece is in major.",
        ),
        tonality.majorness,
        "all pitch classes alike",
    ),
    _described("velocity_mean", "velocity", "Mean velocity of the notes, 1..127.", _mean_velocity),
    _described("register_mean", "register", "Mean MIDI pitch of the notes.", _mean_pitch),
    _described(
        "tempo_bpm",
        "tempo",
        "Quarter notes per minute of the file, mean over the time of the music; of a performance that was written down "
        "without its beats, nominal.",
        tempo_bpm,
        "bpm",
        1,
    ),
    _described("length_s", "length", "From the first onset to the last end.", _length, "s", 1),
)


METRICS: tuple[Metric, ...] = tuple(row.metric for row in _TABLE)
"""Of one piece, none of them learned."""

"""What the judges of music look at: statistics of a piece in seconds, semitones and velocities.

Nothing depends on beats or bars, which a transcribed performance does not have, nor on the key that a piece is in, nor
on its length. They are this project's own: some resemble jSymbolic's features, of which EmoGen conditions on a hundred,
because speed, loudness, register and mode are what emotion in music is made of. A generator that is steered by such
numbers pleases a judge that reads them more than it may please a listener.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from espressivo.eval.music.tonality import key_of
from espressivo.media.notes import Notes

# Onsets closer than this are one chord: hands are not machines.
_CHORD_S = 0.035
_WINDOW_S = 2.0
_LEAST_S = 0.01
_CONSONANCES = (3, 4, 5)
_DISSONANCES = (1, 2, 6)
FEATURES: tuple[str, ...] = (
    "notes_per_s_log",
    "onsets_per_s_log",
    "chord_size",
    "single_onsets",
    "thick_onsets",
    "gap_median_log",
    "gap_p10_log",
    "gap_p90_log",
    "gap_spread",
    "gap_changes",
    "density_spread",
    "density_peak",
    "length_mean_log",
    "length_spread",
    "length_p90_log",
    "short_notes",
    "long_notes",
    "legato_log",
    "staccato",
    "sounding_at_once",
    "silence",
    "velocity_mean",
    "velocity_p10",
    "velocity_p90",
    "velocity_spread",
    "swell",
    "accents",
    "crescendo",
    "pitch_mean",
    "pitch_mean_sounding",
    "pitch_spread",
    "pitch_p5",
    "pitch_p95",
    "pitch_span",
    "low_notes",
    "high_notes",
    "top_mean",
    "top_spread",
    "top_repeats",
    "top_steps",
    "top_leaps",
    "top_rises",
    "top_louder",
    "chord_span",
    "key_clarity",
    "key_margin",
    "majorness",
    "majorness_first_half",
    "majorness_second_half",
    "class_entropy",
    "classes",
    *(f"degree_{degree}" for degree in range(12)),
    "major_triads",
    "minor_triads",
    "consonant_pairs",
    "dissonant_pairs",
    "semitone_pairs",
    "tritone_pairs",
    "major_third_pairs",
    "classes_at_once",
    "bass_changes",
)
"""Names, in the order that the judges know them by."""


def features(notes: Notes) -> Float[np.ndarray, "features"]:
    """Return the statistics of a piece, in the order of `FEATURES`.

    Raises:
        ValueError: the piece has no pitched notes.
    """
    found = named_features(notes)
    return np.array([found[name] for name in FEATURES])


def named_features(notes: Notes) -> Mapping[str, float]:
    """Return the statistics of a piece by name.

    Raises:
        ValueError: the piece has no pitched notes.
    """
    notes = notes.pitched
    if not len(notes):
        raise ValueError("A piece without pitched notes has no features.")
    chord = _chords(notes)
    return (
        _density(notes, chord)
        | _durations(notes, chord)
        | _dynamics(notes)
        | _register(notes)
        | _lines(notes, chord)
        | _harmony(notes)
        | _sonorities(notes, chord)
    )


def _chords(notes: Notes) -> Int[np.ndarray, "n"]:
    """Return the number of the chord that each note belongs to: onsets in a row, each close to the one before."""
    return np.concatenate([[0], np.cumsum(np.diff(notes.start_s) > _CHORD_S)])


def _density(notes: Notes, chord: Int[np.ndarray, "n"]) -> dict[str, float]:
    seconds = max(notes.seconds, 1.0)
    begins = notes.start_s[_firsts(chord)]
    gaps = np.diff(begins) if len(begins) > 1 else np.array([seconds])
    sizes = np.bincount(chord)
    windows = np.bincount(((notes.start_s - notes.start_s[0]) / _WINDOW_S).astype(int))
    steady = np.abs(np.diff(np.log(gaps))) if len(gaps) > 1 else np.zeros(1)
    return {
        "notes_per_s_log": np.log(len(notes) / seconds),
        "onsets_per_s_log": np.log(len(begins) / seconds),
        "chord_size": sizes.mean(),
        "single_onsets": (sizes == 1).mean(),
        "thick_onsets": (sizes >= 4).mean(),
        "gap_median_log": np.log(np.median(gaps)),
        "gap_p10_log": np.log(np.percentile(gaps, 10)),
        "gap_p90_log": np.log(np.percentile(gaps, 90)),
        "gap_spread": np.log(gaps).std(),
        "gap_changes": np.median(steady),
        "density_spread": windows.std() / windows.mean(),
        "density_peak": windows.max() / windows.mean(),
    }


def _durations(notes: Notes, chord: Int[np.ndarray, "n"]) -> dict[str, float]:
    length = np.maximum(notes.end_s - notes.start_s, _LEAST_S)
    begins = notes.start_s[_firsts(chord)]
    following = np.append(begins[1:], notes.end_s.max())[chord]
    until_next = np.maximum(following - notes.start_s, _LEAST_S)
    seconds = max(notes.seconds, 1.0)
    gap = np.maximum(begins[1:] - np.maximum.accumulate(notes.end_s)[np.flatnonzero(np.diff(chord))], 0)
    return {
        "length_mean_log": np.log(length).mean(),
        "length_spread": np.log(length).std(),
        "length_p90_log": np.log(np.percentile(length, 90)),
        "short_notes": (length < 0.15).mean(),
        "long_notes": (length > 1.0).mean(),
        "legato_log": np.median(np.log(length / until_next)),
        "staccato": (length < 0.5 * until_next).mean(),
        "sounding_at_once": length.sum() / seconds,
        "silence": gap.sum() / seconds,
    }


def _dynamics(notes: Notes) -> dict[str, float]:
    velocity = notes.velocity.astype(float)
    window = ((notes.start_s - notes.start_s[0]) / _WINDOW_S).astype(int)
    filled = np.bincount(window) > 0
    means = (np.bincount(window, weights=velocity)[filled]) / np.bincount(window)[filled]
    return {
        "velocity_mean": velocity.mean(),
        "velocity_p10": np.percentile(velocity, 10),
        "velocity_p90": np.percentile(velocity, 90),
        "velocity_spread": velocity.std(),
        "swell": means.std(),
        "accents": np.abs(np.diff(velocity)).mean() if len(velocity) > 1 else 0.0,
        "crescendo": means[len(means) // 2 :].mean() - means[: max(len(means) // 2, 1)].mean(),
    }


def _register(notes: Notes) -> dict[str, float]:
    pitch = notes.pitch.astype(float)
    length = np.maximum(notes.end_s - notes.start_s, _LEAST_S)
    return {
        "pitch_mean": pitch.mean(),
        "pitch_mean_sounding": np.average(pitch, weights=length),
        "pitch_spread": pitch.std(),
        "pitch_p5": np.percentile(pitch, 5),
        "pitch_p95": np.percentile(pitch, 95),
        "pitch_span": np.ptp(pitch),
        "low_notes": (pitch < 48).mean(),
        "high_notes": (pitch >= 76).mean(),
    }


def _lines(notes: Notes, chord: Int[np.ndarray, "n"]) -> dict[str, float]:
    """Of the highest and the lowest note of each chord."""
    top = np.zeros(chord[-1] + 1, int)
    np.maximum.at(top, chord, notes.pitch)
    low = np.full(chord[-1] + 1, 127)
    np.minimum.at(low, chord, notes.pitch)
    step = np.diff(top) if len(top) > 1 else np.zeros(1, int)
    is_top = notes.pitch == top[chord]
    rest = ~is_top
    louder = notes.velocity[is_top].mean() - notes.velocity[rest].mean() if rest.any() else 0.0
    return {
        "top_mean": top.mean(),
        "top_spread": top.std(),
        "top_repeats": (step == 0).mean(),
        "top_steps": ((np.abs(step) >= 1) & (np.abs(step) <= 2)).mean(),
        "top_leaps": (np.abs(step) > 7).mean(),
        "top_rises": (step > 0).mean(),
        "top_louder": louder,
        "chord_span": (top - low).mean(),
    }


def _harmony(notes: Notes) -> dict[str, float]:
    """Of the pitch classes, weighted by how long they sound, as scale degrees of the best key."""
    length = np.maximum(notes.end_s - notes.start_s, _LEAST_S)
    weights = np.bincount(notes.pitch % 12, weights=length, minlength=12)
    key = key_of(weights)
    shares = weights / weights.sum()
    degrees = np.roll(shares, -key.tonic) if key else shares
    used = shares[shares > 0]
    halves = _half(notes, length, first=True), _half(notes, length, first=False)
    return {
        "key_clarity": key.clarity if key else 0.0,
        "key_margin": key.margin if key else 0.0,
        "majorness": key.majorness if key else 0.0,
        "majorness_first_half": halves[0],
        "majorness_second_half": halves[1],
        "class_entropy": -(used * np.log2(used)).sum(),
        "classes": float(len(used)),
    } | {f"degree_{degree}": float(share) for degree, share in enumerate(degrees)}


def _half(notes: Notes, length: Float[np.ndarray, "n"], first: bool) -> float:
    middle = (notes.start_s[0] + notes.start_s[-1]) / 2
    inside = (notes.start_s <= middle) == first
    key = key_of(np.bincount(notes.pitch[inside] % 12, weights=length[inside], minlength=12))
    return key.majorness if key else 0.0


def _sonorities(notes: Notes, chord: Int[np.ndarray, "n"]) -> dict[str, float]:
    """Of what sounds together: at every chord, the pitch classes struck and still held."""
    begins = notes.start_s[_firsts(chord)]
    last = np.searchsorted(begins, notes.end_s - _CHORD_S, side="left")
    last = np.maximum(last, chord + 1)
    change = np.zeros((len(begins) + 1, 12), int)
    np.add.at(change, (chord, notes.pitch % 12), 1)
    np.add.at(change, (last, notes.pitch % 12), -1)
    held = np.cumsum(change, axis=0)[:-1] > 0
    pairs = {interval: (held & np.roll(held, -interval, axis=1)).sum() for interval in range(1, 7)}
    # Each tritone was met from both of its ends.
    pairs[6] //= 2
    total = max(sum(pairs.values()), 1)
    with_fifth = held & np.roll(held, -7, axis=1)
    major = (with_fifth & np.roll(held, -4, axis=1)).any(axis=1)
    minor = (with_fifth & np.roll(held, -3, axis=1)).any(axis=1)
    bass = np.full(len(begins), 127)
    np.minimum.at(bass, chord, notes.pitch)
    return {
        "major_triads": major.mean(),
        "minor_triads": minor.mean(),
        "consonant_pairs": sum(pairs[interval] for interval in _CONSONANCES) / total,
        "dissonant_pairs": sum(pairs[interval] for interval in _DISSONANCES) / total,
        "semitone_pairs": pairs[1] / total,
        "tritone_pairs": pairs[6] / total,
        "major_third_pairs": pairs[4] / total,
        "classes_at_once": held.sum(axis=1).mean(),
        "bass_changes": (np.diff(bass) != 0).mean() if len(bass) > 1 else 0.0,
    }


def _firsts(chord: Int[np.ndarray, "n"]) -> Int[np.ndarray, "chords"]:
    return np.flatnonzero(np.diff(chord, prepend=-1))

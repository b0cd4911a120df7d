"""Beats of performances, and their notes on a grid."""

from dataclasses import replace

import numpy as np
import pytest

from espressivo.generators.music.beats import TICKS_PER_BEAT, on_beats, track_beats
from espressivo.media.notes import Notes

TICKS_PER_S = 1000


def performed(onsets_s: np.ndarray, pitch: np.ndarray, length_s: float = 0.2) -> Notes:
    """Notes as a recording has them: a millisecond is a tick, bars mean nothing."""
    start = np.rint(onsets_s * TICKS_PER_S).astype(int)
    return Notes(
        pitch=pitch.astype(int),
        velocity=np.where(pitch < 55, 90, 60),
        start_tick=start,
        end_tick=start + int(length_s * TICKS_PER_S),
        track=np.zeros(len(start), int),
        is_drum=np.zeros(len(start), bool),
        ticks_per_quarter=TICKS_PER_S // 2,
    )


def march(beat_s: np.ndarray) -> Notes:
    """A bass note on every beat, low on the first of four, and quavers above."""
    between = (beat_s[:-1] + beat_s[1:]) / 2
    low = np.where(np.arange(len(beat_s)) % 4 == 0, 36, 50)
    rows = sorted([*zip(beat_s, low, strict=True), *((at, 72) for at in beat_s), *((at, 74) for at in between)])
    return performed(np.array([at for at, _ in rows]), np.array([pitch for _, pitch in rows]))


@pytest.mark.parametrize("bpm", [70.0, 85.0, 104.0])
def test_steady_beats_are_found(bpm: float) -> None:
    beat_s = 1.3 + np.arange(48) * 60 / bpm
    found = track_beats(march(beat_s))
    inside = found[(found > beat_s[0] - 0.1) & (found < beat_s[-1] + 0.1)]
    assert len(inside) == pytest.approx(len(beat_s), abs=1)
    assert np.abs(inside[:, None] - beat_s).min(axis=1).max() < 0.03


def test_a_slowing_tempo_is_followed() -> None:
    beat_s = np.cumsum(np.linspace(0.65, 0.8, 60))
    found = track_beats(march(beat_s))
    met = np.abs(beat_s[:, None] - found).min(axis=1) < 0.07
    assert met.mean() > 0.9


def test_beats_reach_from_the_first_to_the_last_note() -> None:
    notes = march(np.arange(20) * 0.7 + 2.0)
    beats_s = track_beats(notes)
    assert beats_s[0] <= notes.start_s.min() + 0.05
    assert beats_s[-1] >= notes.end_s.max() - 0.7
    assert (np.diff(beats_s) > 0).all()


def test_notes_lie_on_the_grid_and_sound_when_they_did() -> None:
    beat_s = np.cumsum(np.concatenate([[0.5], np.linspace(0.6, 0.85, 39)]))
    notes = march(beat_s)
    gridded = on_beats(notes, beat_s)
    assert set(np.unique(gridded.start_tick % TICKS_PER_BEAT)) <= {0, TICKS_PER_BEAT // 2, TICKS_PER_BEAT // 2 - 1}
    # The low note begins a bar.
    assert (gridded.start_tick[notes.pitch == 36] % (4 * TICKS_PER_BEAT) == 0).all()
    shift = notes.start_s[0] - gridded.start_s[0]
    assert np.abs(gridded.start_s + shift - notes.start_s).max() < 0.05  # the tempo is that of whole bars


def test_a_given_first_bar_is_kept() -> None:
    beat_s = np.arange(16) * 0.6
    gridded = on_beats(march(beat_s), beat_s, first_bar=2)
    assert gridded.start_tick[0] == 2 * TICKS_PER_BEAT  # two beats of an upbeat


@pytest.mark.parametrize("count", [1, 2])
def test_a_note_or_two_have_beats_too(count: int) -> None:
    notes = performed(np.arange(count) * 0.5, np.full(count, 60))
    beats_s = track_beats(notes)
    assert len(beats_s) >= 2
    assert len(on_beats(notes, beats_s)) == count


def test_no_notes_have_no_beats() -> None:
    notes = performed(np.zeros(1), np.array([60]))
    with pytest.raises(ValueError, match="no beats"):
        track_beats(replace(notes, **{name: getattr(notes, name)[:0] for name in ("pitch", "start_tick", "end_tick")}))

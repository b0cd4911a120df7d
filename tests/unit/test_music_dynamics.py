"""How loud an emotion is played."""

from dataclasses import replace

import numpy as np
import pytest
from jaxtyping import Float

from espressivo.generators.music.dynamics import MEZZO_FORTE, level_db, played
from espressivo.media.notes import Notes

QUADRANTS = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])


def chords(count: int = 16, velocity: int = 90) -> Notes:
    """Chords of three, a quarter each."""
    start = np.repeat(np.arange(count) * 480, 3)
    return Notes(
        pitch=np.tile([48, 55, 64], count),
        velocity=np.full(3 * count, velocity),
        start_tick=start,
        end_tick=start + 480,
        track=np.zeros(3 * count, int),
        is_drum=np.zeros(3 * count, bool),
        ticks_per_quarter=480,
    )


def at(place: Float[np.ndarray, "2"], notes: Notes) -> Float[np.ndarray, "n 2"]:
    return np.tile(place, (len(notes), 1))


def test_quadrants_are_as_loud_as_players_made_them() -> None:
    assert level_db(QUADRANTS).tolist() == [3, 4, -3, -4]
    assert level_db(np.zeros((1, 2))).tolist() == [0]
    assert level_db(0.5 * QUADRANTS[1:2])[0] == pytest.approx(0.5 * (0.25 * 3 + 0.75 * 4))


def test_what_nobody_feels_is_mezzo_forte() -> None:
    for velocity in (40, 110):
        notes = chords(velocity=velocity)
        assert played(notes, at(np.zeros(2), notes)).velocity.mean() == pytest.approx(MEZZO_FORTE, abs=1)


def test_more_of_an_emotion_is_further_from_it() -> None:
    notes = chords()
    for place, sign in zip(QUADRANTS, (1, 1, -1, -1), strict=True):
        means = [played(notes, at(share * place, notes)).velocity.mean() for share in (0, 0.3, 0.6, 1)]
        assert (sign * np.diff(means) > 0).all()


def test_the_melody_is_louder_than_what_goes_with_it() -> None:
    notes = chords()
    velocity = played(notes, at(QUADRANTS[3], notes)).velocity.reshape(-1, 3)
    assert (velocity[:, 2] > velocity[:, :2].max(axis=1) + 5).all()


def test_the_melody_stands_out_more_where_it_is_quiet() -> None:
    notes = chords()
    leads = []
    for place in QUADRANTS:
        velocity = played(notes, at(place, notes)).velocity.reshape(-1, 3)
        leads.append((velocity[:, 2] - velocity[:, 0]).mean())
    assert leads == pytest.approx([2, 2, 7, 7], abs=0.5)


def test_phrases_swell_towards_their_middle() -> None:
    notes = chords(32)
    velocity = played(notes, at(np.zeros(2), notes)).velocity.reshape(2, 4, 12).mean(axis=2)
    assert (velocity[:, 1:3].min(axis=1) > velocity[:, [0, 3]].max(axis=1) + 3).all()


def test_what_is_written_louder_is_played_louder() -> None:
    notes = chords()
    accents = np.repeat(np.arange(len(notes) // 3) % 2, 3)
    plain, accented = (
        played(replace(notes, velocity=60 + louder * accents), at(QUADRANTS[0], notes)).velocity.astype(int)
        for louder in (0, 8)
    )
    moved = (accented - plain)[accents == 1].mean() - (accented - plain)[accents == 0].mean()
    assert 8 <= moved <= 17


def test_limits_hold_and_leave_room() -> None:
    notes = chords()
    velocity = played(notes, at(QUADRANTS[2], notes), velocity=(60, 90)).velocity
    assert 60 <= velocity.min() < velocity.max() <= 90


def test_without_strength_nothing_changes() -> None:
    notes = chords()
    assert (played(notes, at(QUADRANTS[1], notes), strength=0.0).velocity == notes.velocity).all()


def test_only_new_notes_are_played() -> None:
    notes = chords()
    new = np.arange(len(notes)) >= 24
    velocity = played(notes, at(QUADRANTS[2], notes), neutral=90, new=new).velocity
    assert (velocity[~new] == 90).all()
    assert velocity[new].mean() == pytest.approx(90 * 10 ** (-3 / 40), abs=1)

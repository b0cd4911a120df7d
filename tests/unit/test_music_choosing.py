"""Which draft of a phrase is kept, with the real reader of music."""

from dataclasses import replace

import numpy as np

from espressivo.generators.music.choosing import Draft, nearest
from espressivo.generators.music.moods import Mood
from espressivo.media.notes import Notes, Tempo

GLAD, SAD = Mood.quadrant("Q1"), Mood.quadrant("Q3")
GRID = 12


def phrase(mood: Mood, step: int, chord: tuple[int, ...], velocity: int) -> Draft:
    """Four bars in which a chord is broken, a note every `step` twelfths of a quarter."""
    start = np.arange(0, 16 * GRID, step)
    notes = Notes(
        pitch=np.array(chord)[np.arange(len(start)) % len(chord)],
        velocity=np.full(len(start), velocity) + np.arange(len(start)) % 3,
        start_tick=start,
        end_tick=start + step,
        track=np.zeros(len(start), int),
        is_drum=np.zeros(len(start), bool),
        ticks_per_quarter=GRID,
        tempi=(Tempo(0, 120.0),),
    )
    return Draft(notes, [(mood, 2.0)] * 4)


def drafts(mood: Mood) -> tuple[Draft, Draft, Draft]:
    """Slow, soft and in minor; fast, loud and in major; the same, louder."""
    major, minor = (72, 76, 79, 84), (57, 60, 64, 57)
    return phrase(mood, 24, minor, 30), phrase(mood, 3, major, 105), phrase(mood, 3, major, 120)


def test_the_nearest_to_the_mood_is_kept() -> None:
    slow, fast, _ = drafts(GLAD)
    assert nearest([slow, fast]) == 1
    slow, fast, _ = drafts(SAD)
    assert nearest([fast, slow]) == 1


def test_of_those_that_are_near_the_first_is_kept() -> None:
    _, fast, louder = drafts(GLAD)
    assert nearest([fast, louder]) == nearest([louder, fast]) == 0


def test_more_than_half_of_a_mood_is_not_wrong() -> None:
    slow, fast, _ = drafts(replace(GLAD, intensity=0.5))
    assert nearest([fast, slow]) == 0
    assert nearest([slow, fast]) == 1


def test_what_has_no_notes_is_worst() -> None:
    slow, fast, _ = drafts(SAD)
    silent = slow._replace(notes=slow.notes.where(slow.notes.pitch < 0))
    assert nearest([silent, fast]) == 1


def test_where_nothing_is_asked_the_first_is_kept() -> None:
    slow, fast, _ = drafts(replace(GLAD, intensity=0.0))
    assert nearest([slow, fast]) == nearest([fast, slow]) == 0


def test_bars_count_by_how_long_they_are() -> None:
    slow, fast, _ = drafts(GLAD)
    turning = [draft._replace(bars=[(SAD, 1.0), (GLAD, 7.0)]) for draft in (slow, fast)]
    assert nearest(turning) == 1
    turning = [draft._replace(bars=[(SAD, 7.0), (GLAD, 1.0)]) for draft in (slow, fast)]
    assert nearest(turning) == 0

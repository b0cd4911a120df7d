"""How dense music is led to be."""

import numpy as np
import pytest

from espressivo.generators.music.emogen.grammar import State
from espressivo.generators.music.emogen.texture import NOTHING, USUAL, Textures, lean_of, missed_after
from espressivo.generators.music.emogen.tokens import piano
from espressivo.generators.music.moods import Mood

IDS = piano().ids
QUADRANTS = [Mood.quadrant(name) for name in ("Q1", "Q2", "Q3", "Q4")]
AFTER_A_NOTE = State("v", length=48, place=12)


def bar(strokes: int, notes: int) -> list[int]:
    """Tokens of a bar with so many strokes of so many notes."""
    head = [IDS["s-7"], IDS["t-27"]]
    stroke = [IDS["i-0"], *([IDS["p-60"], IDS["d-6"], IDS["v-16"]] * notes)]
    return [*head, *(token for place in range(strokes) for token in [IDS[f"o-{place}"], *stroke]), IDS["b-1"]]


def test_strokes_and_notes_are_counted() -> None:
    assert np.exp(Textures(piano()).count(bar(6, 2), 3.0)).tolist() == pytest.approx([2.0, 2.0])


def test_a_silent_bar_is_sparse_and_no_error() -> None:
    sparse, dense = (Textures(piano()).count(bar(strokes, 1), 2.0) for strokes in (0, 4))
    assert np.isfinite(sparse).all()
    assert sparse[0] < dense[0]


def test_loud_quadrants_are_denser_than_quiet_ones() -> None:
    leans = np.array([lean_of(mood, NOTHING) for mood in QUADRANTS])
    assert leans[:2].min() > 0 > leans[2:].max()


def test_a_faint_emotion_starts_from_what_the_model_writes_itself() -> None:
    sparse = USUAL + np.log([0.8, 1.0])
    for intensity in (0.1, 0.5):
        leans = [lean_of(Mood(0.7, -1.0, intensity), NOTHING, own)[0] for own in (USUAL, sparse)]
        assert max(leans) < 0, "calm is sparser than the model alone, whatever that is"
    mood, counted = Mood(0.7, -1.0, 1.0), np.log([4.0, 2.0])
    assert missed_after(NOTHING, mood, counted, sparse) == pytest.approx(missed_after(NOTHING, mood, counted))


def test_nothing_is_led_without_an_emotion() -> None:
    missed = np.array([1.0, -1.0])
    assert not lean_of(Mood(1.0, 1.0, 0.0), missed).any()
    assert Textures(piano()).of(NOTHING, AFTER_A_NOTE) is None


def test_what_is_missed_is_made_up_for_until_it_is_there() -> None:
    mood, missed = QUADRANTS[3], NOTHING
    for _ in range(3):
        before, missed = missed, missed_after(missed, mood, np.log([6.0, 3.0]))
        assert (missed < before).all(), "too dense: less is asked for"
    assert missed_after(missed, mood, np.log([2.7, 1.6])) == pytest.approx(missed)


def test_denser_is_sooner_and_fuller() -> None:
    textures = Textures(piano())
    added = textures.of(np.array([1.0, 0.5]), AFTER_A_NOTE)
    assert added is not None
    at = [added[IDS[f"o-{place}"]] for place in (13, 15, 18, 24, 36)]
    assert np.all(np.diff(at[:4]) < 0)
    assert at[3] == at[4] == added[IDS["b-1"]], "gaps beyond a quarter are alike"
    assert added[IDS["p-60"]] == 0.5
    assert added[IDS["d-3"]] == added[IDS["v-3"]] == 0


def test_only_where_density_is_decided() -> None:
    textures = Textures(piano())
    for letter in "sopid":
        assert textures.of(np.ones(2), State(letter, length=48, place=12)) is None

"""What MusER's pieces are held to while they are written: habits of real music, a key, the rhythm of the bar before."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from espressivo.generators.music.moods import Mood
from espressivo.generators.music.muser.count_habits import habits_of
from espressivo.generators.music.muser.dictionary import reconstructed
from espressivo.generators.music.muser.grammar import Grammar
from espressivo.generators.music.muser.habits import OF_QUADRANTS, SPREAD, USUAL, drawn, wanted
from espressivo.generators.music.muser.manners import CODES
from espressivo.generators.music.muser.meanings import BAR, END, NOTE, POSITION, CodePlace
from espressivo.generators.music.muser.steering import Course, Steering, without_steered
from espressivo.generators.music.muser.tokens import spell, tokenise
from espressivo.media.notes import Notes, Tempo

LIKE_OTHERS = np.zeros(5)
KINDS = np.array([END, BAR, POSITION, NOTE, NOTE, NOTE])
PITCHES = np.array([0.0, 0.0, 0.0, 40.0, 60.0, 80.0])
BAR_S = 3.0


def steering(course: Course, own: np.ndarray | None = LIKE_OTHERS, strictness: float = 0.0) -> Steering:
    scale = frozenset({0, 2, 4, 5, 7, 9, 11})
    return Steering(reconstructed(), course, own, lambda _: scale, strictness, PITCHES)


@pytest.mark.parametrize("number", range(4))
def test_moods_have_the_habits_of_their_quadrants(number: int) -> None:
    mood = Mood.quadrant(f"Q{number + 1}")
    habits = np.array(wanted(mood, LIKE_OTHERS))
    assert np.allclose(habits[:3], np.exp(OF_QUADRANTS[number, :3]))
    assert np.allclose(habits[3:], OF_QUADRANTS[number, 3:])
    assert np.allclose(wanted(replace(mood, intensity=0.0), LIKE_OTHERS), USUAL)
    higher = np.array(wanted(mood, np.array([0, 0, 0, 1.0, 0])))
    assert np.allclose(higher - habits, [0, 0, 0, SPREAD[3], 0])


def test_pieces_differ_less_than_real_ones_and_around_the_same_middle() -> None:
    own = np.array([drawn(np.random.default_rng(seed)) for seed in range(400)])
    assert np.abs(own.mean(axis=0)).max() < 0.1
    assert np.allclose(own.std(axis=0), 0.5, atol=0.06)


def test_a_bar_ends_the_rather_the_fuller_it_is() -> None:
    mood = Mood.quadrant("Q2")
    few, many = (steering(Course()).of_codes(mood, BAR_S, CodePlace(NOTE, number, 1), KINDS) for number in (3, 15))
    assert isinstance(few, np.ndarray)
    assert isinstance(many, np.ndarray)
    assert few[1] < 0 < few[2]
    assert many[2] < 0 < many[1]
    # Quiet music has fewer places in a bar, and bars that were too long of late make the next one shorter.
    quiet = steering(Course()).of_codes(Mood.quadrant("Q4"), BAR_S, CodePlace(NOTE, 9, 1), KINDS)
    lively = steering(Course()).of_codes(mood, BAR_S, CodePlace(NOTE, 9, 1), KINDS)
    long = steering(Course(missed=2.0)).of_codes(mood, BAR_S, CodePlace(NOTE, 9, 1), KINDS)
    assert np.asarray(quiet)[1] > np.asarray(lively)[1]
    assert np.asarray(long)[1] > np.asarray(lively)[1]


def test_chords_are_as_full_as_they_should_be_and_written_downwards() -> None:
    place, mood = CodePlace(POSITION, 1), Mood.quadrant("Q1")
    thin, thick = (np.asarray(steering(Course(notes_per_onset=n)).of_codes(mood, BAR_S, place, KINDS)) for n in (1, 5))
    assert thin[4] > thick[4]
    chord = steering(Course())
    chord.pass_code(mood, BAR_S, place, 4, NOTE)
    alone, added = (np.asarray(chord.of_codes(mood, BAR_S, at, KINDS)) for at in (place, CodePlace(NOTE, 1, 1)))
    below, same, above = (alone - added)[3:]
    assert 0 == below < same < above


@pytest.mark.parametrize(("name", "field"), [("pitch", "pitch"), ("velocity", "velocity"), ("duration", "steps")])
def test_what_strays_is_pulled_back(name: str, field: str) -> None:
    """Of two pieces that were too low or too high (soft or loud, short or long) the first is pulled upwards more."""
    numbers = reconstructed().numbers(name)
    known = np.flatnonzero(numbers > 0)
    low, high = known[numbers[known].argmin()], known[numbers[known].argmax()]
    rises = []
    for value in (1.0, 100.0):
        piece = steering(replace(Course(), **{field: value}))
        piece.expect(np.array([BAR, POSITION, NOTE, NOTE]))
        pull = np.asarray(piece.of_element(name, Mood.quadrant("Q1")))
        rises.append(pull[high] - pull[low])
    assert rises[0] > rises[1]


def test_a_model_that_is_left_to_its_habits_is_held_to_the_key_alone() -> None:
    free = steering(Course(pitch=20.0), own=None, strictness=0.5)
    assert free.of_codes(Mood(), BAR_S, CodePlace(NOTE, 9, 1), KINDS) == 0.0
    assert free.of_element("velocity", Mood()) == 0.0
    added, pitch = np.asarray(free.of_element("pitch", Mood())), reconstructed().numbers("pitch")
    inside = np.isin(pitch % 12, [0, 2, 4, 5, 7, 9, 11])
    assert set(added[inside]) == {0.0}
    assert set(added[~inside]) == {-6.0}


def test_places_of_the_bar_before_return() -> None:
    grammar, piece = Grammar(reconstructed()), steering(Course())
    words = [grammar.word(type="Metrical", bar_beat=place) for place in ("Bar", "Beat_0", "Beat_6", "Bar")]
    for word in words:
        piece.pass_word(word)
    added = np.asarray(piece.of_element("bar-beat", Mood()))
    numbers = reconstructed().numbers("bar-beat")
    assert set(numbers[added > 0]) == {0, 6}


def test_notes_that_are_written_are_counted() -> None:
    course = Course()
    grammar, piece = Grammar(reconstructed()), steering(course)
    note = grammar.word(type="Note", pitch="Note_Pitch_96", duration="Note_Duration_1920", velocity="Note_Velocity_100")
    piece.pass_word(note, is_new=False)
    assert course == Course()
    piece.pass_word(note)
    assert course.pitch > Course().pitch
    assert course.steps > Course().steps
    assert course.velocity > Course().velocity


def test_leans_of_what_habits_hold_are_left_out() -> None:
    dictionary = reconstructed()
    pitch = dictionary.numbers("pitch")
    low_thirds = torch.from_numpy((pitch % 12 == 3) - 0.02 * pitch)[None].expand(4, -1)
    kept = without_steered(
        {"pitch": low_thirds, "velocity": low_thirds, CODES: low_thirds, "chord": low_thirds}, dictionary
    )
    assert set(kept) == {"pitch", "chord"}
    of_pitch = kept["pitch"][0].numpy()
    assert all(np.ptp(of_pitch[pitch % 12 == each]) < 1e-9 for each in range(12))
    assert of_pitch[pitch % 12 == 3].min() > of_pitch[pitch % 12 != 3].max() + 0.5


def test_habits_are_counted_as_they_are_named() -> None:
    start = np.repeat(np.arange(16) * 480, 2)
    notes = Notes(
        pitch=np.tile([60, 64], 16),
        velocity=np.full(32, 80),
        start_tick=start,
        end_tick=start + 480,
        track=np.zeros(32, int),
        is_drum=np.zeros(32, bool),
        ticks_per_quarter=480,
        tempi=(Tempo(0, 120.0),),
    )
    found = habits_of(spell(tokenise(notes, 1)).notes)
    # A quarter lasts half a second; two notes begin with each, and sound until the next.
    assert found == pytest.approx([2.0, 2.0, 2.0, 62.0, 80.0], rel=0.03)

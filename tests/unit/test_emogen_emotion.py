"""From emotions to commands: quadrants are exact, between them what is unsure is left open."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.errors import InputError
from espressivo.generators.music.attributes.attributes import table
from espressivo.generators.music.emogen.emotion import command_of, telling
from espressivo.generators.music.emogen.network import UNSET
from espressivo.generators.music.keys import SCALES, Key, key_of_weights
from espressivo.generators.music.moods import Mood, along, by_bars

unit = st.floats(-1, 1)


@pytest.mark.parametrize("number", range(4))
def test_a_quadrant_is_its_published_command_but_for_what_all_four_share(number: int) -> None:
    command = command_of(Mood.quadrant(f"Q{number + 1}"))
    told = command != UNSET
    assert told.sum() == 84
    assert (command[told] == table().commands[number][told]).all()


def test_only_what_goes_with_a_sign_is_telling() -> None:
    published = table().commands
    commands = telling(published)
    told = (commands != 0.5).any(axis=0)
    assert 15 <= told.sum() <= 30
    assert (commands[:, told] == published[:, told]).all()
    # Arousal's bits are those of both loud quadrants and the opposite in both quiet ones; valence's likewise.
    by_arousal = (commands[0] == commands[1]) & (commands[2] == commands[3]) & (commands[0] != commands[2])
    by_valence = (commands[0] == commands[3]) & (commands[1] == commands[2]) & (commands[0] != commands[1])
    assert (told == (by_arousal | by_valence)).all()
    names = np.array(table().names)[told].tolist()
    assert "Note Density per Quarter Note" in names
    assert not {"Mean Pitch", "Importance of High Register", "Variation of Dynamics"} & set(names)


def test_at_the_origin_nothing_is_told() -> None:
    command = command_of(Mood(0, 0))
    told = command != UNSET
    assert not told[np.abs(table().commands.sum(axis=0) - 2) == 0].any(), "two against two"
    # Three against one is a majority everywhere.
    assert (command[told] == (table().commands[:, told].sum(axis=0) > 2)).all()


def test_between_two_quadrants_only_what_they_agree_on_is_told_for_sure() -> None:
    command = command_of(Mood(1, 0))  # Q1 and Q4
    first, fourth = table().commands[[0, 3]]
    assert (command[first != fourth] == UNSET).all()
    agreed = (first == fourth) & (np.ptp(table().commands, axis=0) > 0)
    assert (command[agreed] == first[agreed]).all()


@given(unit, unit)
def test_bits_are_bits_and_opposite_moods_never_agree_more_than_neighbours(valence: float, arousal: float) -> None:
    command = command_of(Mood(valence, arousal))
    assert set(command.tolist()) <= {UNSET, 0, 1}


def test_emotions_are_moods_of_their_quadrant_and_strength() -> None:
    for word, signs in (("happiness", (1, 1)), ("anger", (-1, 1)), ("sadness", (-1, -1)), ("calm", (1, -1))):
        mood = Mood.of(EmotionState.of(word, 1.0))
        assert (np.sign(mood.valence), np.sign(mood.arousal)) == signs
        assert max(abs(mood.valence), abs(mood.arousal)) == 1.0
        half = Mood.of(EmotionState.of(word, 0.4))
        assert (half.valence, half.arousal) == pytest.approx((mood.valence, mood.arousal))
        assert half.intensity < mood.intensity
    assert Mood.of(EmotionState.neutral()).intensity == 0


def test_curves_hold_and_follow() -> None:
    low, high = Mood(-1, -1), Mood(1, 1)
    steps = by_bars({8: high, 0: low})
    assert [steps(bar, 99.0) for bar in (0, 7, 8, 50)] == [low, low, high, high]
    late = by_bars({4: high})
    assert late(0, 0.0) == high
    track = EmotionTrack((Keyframe(0.0, EmotionState.of("sadness")), Keyframe(10.0, EmotionState.of("happiness"))))
    curve = along(track)
    assert curve(0, 0.0).valence == -1
    assert curve(0, 10.0).valence == 1
    with pytest.raises(InputError):
        by_bars({})


@pytest.mark.parametrize("values", [(2.0, 0.0, 1.0), (0.0, float("nan"), 1.0), (0.0, 0.0, -0.1)])
def test_moods_out_of_range_are_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="-1 to 1"):
        Mood(*values)
    with pytest.raises(InputError, match="Q1"):
        Mood.quadrant("Q5")


@pytest.mark.parametrize(
    ("name", "tonic", "mode"),
    [("C", 0, "major"), ("F# minor", 6, "minor"), ("Bbm", 10, "minor"), ("d dorian", 2, "dorian")],
)
def test_keys_are_read(name: str, tonic: int, mode: str) -> None:
    assert (Key.of(name).tonic, Key.of(name).mode) == (tonic, mode)


@pytest.mark.parametrize("name", ["", "H", "C major minor", "Cdim"])
def test_what_is_no_key_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="no key"):
        Key.of(name)


def test_keys_are_found_in_their_scales() -> None:
    for tonic in range(12):
        for mode, weights in (
            ("major", (4, 0, 2, 0, 3, 2, 0, 4, 0, 2, 0, 1)),
            ("minor", (4, 0, 2, 3, 0, 2, 0, 4, 2, 0, 1, 1)),
        ):
            found = key_of_weights(np.roll(weights, tonic).astype(float))
            assert (found.tonic, found.mode) == (tonic, mode)
    assert {len(scale) for scale in SCALES.values()} <= {7, 8}
    assert Key.of("A minor").tonic_chord == {9, 0, 4}

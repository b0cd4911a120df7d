"""Emotions as Gaussians: a little different each time, related where they are mixed, nobody's in particular."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.bank.embedding import default_embedding
from espressivo.conditioning.notation import format_emotion, parse_emotion
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.generators.portrait.dicetalk.conditioning import MILDER, Variant
from espressivo.generators.portrait.dicetalk.kinship import BORROWED, LEANING, borrowed, leaning, relatives
from espressivo.generators.portrait.dicetalk.measure import figures_of

EMOTIONS = CATEGORIES[1:]


def variant(seed: int = 0, variety: float = 1.0, kinship: float = 1.0) -> Variant:
    return Variant(default_embedding(), seed, variety, kinship)


def test_relatives_are_what_correlates_and_neutral_is_nobodys():
    near = relatives(np.array([[1, 0.9, 0.9], [0.9, 1, 0.4], [0.9, -0.3, 1]]))
    assert np.array_equal(near, [[0, 0, 0], [0, 0, 0.4], [0, 0, 0]])


NEAR = np.zeros((5, 5))
NEAR[1, 3], NEAR[2, 3], NEAR[1, 4] = 0.5, 0.8, 0.9  # 3 is related to 1 and 2, 4 to 1 alone


def test_an_even_pair_borrows_what_both_are_near_to():
    shares = np.array([0, 0.5, 0.5, 0, 0])
    assert borrowed(shares, NEAR) == pytest.approx([0, 0, 0, 0.5, 0])  # 4 x .5 x .5 x min(.5, .8)


def test_an_uneven_pair_borrows_less_and_one_emotion_nothing():
    assert borrowed(np.array([0, 0.9, 0.1, 0, 0]), NEAR)[3] == pytest.approx(4 * 0.9 * 0.1 * 0.5)
    assert not borrowed(np.array([0, 1.0, 0, 0, 0]), NEAR).any()


def test_what_is_in_the_mix_already_borrows_nothing():
    assert not borrowed(np.array([0, 0.4, 0.4, 0.2, 0]), NEAR).any()


def test_a_variant_leans_to_relatives_that_it_lies_nearer_to():
    shares = np.array([0, 1.0, 0, 0, 0])
    gained = leaning(shares, NEAR, np.array([9, 0, 9, 1.0, -1.0]))
    assert gained == pytest.approx([0, 0, 0, 0.5 * np.tanh(1.0), 0])
    assert not leaning(shares, NEAR, np.zeros(5)).any()


@pytest.mark.parametrize("text", ["neutral", "anger:0", "@0 neutral @2 neutral"])
def test_no_emotion_stays_exactly_none(text: str):
    assert variant(7).track(parse_emotion(text)) == parse_emotion(text)


@pytest.mark.parametrize("name", EMOTIONS)
def test_without_variety_a_single_emotion_is_its_mean(name: str):
    state = EmotionState({name: 1.0}, 0.7)
    made = variant(3, variety=0.0).state(state)
    assert np.allclose(made.strengths(), state.strengths())
    assert np.allclose(made.vad, state.vad)


def test_compounds_borrow_from_their_relatives_at_the_same_strength():
    made = variant(variety=0.0).state(parse_emotion("anger:0.5+disgust:0.5").keyframes[0].state)
    assert made.intensity == pytest.approx(1.0)
    assert set(made.weights) == {"anger", "disgust", "fear", "contempt"}
    assert max(made.weights, key=lambda name: made.weights[name]) in ("anger", "disgust")
    assert variant(variety=0.0, kinship=0.0).state(made).weights == pytest.approx(made.weights)


@pytest.mark.parametrize("name", EMOTIONS)
def test_another_seed_is_another_variant_of_the_same_emotion(name: str):
    states = [variant(seed).state(EmotionState({name: 1.0})) for seed in range(8)]
    assert len({format_emotion(parse_emotion(name)), *map(str, states)}) == 9
    for state in states:
        assert max(state.weights, key=lambda one: state.weights[one]) == name
        assert state.intensity >= 1 - MILDER
    assert variant(5).state(EmotionState({name: 1.0})) == states[5]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(EMOTIONS), st.integers(0, 2**32 - 1), st.floats(0.02, 1))
def test_any_variant_is_a_legal_state_no_stronger_than_asked(name: str, seed: int, intensity: float):
    made = variant(seed, variety=2.0).state(EmotionState({name: 1.0}, intensity))
    assert made.intensity <= intensity + 1e-9
    assert made.intensity >= (1 - MILDER) * intensity - 1e-9
    assert made.weights[name] >= 1 / (1 + 9 * (BORROWED + LEANING))


def test_more_intensity_is_more_in_every_variant():
    for seed in range(5):
        strengths = [
            variant(seed).state(EmotionState({"sadness": 1.0}, level)).intensity for level in (0, 0.25, 0.5, 0.75, 1)
        ]
        assert np.all(np.diff(strengths) > 0)


def test_a_track_keeps_its_times_and_eases():
    asked = parse_emotion("@0 neutral @1.5~smooth anger:0.9 @4~step sadness~soft")
    made = variant(2).track(asked)
    assert [(k.t_s, k.ease, k.state.style) for k in made.keyframes] == [
        (k.t_s, k.ease, k.state.style) for k in asked.keyframes
    ]
    assert made.keyframes[0] == asked.keyframes[0]


def test_variants_of_one_emotion_differ_less_than_emotions():
    def place(name: str, seed: int) -> np.ndarray:
        return variant(seed).state(EmotionState({name: 1.0})).strengths()

    places = {name: np.stack([place(name, seed) for seed in range(24)]) for name in EMOTIONS}
    centres = {name: rows.mean(axis=0) for name, rows in places.items()}
    spread = max(float(np.linalg.norm(rows - centres[name], axis=1).max()) for name, rows in places.items())
    apart = min(float(np.linalg.norm(centres[a] - centres[b])) for a in EMOTIONS for b in EMOTIONS if a != b)
    assert 0.02 < spread < apart / 2


def test_spread_and_distance_of_known_places():
    one, other = np.zeros((2, 52)), np.zeros((2, 52))
    one[:, 0] = [1.0, -1.0]
    other[:, 1] = [4.0, 6.0]
    figures = figures_of({"joy": one, "grief": other})
    assert figures["joy"] == {"within": 1.0, "apart": 5.0, "own": 1.0}
    assert figures["grief"]["within"] == 1.0
    assert figures_of({"joy": one * 9, "grief": other})["joy"]["own"] == 0.0

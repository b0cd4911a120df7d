import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.conditioning.state import EmotionState, layer, mix
from espressivo.conditioning.vad import barycentric, decode_vad, posterior
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS, PROTOTYPES, SPREADS
from espressivo.errors import EmotionError

AXIS = st.floats(-1, 1)


def test_vad_is_intensity_times_the_mean_of_the_prototypes():
    state = EmotionState({"anger": 0.5, "sadness": 0.5}, 0.4)
    assert state.vad == pytest.approx(0.4 * 0.5 * np.array((-1.14, 0.32, -0.08)))
    assert EmotionState({"anger": 1.0}, vad_override=(0.1, 0.2, 0.3)).vad == (0.1, 0.2, 0.3)


def test_strengths_are_weight_times_intensity():
    strengths = EmotionState({"fear": 0.75, "calm": 0.25}, 0.8).strengths()
    assert strengths[CATEGORIES.index("fear")] == pytest.approx(0.6)
    assert strengths[CATEGORIES.index("calm")] == pytest.approx(0.2)
    assert np.count_nonzero(strengths) == 2


@pytest.mark.parametrize(
    "state", [EmotionState({category: 1.0}, zero) for category in CATEGORIES for zero in (0.0, -0.0)]
)
def test_intensity_0_is_neutral_to_the_bit(state):
    neutral = EmotionState.neutral()
    assert state.strengths().tobytes() == neutral.strengths().tobytes() == np.zeros(10).tobytes()
    assert np.array(state.vad).tobytes() == np.array(neutral.vad).tobytes()


def test_what_weights_leave_to_neutral_is_taken_out_of_the_intensity():
    assert EmotionState({"happiness": 0.5, "neutral": 0.5}) == EmotionState({"happiness": 1.0}, 0.5)
    assert EmotionState({"happiness": 0.5}) == EmotionState({"happiness": 1.0}, 0.5)
    assert EmotionState({"neutral": 1.0}, 1.0) == EmotionState.neutral() == EmotionState()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": {"glee": 1.0}}, "'glee' is none of neutral"),
        ({"weights": {"anger": -0.1}}, "weight of anger is -0.1"),
        ({"weights": {"anger": 0.7, "fear": 0.7}}, "sum to 1.4"),
        ({"weights": {"anger": float("nan")}}, "weight of anger is nan"),
        ({"intensity": 1.01}, "intensity is 1.01"),
        ({"intensity": float("nan")}, "intensity is nan"),
        ({"intensity": "strong"}, "must be a number"),
        ({"vad_override": (0.0, 0.0)}, "VAD has 2 values"),
        ({"vad_override": (0.0, -1.5, 0.0)}, "arousal is -1.5"),
        ({"style": "a b"}, "Style 'a b'"),
    ],
)
def test_impossible_states_are_refused(arguments, message):
    with pytest.raises(EmotionError, match=message):
        EmotionState(**arguments)


def test_states_are_immutable_values():
    state = EmotionState({"anger": 1.0}, 0.5, (0.1, 0.2, 0.3), "cold")
    with pytest.raises(TypeError):
        state.weights["fear"] = 1.0  # pyright: ignore[reportIndexIssue]
    with pytest.raises(AttributeError):
        state.intensity = 1.0  # pyright: ignore[reportAttributeAccessIssue]
    assert pickle.loads(pickle.dumps(state)) == copy.deepcopy(state) == state
    assert len({state, copy.deepcopy(state)}) == 1


def test_joy_and_sadness_stay_side_by_side():
    blend = mix([(EmotionState.of("happiness"), 0.5), (EmotionState.of("sadness"), 0.5)])
    assert dict(blend.weights) == {"happiness": 0.5, "sadness": 0.5}
    assert blend.intensity == 1
    assert np.linalg.norm(blend.vad) < 0.2  # the VAD cancels, the blend does not


def test_a_mix_lies_between_its_parts():
    anger, calm = EmotionState.of("anger", 0.9), EmotionState.of("calm", 0.3)
    blend = mix([(anger, 0.25), (calm, 0.75)])
    assert blend.strengths() == pytest.approx(0.25 * anger.strengths() + 0.75 * calm.strengths())
    assert blend.vad == pytest.approx(0.25 * np.array(anger.vad) + 0.75 * np.array(calm.vad))


def test_layers_keep_their_strength_until_they_exceed_1():
    assert layer([EmotionState.of("anger", 0.6), EmotionState.of("fear", 0.3)]).strengths().sum() == pytest.approx(0.9)
    full = layer([EmotionState.of("anger"), EmotionState.of("fear")])
    assert dict(full.weights) == {"anger": 0.5, "fear": 0.5}
    assert full.intensity == 1


@pytest.mark.parametrize("parts", [[], [(EmotionState(), -0.1)], [(EmotionState(), float("nan"))]])
def test_impossible_mixes_are_refused(parts):
    with pytest.raises(EmotionError):
        mix(parts)


def test_intensity_scales_a_given_place_along():
    state = EmotionState.of("terrified").with_intensity(0.5)
    assert state.vad == pytest.approx(0.5 * np.array(PROTOTYPES["terror"].vad))
    assert EmotionState.of("terrified", 0.0).vad == (0, 0, 0)


def test_posterior_at_own_prototype():
    # Reference values: 8 categories, spread .28 (neutral .2), flat prior.
    names = ("neutral", "joy", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
    means = np.array([PROTOTYPES[name].vad for name in names])
    spreads = np.full((8, 3), 0.28)
    spreads[0] = 0.2
    own = np.diag(posterior(means, means, spreads))
    expected = {
        "joy": 0.93,
        "sadness": 0.95,
        "surprise": 0.92,
        "fear": 0.86,
        "disgust": 0.48,
        "anger": 0.55,
        "contempt": 0.63,
    }
    assert {
        name: round(value, 2) for name, value in zip(names, own.tolist(), strict=True) if name in expected
    } == expected


def test_posterior_with_low_temperature_is_the_nearest_prototype():
    own = posterior(MEANS, MEANS, np.full_like(SPREADS, 0.28), temperature=1e-3)
    assert np.allclose(own, np.eye(len(CATEGORIES)), atol=1e-6)


@pytest.mark.parametrize("decoder", ["soft", "argmax", "barycentric"])
def test_the_origin_decodes_to_nothing(decoder):
    assert not decode_vad(np.zeros(3), decoder).any()
    assert EmotionState.from_vad((0.0, 0.0, 0.0), decoder) == EmotionState(vad_override=(0.0, 0.0, 0.0))


@given(st.tuples(AXIS, AXIS, AXIS), st.sampled_from(["soft", "argmax", "barycentric"]))
def test_any_point_decodes_to_a_state_at_that_point(vad, decoder):
    state = EmotionState.from_vad(vad, decoder)
    assert state.vad == vad
    assert state.strengths()[0] == 0
    assert 0 <= state.strengths().sum() <= 1 + 1e-9


@pytest.mark.parametrize("category", CATEGORIES[1:])
def test_argmax_and_barycentric_give_a_prototype_its_own_category(category):
    vad = MEANS[CATEGORIES.index(category)]
    for decoder in ("argmax", "barycentric"):
        assert decode_vad(vad, decoder)[CATEGORIES.index(category)] == pytest.approx(1, abs=1e-5)


@given(st.lists(st.floats(0, 1), min_size=10, max_size=10).filter(lambda shares: sum(shares) > 0.1))
def test_barycentric_reproduces_points_between_prototypes(shares):
    vad = np.array(shares) / sum(shares) @ MEANS
    strengths, residual = barycentric(vad)
    assert residual < 1e-4
    assert strengths @ MEANS == pytest.approx(vad, abs=1e-4)


def test_barycentric_reports_what_it_cannot_reach():
    assert barycentric(np.array((-1.0, -1.0, 1.0)))[1] > 0.5


def test_a_bad_point_is_refused():
    with pytest.raises(EmotionError, match="valence is 2"):
        EmotionState.from_vad((2.0, 0.0, 0.0))

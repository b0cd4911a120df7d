import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from espressivo.conditioning.easing import EASES, Ease, interpolate, pchip_slopes
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import EmotionError

ANGER = CATEGORIES.index("anger")
JOY = CATEGORIES.index("happiness")

STATES = st.builds(
    EmotionState.from_strengths,
    st.dictionaries(st.sampled_from(CATEGORIES), st.floats(0, 1), max_size=4),
    st.none() | st.tuples(*[st.floats(-1, 1)] * 3),
)
TRACKS = st.builds(
    EmotionTrack,
    st.lists(st.builds(Keyframe, st.floats(0, 20), STATES, st.sampled_from(EASES)), min_size=1, max_size=7).map(tuple),
)
TIMES = st.lists(st.floats(-1, 25), min_size=1, max_size=60).map(np.array)


def ramp(ease: Ease = "linear", intensity=1.0):
    return EmotionTrack((Keyframe(1, EmotionState(), ease), Keyframe(3, EmotionState.of("anger", intensity))))


@pytest.mark.parametrize(
    ("ease", "at_a_quarter"), [("step", 0.0), ("linear", 0.25), ("smooth", 0.15625), ("pchip", 0.25)]
)
def test_eases(ease, at_a_quarter):
    strengths = ramp(ease).sample(np.array([0.0, 1.0, 1.5, 3.0, 9.0])).strengths
    assert strengths[:, ANGER] == pytest.approx([0, 0, at_a_quarter, 1, 1])
    assert not np.delete(strengths, ANGER, axis=1).any()


def test_vad_follows_the_strengths():
    assert ramp().sample(np.array([2.0])).vad[0] == pytest.approx(0.5 * np.array((-0.51, 0.59, 0.25)))


def test_keyframes_are_sorted_and_the_later_of_two_at_one_time_wins():
    sad, glad = EmotionState.of("sadness"), EmotionState.of("happiness")
    track = EmotionTrack((Keyframe(2, sad), Keyframe(0, EmotionState()), Keyframe(2, glad)))
    assert [(keyframe.t_s, keyframe.state) for keyframe in track.keyframes] == [(0, EmotionState()), (2, glad)]


@pytest.mark.parametrize("category", CATEGORIES)
def test_intensity_0_samples_to_the_same_bits_as_neutral(category):
    neutral = EmotionTrack.constant(EmotionState.neutral()).sample_fps(30, 2)
    silent = EmotionTrack(
        tuple(Keyframe(t, EmotionState({category: 1.0}, 0.0), e) for t, e in enumerate(EASES))
    ).sample_fps(30, 2)
    assert silent.strengths.tobytes() == neutral.strengths.tobytes()
    assert silent.vad.tobytes() == neutral.vad.tobytes()


def test_frames_are_sampled_at_their_left_edges():
    curves = ramp().sample_fps(25, 0.3)
    assert curves.times_s == pytest.approx(np.arange(8) / 25)
    assert curves.strengths.shape == (8, 10)
    assert curves.strengths.dtype == curves.vad.dtype == np.float32
    assert len(ramp().sample_fps(30, 2.1).times_s) == 63  # 2.1 * 30 is a little over 63 in floats
    with pytest.raises(ValueError, match="read-only"):
        curves.strengths[0] = 1


@given(TRACKS, TIMES)
def test_samples_stay_between_the_neighbouring_keyframes(track, times_s):
    curves = track.sample(times_s)
    assert (curves.strengths >= 0).all()
    assert (curves.strengths.sum(axis=1) <= 1 + 1e-5).all()
    assert (curves.strengths[:, 0] == 0).all()
    assert (np.abs(curves.vad) <= 1).all()
    states = np.array([keyframe.state.vad for keyframe in track.keyframes])
    for time_s, vad in zip(times_s, curves.vad, strict=True):
        after = int(np.searchsorted(track.times_s, time_s, side="right"))
        near = states[max(0, after - 1) : after + 1]
        assert (near.min(axis=0) - 1e-6 <= vad).all()
        assert (vad <= near.max(axis=0) + 1e-6).all()


@given(TRACKS, TIMES, st.integers(0, 60))
def test_chunks_join_up_to_the_bit(track, times_s, cut):
    whole = track.sample(times_s)
    parts = [track.sample(times_s[:cut]), track.sample(times_s[cut:])]
    assert np.concatenate([part.strengths for part in parts]).tobytes() == whole.strengths.tobytes()
    assert np.concatenate([part.vad for part in parts]).tobytes() == whole.vad.tobytes()


@given(TRACKS, st.floats(0, 25))
def test_state_at_is_what_is_sampled(track, t_s):
    state, curves = track.state_at(t_s), track.sample(np.array([t_s]))
    assert state.strengths() == pytest.approx(curves.strengths[0], abs=1e-6)
    assert state.vad == pytest.approx(curves.vad[0], abs=1e-6)


@given(TRACKS)
def test_json_round_trip(track):
    again = EmotionTrack.from_json(track.to_json())
    assert [(key.t_s, key.ease) for key in again.keyframes] == [(key.t_s, key.ease) for key in track.keyframes]
    for after, before in zip(again.keyframes, track.keyframes, strict=True):
        assert after.state.strengths() == pytest.approx(before.state.strengths(), abs=1e-9)
        assert after.state.vad == pytest.approx(before.state.vad, abs=1e-9)


def test_json_round_trip_keeps_style_and_place():
    state = EmotionState({"anger": 1.0}, 0.5, (0.1, 0.2, 0.3), "cold")
    track = EmotionTrack((Keyframe(0.25, state, "pchip"),))
    assert EmotionTrack.from_json(track.to_json()) == track


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "must be JSON like"),
        ({"keyframes": []}, "at least one keyframe"),
        ({"keyframes": [{"t_s": 0}]}, "Keyframe 1 must hold t_s and weights"),
        ({"keyframes": [{"t_s": 0, "weights": {}, "mood": 1}]}, "Keyframe 1 must hold"),
        ({"keyframes": [{"t_s": "x", "weights": {}}]}, "Keyframe 1 holds a value of the wrong type"),
        ({"keyframes": [{"t_s": 0, "weights": 5}]}, "wrong type"),
        ({"keyframes": [{"t_s": 0, "weights": {"anger": float("nan")}}]}, "Keyframe 1: The weight of anger is nan"),
        ({"keyframes": [{"t_s": 0, "weights": {"anger": 10**400}}]}, "wrong type"),
        ({"keyframes": [{"t_s": -1, "weights": {}}]}, "Keyframe 1: Keyframe time -1 s"),
        ({"keyframes": [{"t_s": 0, "weights": {}, "ease": "bouncy"}]}, "Ease 'bouncy'"),
    ],
)
def test_hostile_json_is_refused_in_one_sentence(record, message):
    with pytest.raises(EmotionError, match=message):
        EmotionTrack.from_json(record if isinstance(record, str) else json.dumps(record))


@pytest.mark.parametrize("t_s", [-0.1, float("nan"), float("inf"), 1e7])
def test_impossible_times_are_refused(t_s):
    with pytest.raises(EmotionError, match="Keyframe time"):
        Keyframe(t_s, EmotionState())


@given(
    st.lists(st.tuples(st.floats(0.05, 3), st.floats(-1, 1, width=16)), min_size=2, max_size=9),
    st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
def test_pchip_equals_scipy(points, fractions):
    knots_s = np.cumsum([width for width, _ in points])
    values = np.array([[value] for _, value in points])
    reference = PchipInterpolator(knots_s, values)
    assert pchip_slopes(knots_s, values) == pytest.approx(reference.derivative()(knots_s), abs=1e-7)
    times_s = knots_s[0] + np.array(fractions) * (knots_s[-1] - knots_s[0])
    sampled = interpolate(knots_s, values, ("pchip",) * len(points), times_s)
    assert sampled == pytest.approx(reference(times_s), abs=1e-7)

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.eval.asked import asked_of

EMOTIONS = st.sampled_from(CATEGORIES[1:])
STRENGTHS = st.floats(0.1, 1.0)
SECONDS = st.floats(0.05, 20.0)


@given(EMOTIONS, STRENGTHS, SECONDS)
def test_one_emotion_throughout_is_asked_for_at_its_strength(emotion: str, strength: float, duration_s: float) -> None:
    state = EmotionState({emotion: 1.0}, strength)
    asked = asked_of(EmotionTrack.constant(state), duration_s)
    assert asked.emotion == emotion
    assert asked.intensity == pytest.approx(strength, abs=1e-4)  # tracks are sampled in single precision
    assert asked.vad == pytest.approx(state.vad, abs=1e-4)
    assert asked.steady


@pytest.mark.parametrize("text", ["neutral", "anger:0", "happiness:0.04"])
def test_hardly_any_emotion_is_neutral(text: str) -> None:
    asked = asked_of(parse_emotion(text), 2.0)
    assert asked.emotion == "neutral"
    assert asked.intensity < 0.05
    assert asked.steady


@given(st.floats(0.1, 0.9))
def test_a_mix_is_named_by_an_emotion_that_leads_clearly_or_not_at_all(share: float) -> None:
    assume(abs(max(share, 1 - share) - 0.6) > 1e-6)  # at the limit itself rounding decides
    state = EmotionState({"happiness": share, "surprise": 1 - share}, 0.8)
    leader = {True: "happiness", False: "surprise"}[share > 0.5]
    clear = max(share, 1 - share) > 0.6
    assert asked_of(EmotionTrack.constant(state), 1.0).emotion == (leader if clear else None)


@given(EMOTIONS, EMOTIONS, st.floats(0.5, 1.0))
def test_what_changes_within_the_clip_is_not_steady(first: str, second: str, strength: float) -> None:
    states = [EmotionState({emotion: 1.0}, strength) for emotion in (first, second)]
    track = EmotionTrack((Keyframe(0.0, states[0]), Keyframe(2.0, states[1])))
    assert asked_of(track, 2.0).steady is (first == second)


def test_a_rise_is_summed_up_by_its_mean() -> None:
    asked = asked_of(parse_emotion("@0 neutral @2 anger:1"), 2.0)
    assert asked.emotion == "anger"
    assert asked.intensity == pytest.approx(0.5, abs=0.02)
    assert not asked.steady


def test_only_what_falls_into_the_clip_counts() -> None:
    track = parse_emotion("@0 sadness:0.6 @3~step sadness:0.6 @3.1 anger:1")
    asked = asked_of(track, 2.5)
    assert (asked.emotion, asked.steady) == ("sadness", True)
    later = asked_of(track, 30.0)
    assert (later.emotion, later.steady) == ("anger", False)


def test_a_point_is_asked_for_where_it_was_given() -> None:
    asked = asked_of(parse_emotion("vad:-0.6,0.7,0.4"), 1.0)
    assert np.allclose(asked.vad, (-0.6, 0.7, 0.4), atol=1e-6)

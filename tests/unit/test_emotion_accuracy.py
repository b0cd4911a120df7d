"""Emotion accuracy, its agreement and its response to intensity, on readings whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.eval.control.timeline import rise_lag_ms
from espressivo.eval.emotion.accuracy import (
    JUDGED,
    METRICS,
    SET_METRICS,
    EmotionClip,
    measure_emotion,
    measure_emotion_set,
)
from espressivo.eval.emotion.intensity import (
    INTENSITIES,
    TIMELINE_METRICS,
    Rung,
    measure_intensity,
    measure_ladders,
    measure_timeline,
    mesh_distance,
)
from espressivo.eval.emotion.intensity import METRICS as INTENSITY_METRICS
from espressivo.eval.emotion.verdicts import confusion
from espressivo.eval.metric import NotMeasured, Pooled
from espressivo.eval.results import Ceiling, EmotionReading
from espressivo.eval.statistics.agreement import cohen_kappa, macro_f1

REASONS = pytest.mark.parametrize("asked", [None, "contempt", "calm", "boredom"])


def _reading(*frames: str, judge: str = "ensemble", sure: float = 0.7) -> EmotionReading:
    """A judge that sees one emotion in each frame, `sure` of it."""
    rest = (1 - sure) / (len(JUDGED) - 1)
    rows = [[sure if label == seen else rest for label in JUDGED] for seen in frames]
    return EmotionReading(judge, JUDGED, np.array(rows), np.arange(len(rows)) / 12.5)


def _readings(verdict: str, one: str | None = None, other: str | None = None) -> tuple[EmotionReading, ...]:
    seen = {"ensemble": verdict, "first": one or verdict, "second": other or verdict}
    return tuple(_reading(emotion, emotion, judge=judge) for judge, emotion in seen.items())


def test_the_clip_is_judged_by_the_mean_and_the_frames_one_by_one() -> None:
    weak = _reading("anger", "anger", "anger", sure=0.4)
    strong = _reading("fear", sure=0.9)
    reading = replace(weak, probabilities=np.concatenate([weak.probabilities, strong.probabilities]))
    values = measure_emotion([reading], "anger")
    assert values["emotion_hit"] == 1
    assert values["emotion_frame_hit"] == Pooled(3, 4)
    assert values["emotion_probability"] == pytest.approx((3 * 0.4 + 0.1 / 6) / 4)


def test_the_change_is_against_the_neutral_clip_of_the_same_judge() -> None:
    neutral = [_reading("neutral", judge="another"), _reading("neutral", "neutral")]
    values = measure_emotion([_reading("happiness")], "happiness", neutral)
    assert values["emotion_delta"] == pytest.approx(0.7 - 0.05)
    assert isinstance(measure_emotion([_reading("happiness")], "happiness")["emotion_delta"], NotMeasured)
    assert isinstance(measure_emotion([_reading("happiness")], "happiness", neutral[:1])["emotion_delta"], NotMeasured)
    assert isinstance(measure_emotion([_reading("neutral")], "neutral", neutral)["emotion_delta"], NotMeasured)


@REASONS
def test_what_the_judge_does_not_know_is_no_miss(asked: str | None) -> None:
    values = measure_emotion(_readings("anger"), asked)
    assert isinstance(values["emotion_hit"], NotMeasured)
    assert (asked or "not known") in str(values["emotion_hit"])
    assert values["judges_agree"] == 1


def test_a_word_that_is_no_category_is_refused() -> None:
    with pytest.raises(ValueError, match="joy"):
        measure_emotion(_readings("anger"), "joy")


def test_agreement_is_between_the_two_judges_behind_the_first() -> None:
    agreed = measure_emotion(_readings("anger", "fear", "fear"), "fear")
    assert (agreed["judges_agree"], agreed["emotion_hit_agreed"], agreed["emotion_hit"]) == (1, 1, 0)
    apart = measure_emotion(_readings("anger", "anger", "fear"), "anger")
    assert apart["judges_agree"] == 0
    assert isinstance(apart["emotion_hit_agreed"], NotMeasured)
    assert isinstance(measure_emotion([_reading("fear")], "fear")["judges_agree"], NotMeasured)


@given(st.sampled_from([*JUDGED, "contempt", None]), st.integers(0, 3), st.booleans())
def test_every_metric_gets_a_value_or_a_reason(asked: str | None, judges: int, twin: bool) -> None:
    readings = _readings("fear")[:judges]
    values = measure_emotion(readings, asked, readings if twin else None)
    assert sorted(values) == sorted(metric.name for metric in METRICS)
    clips = [EmotionClip(asked, readings)] if asked else []
    assert sorted(measure_emotion_set(clips)) == sorted(metric.name for metric in SET_METRICS)


def test_a_set_of_clips() -> None:
    seen = [("happiness", "happiness"), ("happiness", "happiness"), ("anger", "sadness"), ("sadness", "sadness")]
    neutral = _readings("neutral")
    clips = [EmotionClip(asked, _readings(verdict), neutral) for asked, verdict in seen]
    clips.append(EmotionClip("contempt", _readings("anger"), neutral))
    ceiling = Ceiling("ensemble", "real faces", ("neutral", "anger"), np.array([[3, 1], [1, 5]]))
    values = measure_emotion_set(clips, ceiling)
    assert values["emotion_macro_f1"] == pytest.approx((1 + 0 + 2 / 3) / 3)
    assert values["emotion_chance"] == pytest.approx(1 / 7)
    assert values["emotion_majority"] == pytest.approx(2 / 4)
    assert values["emotion_ceiling"] == pytest.approx(8 / 10)
    assert values["emotion_kappa"] == 1
    assert values["emotion_recall_anger"] == 0
    assert values["emotion_recall_happiness"] == 1
    assert values["emotion_delta_happiness"] == pytest.approx(0.65)
    assert values["emotion_delta_anger"] == pytest.approx(0)
    assert isinstance(values["emotion_recall_fear"], NotMeasured)
    other_judge = measure_emotion_set(clips, replace(ceiling, judge="another"))
    assert isinstance(other_judge["emotion_ceiling"], NotMeasured)


@given(st.permutations(range(6)))
def test_the_order_of_clips_does_not_count(order: list[int]) -> None:
    asked = ["happiness", "anger", "anger", "fear", "neutral", "surprise"]
    seen = ["happiness", "anger", "disgust", "surprise", "neutral", "surprise"]
    clips = [EmotionClip(emotion, _readings(verdict)) for emotion, verdict in zip(asked, seen, strict=True)]
    assert measure_emotion_set([clips[index] for index in order]) == measure_emotion_set(clips)


def test_repeated_frames_change_nothing() -> None:
    once = _reading("anger", "fear", "anger")
    twice = replace(once, probabilities=np.repeat(once.probabilities, 2, axis=0))
    one, two = measure_emotion([once], "anger"), measure_emotion([twice], "anger")
    assert one["emotion_hit"] == two["emotion_hit"]
    assert one["emotion_probability"] == pytest.approx(two["emotion_probability"])


def test_confusion_names_what_it_leaves_out() -> None:
    asked = ["anger", "contempt", "calm", "calm"]
    matrix = confusion(asked, [_reading("fear")] * 4)
    assert matrix.excluded == {"contempt": 1, "calm": 2}
    assert matrix.counts.sum() == 1
    assert matrix.counts[JUDGED.index("anger"), JUDGED.index("fear")] == 1
    assert matrix.accuracy == 0
    with pytest.raises(ValueError, match="one judge"):
        confusion(["anger", "fear"], [_reading("fear"), _reading("fear", judge="another")])


def test_macro_f1_and_kappa_match_textbook_values() -> None:
    counts = np.array([[2, 1, 0], [0, 3, 0], [1, 0, 1]])
    assert macro_f1(counts) == pytest.approx((2 / 3 + 6 / 7 + 2 / 3) / 3)
    # Cohen 1960: observed .7, expected .5
    one = ["yes"] * 20 + ["yes"] * 5 + ["no"] * 10 + ["no"] * 15
    other = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(one, other) == pytest.approx(0.4)
    assert np.isnan(cohen_kappa(["yes"], ["yes"]))


def test_a_response_that_rises_everywhere() -> None:
    asked = np.array(INTENSITIES)
    probability = np.stack([0.1 + 0.5 * asked, 0.2 + 0.3 * asked**3])
    values = measure_intensity(asked, probability, 0.02 * np.stack([asked, -asked]))
    assert values["intensity_spearman_probability"] == pytest.approx(1)
    assert values["intensity_range_probability"] == pytest.approx(0.4)
    assert values["intensity_rising_probability"] == 1
    assert values["intensity_spearman_movement"] == pytest.approx(0)
    assert values["intensity_r2_movement"] == pytest.approx(1)
    assert values["intensity_rising_movement"] == 0.5


def test_what_is_not_there_is_said() -> None:
    asked = np.array(INTENSITIES)
    values = measure_intensity(asked, None, np.zeros((0, 6)))
    assert sorted(values) == sorted(metric.name for metric in INTENSITY_METRICS)
    assert all(isinstance(value, NotMeasured) for value in values.values())
    still = measure_timeline(np.arange(50) / 25, np.ones(50), np.linspace(0, 1, 50))
    assert sorted(still) == sorted(metric.name for metric in TIMELINE_METRICS)
    assert all(isinstance(value, NotMeasured) for value in still.values())


def _ladder(emotion: str, content: str, slope: float | None, steps: tuple[float, ...] = (0, 0.5, 1)) -> list[Rung]:
    chances = [None if slope is None else 0.1 + slope * step for step in steps]
    return [Rung(content, emotion, step, chance, 0.02 * step) for step, chance in zip(steps, chances, strict=True)]


def test_ladders_are_put_together_from_single_clips() -> None:
    rungs = [*_ladder("anger", "a", 0.5), *_ladder("anger", "b", 0.3), *_ladder("contempt", "a", None)]
    values, curves = measure_ladders(rungs[::-1])
    assert values["intensity_range_probability"] == pytest.approx(0.4)
    assert values["intensity_range_movement"] == pytest.approx(2)
    assert sorted(curves) == [
        "anger: P(asked)",
        "anger: movement of the face",
        "contempt: movement of the face",
    ]
    assert np.allclose(curves["anger: P(asked)"].measured, [[0.1, 0.35, 0.6], [0.1, 0.25, 0.4]])
    assert np.allclose(curves["contempt: movement of the face"].measured, [[0, 1, 2]])


def test_a_ladder_with_a_rung_missing_does_not_count() -> None:
    whole, broken = _ladder("anger", "a", 0.5), _ladder("anger", "b", -0.9, (0, 1))
    assert measure_ladders([*whole, *broken])[0] == measure_ladders(whole)[0]
    values, curves = measure_ladders(broken)
    assert all(isinstance(value, NotMeasured) for value in values.values())
    assert sorted(values) == sorted(metric.name for metric in INTENSITY_METRICS)
    assert curves == measure_ladders([])[1] == {}


@pytest.mark.parametrize("late", [-8, 0, 5, 10])
def test_a_late_expression_has_that_lag(late: int) -> None:
    times_s = np.arange(125) / 25
    asked = np.clip((times_s - 2.0) / 0.4, 0, 1)
    measured = 0.1 + 0.6 * np.interp(times_s - late / 25, times_s, asked)
    values = measure_timeline(times_s, asked, measured)
    assert values["emotion_lag_ms"] == pytest.approx(late * 40, abs=10)
    assert values["emotion_rise_lag_ms"] == pytest.approx(late * 40, abs=1e-6)


def test_a_flicker_long_before_is_not_the_rise() -> None:
    times_s = np.arange(125) / 25
    asked = np.clip((times_s - 2.0) / 0.4, 0, 1)
    measured = np.interp(times_s - 0.12, times_s, asked)
    measured[10:12] = 0.9
    assert measure_timeline(times_s, asked, measured)["emotion_rise_lag_ms"] == pytest.approx(120, abs=1e-6)


def test_a_curve_of_its_own_has_no_lag() -> None:
    times_s = np.arange(125) / 25
    asked = np.clip(times_s - 2, 0, 1)
    noise = np.random.default_rng(0).normal(size=125)
    for measured in (noise, np.ones(125)):
        values = measure_timeline(times_s, asked, measured)
        assert all(isinstance(value, NotMeasured) for value in values.values())
    assert isinstance(rise_lag_ms(times_s, asked, -asked), NotMeasured)
    assert isinstance(rise_lag_ms(times_s, np.sin(4 * times_s), asked), NotMeasured)


def _face(frames: int = 3) -> np.ndarray:
    """Any 468 points with eyes that are 60 px apart."""
    points = np.random.default_rng(1).uniform(100, 200, (468, 3))
    points[33, :2], points[263, :2] = (110, 150), (170, 150)
    return np.repeat(points[None], frames, axis=0)


def test_where_the_head_is_does_not_count() -> None:
    still = _face()
    turn = np.exp(0.2j) * 1.3
    flat = (still[..., 0] + 1j * still[..., 1]) * turn + 20 - 5j
    moved = np.stack([flat.real, flat.imag, still[..., 2]], axis=-1)
    assert mesh_distance(moved, still) == pytest.approx(0, abs=1e-9)


def test_how_far_the_face_moves_does() -> None:
    still = _face()
    open_mouth = still.copy()
    open_mouth[1, 14, 1] += 46.8
    assert mesh_distance(open_mouth, still).tolist() == pytest.approx([0, 46.8 / 468 / 60, 0], abs=1e-9)
    assert len(mesh_distance(open_mouth, still[:2])) == 2

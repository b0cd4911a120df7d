"""Distances of 3-D faces, on arrays and on our own head."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.eval.face.vertices import (
    METRICS,
    diversity,
    dynamics_deviation,
    face_vertices,
    lip_vertex_error,
    lip_vertices,
    mean_vertex_error,
    measure_diversity,
    measure_motion,
    upper_face_vertices,
)
from espressivo.eval.metric import NotMeasured, Pooled, Value
from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.rig import Head, list_identities, load_head

HEAD = load_head()


def _motion(frames: int, fps: float = 30.0, **curves: float) -> FaceMotion:
    """Each named weight swings between 0 and its value once a second."""
    weights = np.zeros((frames, 52))
    for name, top in curves.items():
        weights[:, CHANNEL[name]] = top * (1 - np.cos(2 * np.pi * np.arange(frames) / fps)) / 2
    return FaceMotion(weights, np.zeros((frames, 3)), np.zeros((frames, 2)), fps)


def _number(value: Value) -> float:
    assert not isinstance(value, NotMeasured)
    return float(value)


def _numbers(predicted: FaceMotion, real: FaceMotion) -> dict[str, float]:
    values = measure_motion(predicted, real, HEAD)
    assert set(values) == {metric.name for metric in METRICS}
    return {name: _number(value) for name, value in values.items()}


@given(st.floats(0.1, 5), st.integers(1, 6))
def test_a_shifted_face_is_off_by_the_shift(shift: float, frames: int) -> None:
    real = np.random.default_rng(frames).normal(size=(frames, 9, 3))
    predicted = np.concatenate([real + np.array([0, shift, 0]), real])  # longer: it is cut
    lips = np.array([2, 5])
    assert float(lip_vertex_error(predicted, real, lips)) == pytest.approx(shift**2)
    assert float(lip_vertex_error(predicted, real, lips, squared=False)) == pytest.approx(shift)
    assert mean_vertex_error(predicted, real).weight == 9 * frames
    assert float(mean_vertex_error(predicted, real)) == pytest.approx(shift)


def test_the_worst_lip_vertex_counts_and_no_other() -> None:
    real = np.zeros((2, 4, 3))
    predicted = real.copy()
    predicted[0, 1], predicted[0, 2], predicted[1, 3] = (0, 2, 0), (0, 3, 0), (9, 0, 0)
    assert lip_vertex_error(predicted, real, np.array([0, 1, 2])) == Pooled(9.0, 2)


def test_deviation_is_positive_where_too_little_moves() -> None:
    neutral, still = np.zeros((3, 3)), np.zeros((4, 3, 3))
    moving = still.copy()
    moving[::2, :2, 1] = 2.0  # squares 4 and 0: a spread of 2 for two of three vertices
    everywhere = np.arange(3)
    assert dynamics_deviation(still, moving, neutral, everywhere) == pytest.approx(4 / 3)
    assert dynamics_deviation(moving, still, neutral, everywhere) == pytest.approx(-4 / 3)
    assert dynamics_deviation(still, moving, neutral, np.array([2])) == 0


def test_diversity_is_the_mean_over_pairs() -> None:
    outputs = [np.full((2, 3, 3), level) for level in (0.0, 1.0, 3.0)]
    assert diversity(outputs) == pytest.approx(np.sqrt(3) * (1 + 3 + 2) / 3)
    assert diversity(outputs[:1] * 2) == 0
    for wrong in (outputs[:1], [outputs[0], outputs[1][:1]]):
        with pytest.raises(ValueError, match="Diversity"):
            diversity(wrong)


@pytest.mark.parametrize("other", [np.zeros((0, 4, 3)), np.zeros((2, 5, 3))])
def test_meshes_that_cannot_be_compared(other: np.ndarray) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        mean_vertex_error(other, np.zeros((2, 4, 3)))


@pytest.mark.parametrize("head", [load_head(identity) for identity in list_identities()], ids=list_identities())
def test_regions_lie_where_their_names_say(head: Head) -> None:
    lips, upper, face = lip_vertices(head), upper_face_vertices(head), face_vertices(head)
    assert np.isin([head.landmarks[name] for name in ("lip_upper_inner", "lip_lower_inner", "mouth_left")], lips).all()
    assert 200 < len(lips) < 600
    assert 100 < len(upper) < 400
    assert np.isin(lips, face).all()
    assert np.isin(upper, face).all()
    height = head.vertices_m[:, 1]
    nose, eyes = height[head.landmarks["nose_tip"]], head.eye_centre_l[1]
    assert height[lips].max() < nose
    assert np.percentile(height[upper], 5) > eyes
    assert abs(head.vertices_m[lips, 0].mean()) < 1e-3
    assert np.isin(face, head.region_vertices["skin"]).all()


def test_the_same_motion_is_no_error() -> None:
    motion = _motion(30, jawOpen=0.6, browInnerUp=0.5)
    assert set(_numbers(motion, motion).values()) == {0.0}


def test_a_mouth_that_stays_shut_is_a_lip_error_and_no_brow_error() -> None:
    speaking, still = _motion(30, jawOpen=0.5), _motion(30)
    values = _numbers(still, speaking)
    assert values["lve_l2_mm"] > 5
    assert values["lve_mm2"] > values["lve_l2_mm"] ** 2
    assert 0 < values["mve_mm"] < values["lve_l2_mm"]
    assert values["fdd_abs_mm2"] < 0.05


def test_brows_that_stay_still_move_too_little() -> None:
    lively, still = _motion(30, browInnerUp=0.8), _motion(30)
    assert _numbers(still, lively)["fdd_mm2"] > 0.5
    assert _numbers(lively, still)["fdd_mm2"] == pytest.approx(-_numbers(still, lively)["fdd_mm2"])
    assert _numbers(lively, still)["fdd_abs_mm2"] > 0.5
    assert _numbers(still, lively)["lve_l2_mm"] < 0.1


def test_deviation_is_counted_from_the_neutral_face_in_square_millimetres() -> None:
    lively, still = _motion(30, browInnerUp=0.8), _motion(30)
    offsets_mm = HEAD.shapes.toarray()[:, CHANNEL["browInnerUp"]].reshape(-1, 3)[upper_face_vertices(HEAD)] * 1e3
    squares = np.square(lively.channel("browInnerUp")).std() * np.square(offsets_mm).sum(axis=1)
    assert _numbers(still, lively)["fdd_mm2"] == pytest.approx(squares.mean(), rel=1e-3)


def test_head_and_gaze_do_not_count() -> None:
    motion = _motion(10, jawOpen=0.4)
    turned = replace(motion, head_rad=np.full((10, 3), 0.2), gaze_rad=np.full((10, 2), 0.2))
    assert set(_numbers(turned, motion).values()) == {0.0}


def test_frame_rates_are_brought_together() -> None:
    real = _motion(30, fps=30, jawOpen=0.5)
    doubled = _motion(60, fps=60, jawOpen=0.5)
    values = measure_motion(doubled, real, HEAD)
    assert _number(values["lve_l2_mm"]) < 1e-3
    late = _motion(40, fps=25, jawOpen=0.5)  # longer than the real one, whose frames lie between its own
    values = measure_motion(late, real, HEAD)
    assert isinstance(values["lve_mm2"], Pooled)
    assert values["lve_mm2"].weight == 30
    assert _number(values["lve_l2_mm"]) < 0.5
    shorter = measure_motion(_motion(12, fps=30), real, HEAD)["lve_mm2"]
    assert isinstance(shorter, Pooled)
    assert shorter.weight == 12


@pytest.mark.parametrize("real", [None, _motion(1), _motion(0)])
def test_without_a_recorded_motion_nothing_is_measured(real: FaceMotion | None) -> None:
    values = measure_motion(_motion(10), real, HEAD)
    assert set(values) == {metric.name for metric in METRICS}
    assert all(isinstance(value, NotMeasured) for value in values.values())


def test_diversity_of_performances_is_their_distance() -> None:
    head = load_head()
    rng = np.random.default_rng(0)
    weights = rng.uniform(0, 0.5, (2, 6, 52)).astype(np.float32)
    one, other = (FaceMotion(clip, np.zeros((6, 3)), np.zeros((6, 2)), 25.0) for clip in weights)
    assert _number(measure_diversity([[one, one]], head)) == pytest.approx(0)
    assert _number(measure_diversity([[one, other]], head)) > 1
    assert isinstance(measure_diversity([[one], [other]], head), NotMeasured), "different lines are no diversity"

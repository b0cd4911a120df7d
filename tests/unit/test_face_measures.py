import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.conditioning.faces.pose import head_poses, rigid_shape
from espressivo.conditioning.faces.track import FaceTrack
from espressivo.conditioning.speech import Speech
from espressivo.eval.face import blink, head, identity, landmarks68, theval
from espressivo.eval.metric import NotMeasured, Value
from espressivo.generators.face.rig import rotation

FPS = 25.0
TO_PICTURE = np.array([1.0, -1.0, -1.0])
MIRROR = np.array(
    json.loads((Path(head.__file__).parents[2] / "weights" / "face-mesh" / "config.json").read_text())["mirror"]
)


def number(value: Value) -> float:
    assert not isinstance(value, NotMeasured), value
    return float(value)


def mesh(seed: int = 0) -> np.ndarray:
    """A face-like mesh: the rigid points of the standard face, noise elsewhere."""
    rng = np.random.default_rng(seed)
    points = rng.normal(0, 4, (468, 3))
    points[rigid_shape().points] = rigid_shape().positions_cm
    return (points + points[MIRROR] * [-1, 1, 1]) / 2


def face(points: np.ndarray) -> FaceTrack:
    return FaceTrack(points.astype(np.float32), np.ones(len(points), bool), FPS, 512, 512)


def moving(frames: int = 50, seed: int = 0) -> np.ndarray:
    """A face whose points jitter, the same on both sides."""
    noise = np.random.default_rng(seed).normal(0, 1.5, (frames, 468, 3))
    return mesh(seed) * 20 + 256 + noise + noise[:, MIRROR] * [-1, 1, 1]


SOUND = Speech((np.random.default_rng(0).normal(0, 0.1, 32000) * np.repeat([0, 1, 0, 1], 8000)).clip(-1, 1))
MEASURES = (
    (theval.METRICS, lambda track: theval.measure_theval(track, SOUND)),
    (blink.METRICS, blink.measure_blinks),
    (head.METRICS, head.measure_head),
    (landmarks68.METRICS, lambda track: landmarks68.measure_landmarks(track.points_px, None)),
    (identity.METRICS, lambda track: identity.measure_identity(np.zeros((0, 128)), None)),
)


@pytest.mark.parametrize(("metrics", "measure"), MEASURES)
@pytest.mark.parametrize("frames", [1, 2, 50])
def test_every_metric_gets_a_value_or_a_reason(metrics: tuple, measure, frames: int) -> None:
    values = measure(face(moving(frames)))
    assert set(values) == {metric.name for metric in metrics}
    assert all(isinstance(value, NotMeasured) or np.isfinite(float(value)) for value in values.values())


@given(st.tuples(*[st.floats(-40, 40)] * 3), st.floats(0.5, 30))
def test_head_pose_is_found_back(angles: tuple[float, float, float], scale: float) -> None:
    turn = rotation(np.radians(angles)).astype(float)
    placed = ((mesh() * TO_PICTURE) @ turn.T * TO_PICTURE) * scale + [100, 200, 5]
    poses = head_poses(placed[np.newaxis])
    assert poses.angles_deg[0] == pytest.approx(angles, abs=1e-3)
    assert poses.scale[0] == pytest.approx(scale, rel=1e-4)


def test_a_static_face_moves_nothing() -> None:
    still = face(np.repeat(moving(1), 50, axis=0))
    values = {**theval.measure_theval(still, SOUND), **head.measure_head(still), **blink.measure_blinks(still)}
    for name in ("theval_lip_dynamics", "theval_brow_dynamics", "head_range_deg", "head_diversity_deg"):
        assert number(values[name]) == pytest.approx(0, abs=1e-4), name
    assert number(values["blinks_per_min"]) == 0


def test_a_mirrored_face_measures_the_same() -> None:
    points = moving()
    mirrored = points[:, MIRROR] * [-1, 1, 1] + [512, 0, 0]
    one, other = (theval.measure_theval(face(clip), SOUND) for clip in (points, mirrored))
    for name in ("theval_lip_dynamics", "theval_brow_dynamics", "theval_lip_sync"):
        assert number(one[name]) == pytest.approx(number(other[name]), rel=1e-3), name


def test_repeated_frames_halve_the_change_of_brows() -> None:
    points = moving()
    once = theval.brow_dynamics(points[:, :, :2])
    twice = theval.brow_dynamics(np.repeat(points, 2, axis=0)[:, :, :2])
    assert twice == pytest.approx(once * (len(points) - 1) / (2 * len(points) - 1), rel=1e-6)


def test_a_mouth_that_follows_the_sound_is_nearer_to_it() -> None:
    loudness = np.abs(np.sin(np.arange(100) / 5))
    speaking = np.ones(100, bool)
    following = theval.lip_sync_distance(loudness * 0.3, loudness, speaking)
    against = theval.lip_sync_distance(1 - loudness, loudness, speaking)
    assert following == pytest.approx(0, abs=1e-6)
    assert against > 0.3
    assert np.isnan(theval.lip_sync_distance(loudness, loudness, ~speaking))


def test_long_pauses_alone_count_as_silence() -> None:
    flags = np.array([1, 1, 0, 1, 1, 1, 1, 0, 1], bool)
    assert theval._in_long_runs(flags, 3).tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
def test_a_blink_is_counted_once_at_any_rate(fps: float) -> None:
    ratio = np.full(round(4 * fps), 0.3)
    for start_s in (0.8, 2.4):
        ratio[round(start_s * fps) : round((start_s + 0.16) * fps)] = 0.05
    assert len(blink.find_blinks(ratio, fps)) == 2
    assert blink.find_blinks(ratio * 0.6, fps) == blink.find_blinks(ratio, fps), "narrow eyes are not closed eyes"


def test_a_blink_that_the_mesh_follows_part_of_the_way_is_counted_and_a_nod_is_not() -> None:
    nod = 0.3 * (0.8 + 0.2 * np.cos(2 * np.pi * np.arange(160) / 80))
    assert nod.min() < 0.8 * np.median(nod), "as low as a blink"
    assert blink.find_blinks(nod, FPS) == []
    blinking = nod.copy()
    blinking[40:44] *= [0.9, 0.77, 0.78, 0.85]
    assert len(blink.find_blinks(blinking, FPS)) == 1


def test_eyes_closed_for_long_have_not_blinked() -> None:
    ratio = np.full(100, 0.3)
    ratio[30:70] = 0.05
    assert blink.find_blinks(ratio, FPS) == []


def test_eyes_still_closed_at_the_end_have_not_blinked() -> None:
    ratio = np.full(50, 0.3)
    ratio[-10:] = 0.05
    assert blink.find_blinks(ratio, FPS) == []


@given(st.floats(-200, 200), st.floats(-200, 200), st.floats(0.5, 3))
def test_landmark_distance_in_the_crop_ignores_place_and_size(x: float, y: float, size: float) -> None:
    points = moving(5)
    values = landmarks68.measure_landmarks(points, points * size + [x, y, 0])
    assert [number(value) for value in values.values()] == pytest.approx([0, 0], abs=1e-6)


def test_identity_is_kept_by_the_same_face_and_lost_by_another() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 0.12, (2, 128))
    same = identity.measure_identity(np.stack([one, one + 0.01, one - 0.01]), one[np.newaxis])
    swapped = identity.measure_identity(np.stack([one, other, other]), one[np.newaxis])
    assert (number(same["identity_kept"]), number(swapped["identity_kept"])) == (1, 0)
    assert number(same["identity_distance"]) < number(swapped["identity_distance"])


def test_frame_count_does_not_change_what_is_centred() -> None:
    points = moving(8)
    assert replace(face(points)).resampled(FPS).points_px.shape == (8, 468, 3)

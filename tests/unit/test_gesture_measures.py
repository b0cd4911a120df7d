"""Measures of gesture move the way they must when the motion is changed in a known way."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from espressivo.errors import InputError
from espressivo.eval.gesture.beats import (
    BEAT_JOINTS,
    TALKSHOW_SIGMA_S,
    beat_consistency,
    chance_consistency,
    motion_beats,
    shifted,
)
from espressivo.eval.gesture.corpus import LabelledTake, read_takes
from espressivo.eval.gesture.diversity import l1_diversity, pairwise_diversity, srgr
from espressivo.eval.gesture.dynamics import body_positions, floor_m, foot_contacts, foot_slide, mean_magnitude
from espressivo.eval.gesture.emotion import CANONICAL, ceilings, read_judge, shipped_judge
from espressivo.eval.gesture.encoder import (
    ENCODER_FILE,
    FEATURES,
    encode,
    pose_numbers,
    read_encoder,
    shipped_encoder,
    windows_of,
)
from espressivo.eval.gesture.fgd import ENCODER_SHA6, FGD_NAME, fgd, halves_fgd, motion_features
from espressivo.eval.gesture.fit_emotion import LABEL_OF_STYLE, fit
from espressivo.eval.gesture.kinematics import KINEMATICS, kinematics
from espressivo.eval.gesture.measures import CLIP_METRICS, METRICS, SET_METRICS, measure_gesture, measure_gesture_set
from espressivo.eval.gesture.train_encoder import train
from espressivo.eval.metric import NotMeasured, Values
from espressivo.generators.gesture.joints import JOINT
from espressivo.generators.gesture.motion import BodyMotion
from espressivo.generators.gesture.rotations import matrices_from, vectors_from
from espressivo.generators.gesture.skeleton import load_skeleton
from tests.gestures import gesturing, standing, with_noise


def numbers(values: Values) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if not isinstance(value, NotMeasured)}


def elsewhere(motion: BodyMotion, yaw_rad: float = 0.0, drift_m_s: float = 0.0) -> BodyMotion:
    """Turn the motion about +Y and push it along +X."""
    poses, places = motion.poses_rad.copy(), motion.translation_m.copy()
    turn = matrices_from(np.array([0, yaw_rad, 0]))
    poses[:, 0] = vectors_from(turn @ matrices_from(poses[:, 0]))
    places = places @ turn.T
    places[:, 0] += drift_m_s * motion.times_s
    return BodyMotion(poses, places, motion.fps)


# Clips.


def test_every_metric_has_a_value_or_a_reason() -> None:
    motion = gesturing(6.0)
    sound = np.random.default_rng(0).normal(0, 0.1, 6 * 16000).astype(np.float32)
    for samples, real in ((None, None), (sound, motion)):
        values = measure_gesture(motion, samples, real)
        assert list(values) == [metric.name for metric in CLIP_METRICS]
        reasons = {name for name, value in values.items() if isinstance(value, NotMeasured)}
        assert (len(reasons) == 0) == (samples is not None)
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_a_still_body_does_nothing_and_its_feet_are_not_praised() -> None:
    values = measure_gesture(standing(60), None, None)
    found = numbers(values)
    for name in ("l1_diversity_m", "speed_m_s", "jerk_m_s3", "extent_m"):
        assert found[f"gesture_{name}"] == pytest.approx(0, abs=1e-9)
    assert str(values["gesture_foot_slide_m_s"]).startswith("N/A (the legs do not move")


def test_a_glimpse_is_not_measured() -> None:
    values = measure_gesture(gesturing(0.3), None, None)
    assert all(isinstance(value, NotMeasured) for value in values.values())
    assert "9 frames" in str(values["gesture_jerk_m_s3"])


def test_mirrored_motion_measures_the_same() -> None:
    motion = gesturing()
    ours, mirrored = (
        numbers(measure_gesture(motion, None, None)),
        numbers(measure_gesture(motion.mirrored(), None, None)),
    )
    assert mirrored == pytest.approx(ours, rel=1e-4)


def test_where_the_body_stands_and_looks_does_not_matter() -> None:
    motion = gesturing()
    turned = numbers(measure_gesture(elsewhere(motion, yaw_rad=2.0), None, None))
    # Turning a box of places changes the sum of its sides; nothing else may change.
    ours = {name: value for name, value in numbers(measure_gesture(motion, None, None)).items() if "l1" not in name}
    assert {name: turned[name] for name in ours} == pytest.approx(ours, rel=1e-3)


def test_the_frame_rate_of_the_motion_does_not_matter() -> None:
    slow, fast = (numbers(measure_gesture(gesturing(fps=fps), None, None)) for fps in (30.0, 60.0))
    assert fast == pytest.approx(slow, rel=2e-2)


def test_larger_faster_and_shakier_motion_measures_more() -> None:
    calm = numbers(measure_gesture(gesturing(), None, None))
    large = numbers(measure_gesture(gesturing(size=1.5), None, None))
    fast = numbers(measure_gesture(gesturing(rate_hz=1.5), None, None))
    shaky = numbers(measure_gesture(with_noise(gesturing(), 0.01), None, None))
    for name in ("l1_diversity_m", "speed_m_s", "extent_m", "jerk_m_s3"):
        assert large[f"gesture_{name}"] > 1.2 * calm[f"gesture_{name}"]
    assert fast["gesture_speed_m_s"] > 1.3 * calm["gesture_speed_m_s"]
    assert fast["gesture_extent_m"] == pytest.approx(calm["gesture_extent_m"], rel=0.1)
    assert shaky["gesture_jerk_m_s3"] > 3 * calm["gesture_jerk_m_s3"]
    assert shaky["gesture_extent_m"] == pytest.approx(calm["gesture_extent_m"], rel=0.15)


def test_jerk_is_the_third_derivative() -> None:
    times = np.arange(90) / 30
    places = np.zeros((90, 22, 3))
    places[:, JOINT["left_wrist"], 1] = times**3
    assert float(mean_magnitude(places, 30, 3, (JOINT["left_wrist"],))) == pytest.approx(6.0)
    assert float(mean_magnitude(places, 30, 2, (JOINT["left_wrist"],))) == pytest.approx(6 * times[1:-1].mean())


def test_halves_of_a_clip_pool_to_the_whole_when_their_means_agree() -> None:
    twice = np.tile(np.random.default_rng(0).normal(size=(40, 66)), (2, 1))
    assert float(l1_diversity(twice)) == pytest.approx(float(l1_diversity(twice[:40])))


# Feet.


def test_feet_that_are_pushed_slide() -> None:
    motion = gesturing(size=0.5)
    still = numbers(measure_gesture(motion, None, None))["gesture_foot_slide_m_s"]
    pushed = numbers(measure_gesture(elsewhere(motion, drift_m_s=0.5), None, None))["gesture_foot_slide_m_s"]
    assert still < 0.05
    assert pushed == pytest.approx(0.5, abs=0.05)


def test_a_foot_in_the_air_does_not_slide() -> None:
    places = np.zeros((60, 22, 3))
    left, right = JOINT["left_foot"], JOINT["right_foot"]
    places[30:, left, 1] = 0.2
    places[30:, left, 2] = np.arange(30)
    contacts = foot_contacts(places, 30)
    assert contacts[:29, 0].all()
    assert not contacts[29:, 0].any()
    assert contacts[:, 1].all()
    slide = foot_slide(places, 30)
    assert slide is not None
    assert float(slide) == 0
    places[:, right, 1] = np.arange(60)
    assert floor_m(places) == pytest.approx(-0.025)


# Beats.


def beating(times_s: np.ndarray, frames: int = 300) -> np.ndarray:
    """All joints go round and round, slowest at `times_s` and ever faster away from them."""
    middles = (np.arange(frames) - 0.5) / 30
    speed = 0.1 + 0.5 * np.abs(middles[:, None] - times_s).min(axis=1)
    angle = np.cumsum(speed) / 30
    return np.repeat(np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)[:, None], 22, axis=1)


def test_beats_are_found_where_they_are() -> None:
    times = np.array([1.5, 3.0, 4.2, 6.0, 8.1])
    found = motion_beats(beating(times), BEAT_JOINTS[0])
    assert found == pytest.approx(times, abs=0.04)


def test_sound_on_the_beat_is_consistent_and_off_the_beat_is_not() -> None:
    times = np.array([1.5, 3.1, 4.2, 6.3, 8.1])
    places = beating(times)
    on, off = beat_consistency(places, times), beat_consistency(places, times + 0.6)
    assert on > 0.98
    assert off < 0.4
    assert beat_consistency(places, times + 0.6, sigma_s=TALKSHOW_SIGMA_S) > off
    assert beat_consistency(places * 0, times) == 0
    chance = chance_consistency(places, shifted(times, 10.0))
    assert off < chance < on - 0.2


def test_shifts_go_round_the_clip_and_leave_its_place() -> None:
    onsets = np.array([0.5, 2.0, 7.5])
    sets = shifted(onsets, 8.0, count=50)
    assert len(sets) == 50
    for moved in sets:
        assert (moved >= 0).all()
        assert (moved < 8).all()
        gaps = np.sort(np.diff([*moved, moved[0] + 8]))
        assert gaps == pytest.approx([1.0, 1.5, 5.5])
    assert not any(np.allclose(moved, onsets, atol=0.9) for moved in sets)
    assert all(np.array_equal(a, b) for a, b in zip(sets, shifted(onsets, 8.0, count=50), strict=True))


def test_clicks_on_the_beat_of_the_hands_open_a_gap() -> None:
    hits = np.array([2.6, 3.7, 5.5, 6.3, 8.0, 9.1, 10.6, 11.3])
    clock = np.arange(420) / 30
    speed = 3.0 - 2.8 * np.exp(-np.square(clock[:, None] - hits).min(axis=1) / (2 * 0.12**2))
    angle = np.cumsum(speed) / 30
    poses = standing(420).poses_rad.copy()
    for joint in ("spine1", "spine3", "neck", "left_shoulder", "right_shoulder"):
        poses[:, JOINT[joint]] += 0.3 * np.stack([np.cos(angle), 0 * angle, np.sin(angle)], axis=1)
    sound = np.zeros(14 * 16000, np.float32)
    decay = np.exp(-np.arange(1600) / 200) * np.random.default_rng(0).normal(size=1600)
    for hit in hits:
        sound[round(hit * 16000) :][:1600] += 0.3 * decay
    motion = BodyMotion(poses, standing(420).translation_m, 30.0)
    found = numbers(measure_gesture(motion, sound, None))
    gap = found["gesture_beat_consistency"] - found["gesture_beat_consistency_shuffled"]
    assert found["gesture_beat_gap"] == pytest.approx(gap)
    assert found["gesture_beat_gap_100ms"] > 0.15
    late = numbers(measure_gesture(motion, np.roll(sound, 9600), None))
    assert late["gesture_beat_gap_100ms"] < found["gesture_beat_gap_100ms"] - 0.15


@pytest.mark.parametrize(("seconds", "level", "reason"), [(4.5, 0.1, "needs 5 s"), (8.0, 0.0, "nothing sets in")])
def test_beats_that_cannot_be_measured_say_why(seconds: float, level: float, reason: str) -> None:
    sound = np.random.default_rng(0).normal(0, 1, round(seconds * 16000)).astype(np.float32) * np.float32(level)
    values = measure_gesture(gesturing(seconds), sound, None)
    assert reason in str(values["gesture_beat_gap"])
    assert reason in str(values["gesture_beat_consistency"])


# Beside the real motion.


def test_recall_is_full_for_the_real_motion_and_counts_near_joints() -> None:
    motion = gesturing(4.0)
    assert numbers(measure_gesture(motion, None, motion))["gesture_srgr"] == 1
    assert numbers(measure_gesture(motion, None, gesturing(4.0, size=3, seed=5)))["gesture_srgr"] < 0.9
    real = np.zeros((3, 4, 3))
    ours = real.copy()
    ours[:, 0] = 0.05  # 0.087 m apart, 0.15 m as sum
    ours[:, 1] = 1.0
    assert float(srgr(ours, real)) == 0.75
    assert float(srgr(ours, real, distance="sum")) == 0.5
    assert float(srgr(ours, real, semantic=np.array([0.165, 0.33, 0.0]))) == pytest.approx(0.75)


def test_real_motion_of_another_length_is_not_compared() -> None:
    values = measure_gesture(gesturing(4.0), None, gesturing(5.0))
    assert "lasts 4.0 s, the real motion 5.0 s" in str(values["gesture_srgr"])


# Sets.


@pytest.fixture(scope="module")
def features() -> list[np.ndarray]:
    return motion_features([gesturing(14.0, rate_hz=rate, seed=seed) for seed in range(6) for rate in (0.6, 1.2)])


def test_the_name_of_the_metric_is_the_hash_of_the_encoder() -> None:
    assert sha256(ENCODER_FILE.read_bytes()).hexdigest()[:6] == ENCODER_SHA6
    assert SET_METRICS[0].name == FGD_NAME == f"gesture_fgd_own_{ENCODER_SHA6}"


def test_equal_sets_are_at_no_distance(features: list[np.ndarray]) -> None:
    assert fgd(features, features) == pytest.approx(0, abs=1e-3)
    assert fgd(features[::-1], features) == pytest.approx(0, abs=1e-3)


def test_a_set_that_is_too_small_is_not_measured(features: list[np.ndarray]) -> None:
    assert "needs 64 windows of 32 frames in each set, has 13" in str(fgd(features[:1], features))
    assert "two real motions" in str(halves_fgd(features[:1]))


def test_sets_give_a_value_or_a_reason_for_every_metric() -> None:
    motions = [gesturing(12.0, seed=seed) for seed in range(6)]
    real = [gesturing(24.0, seed=seed) for seed in range(10, 16)]
    values = measure_gesture_set(motions, real)
    assert list(values) == [metric.name for metric in SET_METRICS]
    assert all(value > 0 for value in numbers(values).values())
    assert len(numbers(values)) == 3
    alone = measure_gesture_set([gesturing(2.0)], [])
    assert all(isinstance(value, NotMeasured) for value in alone.values())
    assert list(alone) == [metric.name for metric in SET_METRICS]
    nothing = measure_gesture_set([], real)
    assert isinstance(nothing[FGD_NAME], NotMeasured)


def test_one_clip_over_and_over_has_no_diversity() -> None:
    clip = np.arange(5.0)
    assert pairwise_diversity([clip, clip, clip]) == 0
    assert pairwise_diversity([clip, clip + np.array([3.0, 4, 0, 0, 0])]) == 5


def test_features_do_not_depend_on_place_and_heading() -> None:
    motion = gesturing(5.0)
    here, there = encode([pose_numbers(motion), pose_numbers(elsewhere(motion, 1.5, 0.3))], shipped_encoder())
    assert here.shape == (4, FEATURES)
    np.testing.assert_allclose(there, here, atol=1e-3)
    assert len(windows_of(pose_numbers(gesturing(1.0)))) == 0


# Emotion.


def test_kinematics_do_not_depend_on_place_heading_and_side() -> None:
    motion = gesturing(4.0)
    ours = kinematics(motion)
    assert ours.shape == (len(KINEMATICS),)
    np.testing.assert_allclose(kinematics(elsewhere(motion, 2.0, 0.5)), ours, atol=1e-3)
    np.testing.assert_allclose(kinematics(motion.mirrored()), ours, atol=1e-5)
    with pytest.raises(ValueError, match="9 frames are too few"):
        kinematics(gesturing(0.3))


def test_kinematics_have_the_right_sign() -> None:
    def posed(joint: str, vector: tuple[float, float, float]) -> dict[str, float]:
        poses = standing(20).poses_rad.copy()
        poses[:, JOINT[joint]] += np.array(vector, np.float32)
        motion = BodyMotion(poses, standing(20).translation_m, 30.0)
        return dict(zip(KINEMATICS, kinematics(motion), strict=True))

    rest = posed("pelvis", (0, 0, 0))
    assert posed("spine1", (0.3, 0, 0))["lean_rad"] > rest["lean_rad"] + 0.1
    assert posed("neck", (0.4, 0, 0))["head_pitch_rad"] == pytest.approx(rest["head_pitch_rad"] + 0.4, abs=1e-6)
    assert posed("left_shoulder", (0, 0, 1.0))["hand_height_max_m"] > rest["hand_height_max_m"] + 0.2
    assert posed("left_elbow", (0, -1.2, 0))["elbow_rad"] < rest["elbow_rad"] - 0.3


def test_judge_gives_probabilities_and_can_be_told_what_is_possible() -> None:
    judge, motion = shipped_judge(), gesturing(4.0)
    full = judge.probabilities(motion)
    assert full.sum() == pytest.approx(1)
    assert judge.labels[: len(CANONICAL)] == CANONICAL
    known = judge.among(CANONICAL).probabilities(motion)
    assert known == pytest.approx(full[:4] / full[:4].sum())
    assert np.abs(judge.vad(motion)).max() <= 1


def test_ceilings_are_counts_over_the_labels_of_the_judge() -> None:
    found = ceilings()
    assert found["all"].labels == shipped_judge().labels
    assert found["canonical"].labels == CANONICAL
    assert found["all"].confusion.shape == (8, 8)
    assert (found["all"].confusion.sum(axis=1) >= 9).all()


# Fitting.


def acted(style: str, content: str, number: int) -> LabelledTake:
    styles = sorted(LABEL_OF_STYLE)
    manner = styles.index(style)
    motion = gesturing(3.0, rate_hz=0.4 + 0.15 * manner, size=0.5 + 0.2 * (manner % 4), seed=number)
    return LabelledTake(f"dataset-1_{content}_{style}_{number:03}", 1, content, style, number, motion)


def test_a_judge_can_be_fitted_and_read_back(tmp_path: Path) -> None:
    takes = [acted(style, content, n) for style in LABEL_OF_STYLE for content in ("bow", "bye") for n in range(3)]
    takes += [
        LabelledTake(f"dataset-2_{take.name}", 2, take.content, take.style, take.number, take.motion) for take in takes
    ]
    stored = fit(takes)
    (tmp_path / "judge.json").write_text(json.dumps(stored))
    judge = read_judge(tmp_path / "judge.json")
    right = [judge.labels[judge.probabilities(t.motion).argmax()] == LABEL_OF_STYLE[t.style] for t in takes]
    assert np.mean(right) > 0.8
    assert stored["figures"]["accuracy"]["chance"] == 0.125
    assert sum(map(sum, stored["ceilings"]["all"]["confusion"])) == len(takes)
    stored["kinematics"] = stored["kinematics"][::-1]
    (tmp_path / "judge.json").write_text(json.dumps(stored))
    with pytest.raises(ValueError, match="other kinematics"):
        read_judge(tmp_path / "judge.json")


def test_each_act_is_judged_by_a_judge_that_has_not_seen_it() -> None:
    styles = list(LABEL_OF_STYLE)
    takes = []
    # What the bow calls sad the waves call proud: what is learned from them is wrong for it.
    for dataset, content, order in ((1, "bow", styles), (2, "wave", styles[::-1]), (2, "raise", styles[::-1])):
        for style, manner in zip(styles, order, strict=True):
            motions = [acted(manner, content, number).motion for number in range(4)]
            takes += [LabelledTake(style, dataset, content, style, n, motion) for n, motion in enumerate(motions)]
    figures = fit(takes)["figures"]
    assert figures["accuracy_dataset_1"]["accuracy"] < 0.3


def test_an_encoder_can_be_trained_gone_on_with_and_read_back(tmp_path: Path) -> None:
    takes = [acted("happy", content, n) for content in ("bow", "bye") for n in range(2)]
    assert [take.held_out for take in takes] == [False, False, True, True]
    for _ in range(2):
        train(takes, tmp_path, steps=2)
        shape = encode([pose_numbers(takes[0].motion)], read_encoder(tmp_path / "encoder.safetensors"))[0].shape
        assert shape == (2, FEATURES)


def test_a_pack_is_read_as_it_was_packed(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    steps = rng.integers(-32768, 32768, (12, 66)).astype(np.int16)
    pieces = (steps[:5], steps[5:])
    packed = [np.diff(piece.astype(np.int32), axis=0, prepend=0).astype(np.int16) for piece in pieces]
    np.savez(
        tmp_path / "bandai_dev.npz",
        dpose=np.concatenate(packed),
        trans=np.arange(36, dtype=np.float32).reshape(12, 3),
        start=np.array([0, 5, 12]),
        name=np.array(["dataset-1_bow_sad_001", "dataset-2_wave-both-hands_active_008"]),
        content=np.array(["bow", "wave-both-hands"]),
        style=np.array(["sad", "active"]),
        dataset=np.array([1, 2], np.int8),
        scale=np.float64(9.59e-5),
        fps=np.float32(30),
    )
    first, second = read_takes(tmp_path)
    np.testing.assert_allclose(second.motion.poses_rad[:, :22].reshape(7, 66), pieces[1] * 9.59e-5, atol=1e-6)
    assert second.motion.translation_m[0].tolist() == [15, 16, 17]
    assert (first.style, first.number, first.held_out) == ("sad", 1, False)
    assert (second.dataset, second.number, second.held_out) == (2, 8, True)
    with pytest.raises(InputError, match=r"bandai_dev\.npz"):
        read_takes(tmp_path / "elsewhere")


def test_skeleton_and_body_positions_agree_on_lengths() -> None:
    motion = elsewhere(gesturing(2.0), 1.0, 0.5)
    world, facing = load_skeleton().positions(motion), body_positions(motion)
    assert np.linalg.norm(facing, axis=-1) == pytest.approx(np.linalg.norm(world - world[:, :1], axis=-1), abs=1e-5)

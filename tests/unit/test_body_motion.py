"""Body motion: what it accepts, where its joints are, and the files it goes to and comes from."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from espressivo.errors import InputError, OutputError
from espressivo.generators.gesture.bvh import read_bvh
from espressivo.generators.gesture.joints import JOINT, JOINTS, MIRRORED
from espressivo.generators.gesture.motion import BodyMotion
from espressivo.generators.gesture.npz import read_body_npz, write_body_npz
from espressivo.generators.gesture.retarget import read_body_bvh
from espressivo.generators.gesture.rotations import (
    heading,
    matrices_from,
    six_numbers,
    vectors_from,
    without_heading,
)
from espressivo.generators.gesture.skeleton import Skeleton, load_skeleton


def moved(frames: int = 9, fps: float = 30.0, seed: int = 0) -> BodyMotion:
    rng = np.random.default_rng(seed)
    return BodyMotion(rng.normal(0, 0.4, (frames, 55, 3)), rng.normal(size=(frames, 3)), fps)


def turned(joint: str, vector: tuple[float, float, float]) -> BodyMotion:
    poses = np.zeros((1, 55, 3))
    poses[0, JOINT[joint]] = vector
    return BodyMotion(poses, np.zeros((1, 3)), 30.0)


def place(motion: BodyMotion, joint: str) -> np.ndarray:
    return load_skeleton().positions(motion)[0, JOINT[joint]]


def test_joints_are_those_of_smplx() -> None:
    assert len(JOINTS) == len(set(JOINTS)) == 55
    assert (JOINT["left_wrist"], JOINT["jaw"], JOINT["left_index1"], JOINT["right_thumb3"]) == (20, 22, 25, 54)
    assert all(MIRRORED[MIRRORED[joint]] == joint for joint in range(55))
    assert MIRRORED[JOINT["left_pinky2"]] == JOINT["right_pinky2"]
    assert MIRRORED[JOINT["spine1"]] == JOINT["spine1"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"poses_rad": np.zeros((4, 54, 3))}, "poses_rad has shape"),
        ({"translation_m": np.zeros((3, 3))}, "translation_m has shape"),
        ({"poses_rad": np.full((4, 55, 3), np.nan)}, "not finite"),
        ({"fps": 0.0}, "fps is 0"),
        ({"fps": float("inf")}, "fps is inf"),
        ({"poses_rad": np.zeros((0, 55, 3)), "translation_m": np.zeros((0, 3))}, "no frames"),
    ],
)
def test_what_is_no_motion_is_refused(changed: dict[str, Any], reason: str) -> None:
    fields: dict[str, Any] = {"poses_rad": np.zeros((4, 55, 3)), "translation_m": np.zeros((4, 3)), "fps": 30.0}
    with pytest.raises(ValueError, match=reason):
        BodyMotion(**(fields | changed))


def test_a_motion_cannot_be_changed() -> None:
    given_poses = np.zeros((2, 55, 3))
    motion = BodyMotion(given_poses, np.zeros((2, 3)), 30.0)
    given_poses[:] = 1
    assert not motion.poses_rad.any()
    with pytest.raises(ValueError, match="read-only"):
        motion.poses_rad[0] = 1


def test_at_rest_the_body_stands_with_its_arms_out() -> None:
    places = load_skeleton().positions(BodyMotion(np.zeros((1, 55, 3)), np.array([[1.0, 2, 3]]), 30.0))[0]
    assert places[0] == pytest.approx([1, 2, 3])
    left, right, head, ankle, toe = (
        places[JOINT[name]] - [1, 2, 3] for name in ("left_wrist", "right_wrist", "head", "left_ankle", "left_foot")
    )
    assert left[0] > 0.5
    assert right == pytest.approx(left * [-1, 1, 1])
    assert head[1] > 0.5
    assert ankle[1] == pytest.approx(-0.824, abs=1e-3)
    assert toe[2] > ankle[2]


def test_joints_turn_as_the_reference_says() -> None:
    rest = turned("pelvis", (0, 0, 0))
    assert place(turned("left_shoulder", (0, 0, 0.5)), "left_wrist")[1] > place(rest, "left_wrist")[1]
    assert place(turned("right_shoulder", (0, 0, -0.5)), "right_wrist")[1] > place(rest, "right_wrist")[1]
    assert place(turned("left_elbow", (0, -1.0, 0)), "left_wrist")[2] > place(rest, "left_wrist")[2] + 0.1
    assert place(turned("right_elbow", (0, 1.0, 0)), "right_wrist")[2] > place(rest, "right_wrist")[2] + 0.1
    assert place(turned("left_knee", (1.0, 0, 0)), "left_ankle")[2] < place(rest, "left_ankle")[2] - 0.1
    assert place(turned("neck", (0.5, 0, 0)), "head")[2] > place(rest, "head")[2]


def test_bones_keep_their_length() -> None:
    skeleton = load_skeleton()
    places = skeleton.positions(moved(20))
    bones = np.linalg.norm(places[:, 1:] - places[:, list(skeleton.parents[1:])], axis=-1)
    expected = np.linalg.norm(skeleton.offsets_m[1:], axis=-1)
    np.testing.assert_allclose(bones, np.broadcast_to(expected, bones.shape), rtol=1e-9)


def test_a_mirrored_motion_is_seen_in_a_mirror() -> None:
    motion, skeleton = moved(), load_skeleton()
    mirrored = skeleton.positions(motion.mirrored())[:, MIRRORED[:22]]
    np.testing.assert_allclose(mirrored * [-1, 1, 1], skeleton.positions(motion), atol=1e-6)
    np.testing.assert_array_equal(motion.mirrored().mirrored().poses_rad, motion.poses_rad)


def test_a_skeleton_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="parents must start"):
        Skeleton(("pelvis", "spine1"), (-1, 1), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="names holds tail"):
        Skeleton(("pelvis", "tail"), (-1, 0), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="offsets_m has shape"):
        Skeleton(("pelvis",), (-1,), np.zeros((2, 3)))


def test_resampling_keeps_frames_that_stay_and_goes_the_short_way() -> None:
    motion = moved()
    np.testing.assert_allclose(motion.resampled(60.0).poses_rad[::2], motion.poses_rad, atol=1e-5)
    assert motion.resampled(30.0) is motion
    assert len(moved(31).resampled(25.0)) == 26
    poses = np.zeros((2, 55, 3))
    poses[:, 0, 1] = 3.0, -3.0  # 0.28 rad apart across the back, 6 rad across the front
    between = BodyMotion(poses, np.zeros((2, 3)), 30.0).resampled(60.0).poses_rad[1, 0]
    assert abs(between[1]) == pytest.approx(np.pi, abs=1e-5)


@given(arrays(np.float64, (5, 3), elements=st.floats(-3.1, 3.1)))
def test_rotations_come_back(vectors: np.ndarray) -> None:
    matrices = matrices_from(vectors)
    np.testing.assert_allclose(matrices_from(vectors_from(matrices)), matrices, atol=1e-9)


def test_six_numbers_are_the_first_two_rows() -> None:
    assert six_numbers(np.eye(3)).tolist() == [1, 0, 0, 0, 1, 0]
    quarter = matrices_from(np.array([0, 0, np.pi / 2]))
    np.testing.assert_allclose(six_numbers(quarter), [0, -1, 0, 1, 0, 0], atol=1e-12)


@given(st.floats(-3.0, 3.0), st.floats(-1.2, 1.2))
def test_without_heading_only_the_lean_is_left(yaw: float, lean: float) -> None:
    turn, bow = matrices_from(np.array([[0, yaw, 0]])), matrices_from(np.array([[lean, 0, 0]]))
    assert np.cos(heading(turn)[0]) == pytest.approx(np.cos(yaw), abs=1e-9)
    np.testing.assert_allclose(without_heading(turn @ bow), bow, atol=1e-9)


@settings(max_examples=15)
@given(
    arrays(np.float32, (3, 55, 3), elements=st.floats(-4, 4, width=32)),
    arrays(np.float32, (3, 3), elements=st.floats(-100, 100, width=32)),
    st.floats(1, 240),
)
def test_npz_round_trip_is_exact(
    tmp_path_factory: pytest.TempPathFactory, poses: np.ndarray, places: np.ndarray, fps: float
) -> None:
    path = tmp_path_factory.mktemp("npz") / "body.npz"
    write_body_npz(path, BodyMotion(poses, places, fps))
    read = read_body_npz(path)
    np.testing.assert_array_equal(read.poses_rad, poses)
    np.testing.assert_array_equal(read.translation_m, places)
    assert read.fps == fps


def test_npz_has_the_keys_of_amass(tmp_path: Path) -> None:
    write_body_npz(tmp_path / "body.npz", moved())
    with np.load(tmp_path / "body.npz") as archive:
        assert archive["poses"].shape == (9, 165)
        assert {"trans", "betas", "gender", "mocap_frame_rate", "mocap_framerate"} <= set(archive.files)


def test_shapes_of_other_programs_are_read(tmp_path: Path) -> None:
    motion = moved()
    rest: dict[str, Any] = {"trans": motion.translation_m, "mocap_framerate": np.float64(30)}
    np.savez(tmp_path / "amuse.npz", poses=motion.poses_rad, **rest)
    np.testing.assert_array_equal(read_body_npz(tmp_path / "amuse.npz").poses_rad, motion.poses_rad)
    np.savez(tmp_path / "body.npz", poses=motion.poses_rad[:, :22].reshape(9, 66), **rest)
    body = read_body_npz(tmp_path / "body.npz").poses_rad
    np.testing.assert_array_equal(body[:, :22], motion.poses_rad[:, :22])
    assert not body[:, 22:].any()


def test_files_with_z_up_are_stood_up(tmp_path: Path) -> None:
    upright = moved()
    skeleton = load_skeleton()
    lay = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    poses = upright.poses_rad.copy()
    poses[:, 0] = vectors_from(lay @ matrices_from(upright.poses_rad[:, 0]))
    write_body_npz(tmp_path / "body.npz", BodyMotion(poses, upright.translation_m @ lay.T, 30.0))
    stood_up = skeleton.positions(read_body_npz(tmp_path / "body.npz", up="z"))
    np.testing.assert_allclose(stood_up, skeleton.positions(upright), atol=1e-5)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"poses": np.zeros((9, 156))}, "22 or 55 joints"),
        ({"poses": np.zeros(9)}, "22 or 55 joints"),
        ({"poses": np.zeros((0, 165)), "trans": np.zeros((0, 3))}, "no frames|22 or 55"),
        ({"trans": np.zeros((8, 3))}, "translation_m has shape"),
        ({"mocap_frame_rate": np.zeros(2)}, "no body motion"),
        ({"mocap_frame_rate": np.array(-1.0)}, "fps is -1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    fields: dict[str, Any] = {
        "poses": np.zeros((9, 165)),
        "trans": np.zeros((9, 3)),
        "mocap_frame_rate": np.array(30.0),
    }
    np.savez(tmp_path / "body.npz", **(fields | changed))
    with pytest.raises(InputError, match=reason) as caught:
        read_body_npz(tmp_path / "body.npz")
    assert "body.npz" in str(caught.value)


def test_files_that_are_no_motion_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps({"poses": 1}))
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    for name, reason in (("pickle.npz", "cannot be read"), ("other.npz", "lacks poses"), ("none.npz", "No such file")):
        with pytest.raises(InputError, match=reason):
            read_body_npz(tmp_path / name)
    with pytest.raises(OutputError):
        write_body_npz(tmp_path / "missing" / "body.npz", moved())


BONES = {
    "Hips": ("joint_Root", (0, 94, 0)),
    "Spine": ("Hips", (15.7, 0, 0)),
    "Chest": ("Spine", (9, 0, 0)),
    "Neck": ("Chest", (16.4, 0, 0)),
    "Head": ("Neck", (6.5, 0, 0)),
    **{f"Shoulder_{side}": ("Chest", (13, 0, sign * 5)) for side, sign in (("L", 1), ("R", -1))},
    **{f"UpperArm_{side}": (f"Shoulder_{side}", (sign * 5.3, 0, 0)) for side, sign in (("L", 1), ("R", -1))},
    **{f"LowerArm_{side}": (f"UpperArm_{side}", (sign * 24.3, 0, 0)) for side, sign in (("L", 1), ("R", -1))},
    **{f"Hand_{side}": (f"LowerArm_{side}", (sign * 22.3, 0, 0)) for side, sign in (("L", 1), ("R", -1))},
    **{f"UpperLeg_{side}": ("Hips", (-2.2, -sign * 6.5, 0)) for side, sign in (("L", 1), ("R", -1))},
    **{f"LowerLeg_{side}": (f"UpperLeg_{side}", (sign * 39, 0, 0)) for side, sign in (("L", 1), ("R", -1))},
    **{f"Foot_{side}": (f"LowerLeg_{side}", (sign * 41, 0, 0)) for side, sign in (("L", 1), ("R", -1))},
    **{f"Toes_{side}": (f"Foot_{side}", (sign * 11.8, 0, 0)) for side, sign in (("L", 1), ("R", -1))},
}
"""A made-up body with the joints and axes of the dataset: bones along X."""


def write_take(path: Path, frames: int = 4, seed: int = 1) -> None:
    names = ["joint_Root", *BONES]

    def block(name: str) -> str:
        offset = " ".join(map(str, BONES[name][1])) if name in BONES else "0 0 0"
        children = "\n".join(block(child) for child in BONES if BONES[child][0] == name)
        kind = "ROOT" if name == "joint_Root" else "JOINT"
        end = children or "End Site\n{\nOFFSET 0 0 0\n}"
        moves = "6 Xposition Yposition Zposition" if name in ("joint_Root", "Hips") else "3"
        channels = f"{moves} Zrotation Xrotation Yrotation"
        return f"{kind} {name}\n{{\nOFFSET {offset}\nCHANNELS {channels}\n{end}\n}}"

    text = f"HIERARCHY\n{block('joint_Root')}\nMOTION\nFrames: {frames}\nFrame Time: 0.0333333\n"
    angles = np.random.default_rng(seed).uniform(-60, 60, (frames, 3 * len(names) + 6))
    angles[:, :3], angles[:, 3:6], angles[:, 6:9] = 0, 0, [3, 94, -2]
    path.write_text(text + "\n".join(" ".join(f"{value:.5f}" for value in row) for row in angles))


def test_bvh_hierarchy_and_angles_are_read(tmp_path: Path) -> None:
    text = """HIERARCHY
ROOT A
{ OFFSET 1 2 3 CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT B { OFFSET 0 10 0 CHANNELS 3 Zrotation Xrotation Yrotation End Site { OFFSET 0 5 0 } }
  JOINT C { OFFSET 4 0 0 CHANNELS 3 Zrotation Xrotation Yrotation } }
MOTION
Frames: 1
Frame Time: 0.05
7 8 9 90 0 0 10 20 30 0 0 0"""
    (tmp_path / "a.bvh").write_text(text)
    take = read_bvh(tmp_path / "a.bvh")
    assert (take.names, take.parents, take.fps) == (("A", "B", "C"), (-1, 0, 0), 20.0)
    np.testing.assert_allclose(take.world_places()[0], [[7, 8, 9], [-3, 8, 9], [7, 12, 9]], atol=1e-9)
    z, x, y = (matrices_from(np.deg2rad(vector)) for vector in ([0, 0, 10.0], [20.0, 0, 0], [0, 30.0, 0]))
    np.testing.assert_allclose(take.rotations[0, 1], z @ x @ y, atol=1e-9)


def test_limbs_of_a_bvh_point_where_they_pointed(tmp_path: Path) -> None:
    write_take(tmp_path / "take.bvh")
    take, motion = read_bvh(tmp_path / "take.bvh"), read_body_bvh(tmp_path / "take.bvh")
    theirs, ours = take.world_places(), load_skeleton().positions(motion)
    limbs = {
        "left_elbow": ("UpperArm_L", "LowerArm_L"),
        "right_wrist": ("LowerArm_R", "Hand_R"),
        "left_knee": ("UpperLeg_L", "LowerLeg_L"),
        "right_ankle": ("LowerLeg_R", "Foot_R"),
    }
    for joint, (start, end) in limbs.items():
        parent = load_skeleton().parents[JOINT[joint]]
        expected = theirs[:, take.names.index(end)] - theirs[:, take.names.index(start)]
        found = ours[:, JOINT[joint]] - ours[:, parent]
        unit = [bone / np.linalg.norm(bone, axis=1, keepdims=True) for bone in (expected, found)]
        np.testing.assert_allclose(unit[1], unit[0], atol=1e-6)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("HIERARCHY ROOT A { OFFSET 0 0 0", "no MOTION"),
        ("HIERARCHY MOTION Frames: 1 Frame Time: 0.03 0", "names no joints"),
        ("HIERARCHY ROOT A { OFFSET 0 0 CHANNELS } MOTION Frames: 1", "could not convert"),
        ("HIERARCHY ROOT A { OFFSET 0 0 0 CHANNELS 1 Wrotation } MOTION", "channel Wrotation is unknown"),
        ("HIERARCHY ROOT A { OFFSET 0 0 0 CHANNELS 9 Xrotation", "no MOTION"),
        ("HIERARCHY ROOT A { OFFSET 0 0 0 CHANNELS 9 Xrotation MOTION Frames: 1", "ends too early"),
        ("ROOT A { OFFSET 0 0 0 CHANNELS 1 Xrotation } MOTION Frames: 2 Frame Time: 0.03 1 2 3", "do not make"),
        ("ROOT A { OFFSET 0 0 0 CHANNELS 1 Xrotation } MOTION Frames: 1 Frame Time: 0.03 nan", "finite"),
        ("ROOT A { OFFSET 0 0 0 CHANNELS 1 Xrotation } MOTION Frames: 1 Frame Time: 0.03 1 2", "do not fit"),
        ("<svg>MOTION", "not expected"),
    ],
)
def test_files_that_are_no_bvh_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "a.bvh").write_text(text)
    with pytest.raises(InputError, match=reason):
        read_bvh(tmp_path / "a.bvh")


def test_bvh_with_other_joints_is_refused(tmp_path: Path) -> None:
    text = "HIERARCHY ROOT A { OFFSET 0 0 0 CHANNELS 1 Xrotation } MOTION Frames: 1 Frame Time: 0.03 5"
    (tmp_path / "a.bvh").write_text(text)
    with pytest.raises(InputError, match="no joint"):
        read_body_bvh(tmp_path / "a.bvh")
    with pytest.raises(InputError, match="No such file"):
        read_body_bvh(tmp_path / "none.bvh")

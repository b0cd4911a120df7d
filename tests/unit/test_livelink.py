"""Live Link Face CSV: its columns, its signs, and reading what other tools write."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from espressivo.errors import InputError, OutputError
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL, weights_from
from espressivo.generators.face.export.livelink import COLUMNS, HEAD_COLUMNS, read_livelink_csv, write_livelink_csv
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.rig import rotation

HEADER_OF_THE_APP = (
    "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,EyeLookUpLeft,EyeSquintLeft,"
    "EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,EyeLookOutRight,EyeLookUpRight,EyeSquintRight,"
    "EyeWideRight,JawForward,JawRight,JawLeft,JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,"
    "MouthSmileLeft,MouthSmileRight,MouthFrownLeft,MouthFrownRight,MouthDimpleLeft,MouthDimpleRight,MouthStretchLeft,"
    "MouthStretchRight,MouthRollLower,MouthRollUpper,MouthShrugLower,MouthShrugUpper,MouthPressLeft,MouthPressRight,"
    "MouthLowerDownLeft,MouthLowerDownRight,MouthUpperUpLeft,MouthUpperUpRight,BrowDownLeft,BrowDownRight,BrowInnerUp,"
    "BrowOuterUpLeft,BrowOuterUpRight,CheekPuff,CheekSquintLeft,CheekSquintRight,NoseSneerLeft,NoseSneerRight,"
    "TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,RightEyePitch,RightEyeRoll"
)


def still(frames: int, fps: float = 30, **values: float) -> FaceMotion:
    weights = np.tile(weights_from(**values), (frames, 1))
    return FaceMotion(weights, np.zeros((frames, 3)), np.zeros((frames, 2)), fps)


def moved(frames: int, fps: float, seed: int = 0) -> FaceMotion:
    rng = np.random.default_rng(seed)
    return FaceMotion(rng.random((frames, 52)), rng.normal(0, 0.3, (frames, 3)), rng.normal(0, 0.3, (frames, 2)), fps)


def row_of(path: Path, line: int = 1) -> dict[str, str]:
    lines = path.read_text().splitlines()
    return dict(zip(lines[0].split(","), lines[line].split(","), strict=True))


def write_rows(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def test_header_is_that_of_the_app(tmp_path: Path) -> None:
    write_livelink_csv(tmp_path / "face.csv", still(1))
    assert (tmp_path / "face.csv").read_text().splitlines()[0] == HEADER_OF_THE_APP
    assert len(COLUMNS) == 63


def test_swapped_pairs_carry_their_own_values(tmp_path: Path) -> None:
    write_livelink_csv(tmp_path / "face.csv", still(1, jawLeft=0.25, mouthRight=0.75))
    row = row_of(tmp_path / "face.csv")
    assert (row["JawLeft"], row["JawRight"]) == ("0.2500000", "0.0000000")
    assert (row["MouthLeft"], row["MouthRight"]) == ("0.0000000", "0.7500000")
    assert row["BlendShapeCount"] == "61"


@pytest.mark.parametrize(("axis", "column", "sign"), [(0, "HeadPitch", 1), (1, "HeadYaw", -1), (2, "HeadRoll", -1)])
def test_head_angles_have_the_signs_of_the_app(tmp_path: Path, axis: int, column: str, sign: int) -> None:
    # Ours: X chin down, Y to the performer's left, Z tilt to the right; the app: yaw to the right, pitch down.
    head = np.zeros((1, 3))
    head[0, axis] = 0.2
    write_livelink_csv(tmp_path / "face.csv", FaceMotion(np.zeros((1, 52)), head, np.zeros((1, 2)), 30))
    row = row_of(tmp_path / "face.csv")
    assert {name: float(row[name]) for name in HEAD_COLUMNS} == pytest.approx(
        dict.fromkeys(HEAD_COLUMNS, 0.0) | {column: sign * 0.2}, abs=1e-6
    )


def test_head_angles_are_those_of_an_unreal_rotator(tmp_path: Path) -> None:
    angles = np.array([0.4, -0.5, 0.3])
    motion = FaceMotion(np.zeros((1, 52)), angles[None], np.zeros((1, 2)), 30)
    write_livelink_csv(tmp_path / "face.csv", motion)
    row = row_of(tmp_path / "face.csv")
    yaw, pitch, roll = -float(row["HeadYaw"]), float(row["HeadPitch"]), -float(row["HeadRoll"])
    # A rotator rolls first, then pitches, then yaws; each alone is a rotation that the rig defines.
    turned = rotation(np.array([0, yaw, 0])) @ rotation(np.array([pitch, 0, 0])) @ rotation(np.array([0, 0, roll]))
    np.testing.assert_allclose(turned, rotation(angles), atol=1e-5)


def test_eye_angles_have_the_signs_of_the_app(tmp_path: Path) -> None:
    motion = FaceMotion(np.zeros((1, 52)), np.zeros((1, 3)), np.array([[0.4, 0.05]]), 30)
    write_livelink_csv(tmp_path / "face.csv", motion)
    row = row_of(tmp_path / "face.csv")
    for side in ("Left", "Right"):
        eye = [float(row[f"{side}Eye{axis}"]) for axis in ("Yaw", "Pitch", "Roll")]
        assert eye == pytest.approx([-0.4, 0.05, 0.0])


def test_gaze_agrees_with_the_look_channels_of_the_app(tmp_path: Path) -> None:
    # In the app's recordings LeftEyeYaw falls as eyeLookOutLeft rises, and LeftEyePitch falls as eyeLookUpLeft rises.
    path = write_rows(
        tmp_path / "face.csv",
        "Timecode,EyeLookOutLeft,EyeLookInRight,EyeLookUpLeft,EyeLookUpRight,LeftEyeYaw,LeftEyePitch",
        "00:00:00:00.000,0.5,0.5,0.4,0.4,-0.30,-0.20",
        "00:00:00:02.000,0.5,0.5,0.4,0.4,-0.30,-0.20",
    )
    with_eyes = read_livelink_csv(path).gaze_rad
    without = path.read_text().replace("LeftEyeYaw,LeftEyePitch", "Other,Another")
    path.write_text(without)
    np.testing.assert_allclose(with_eyes, [[0.3, -0.2]] * 2, atol=1e-6)  # to the left and up
    np.testing.assert_allclose(read_livelink_csv(path).gaze_rad, with_eyes, atol=1e-6)


def test_a_still_face_is_written_without_minus_zero(tmp_path: Path) -> None:
    write_livelink_csv(tmp_path / "face.csv", still(2))
    assert "-0.0" not in (tmp_path / "face.csv").read_text()


@pytest.mark.parametrize(
    ("fps", "frame", "timecode"),
    [(60, 1, "00:00:00:01.000"), (30, 1, "00:00:00:02.000"), (25, 1, "00:00:00:02.400"), (30, 30, "00:00:01:00.000")],
)
def test_timecode_counts_sixtieths_of_a_second(tmp_path: Path, fps: float, frame: int, timecode: str) -> None:
    write_livelink_csv(tmp_path / "face.csv", still(frame + 1, fps))
    assert row_of(tmp_path / "face.csv", frame + 1)["Timecode"] == timecode


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frames=st.integers(2, 90),
    fps=st.sampled_from([12, 24, 24 / 1.001, 25, 30 / 1.001, 30, 48, 50, 60 / 1.001, 60, 100, 120]),
    seed=st.integers(0, 2**16),
)
def test_round_trip(tmp_path: Path, frames: int, fps: float, seed: int) -> None:
    motion = moved(frames, fps, seed)
    write_livelink_csv(tmp_path / "face.csv", motion)
    read = read_livelink_csv(tmp_path / "face.csv")
    # The timecode resolves 1/60000 s: two frames alone cannot tell 30 from 29.97.
    assert read.fps == pytest.approx(fps, rel=1.1e-3 if frames < 20 else 1e-9)
    np.testing.assert_allclose(read.weights, motion.weights, atol=1e-6)
    np.testing.assert_allclose(read.head_rad, motion.head_rad, atol=1e-6)
    np.testing.assert_allclose(read.gaze_rad, motion.gaze_rad, atol=1e-6)


def test_reads_52_lower_case_columns_in_another_order(tmp_path: Path) -> None:
    names = [name.lower() for name in reversed(ARKIT_NAMES)]
    values = np.random.default_rng(1).random(52)
    row = ",".join(f"{value:.6f}" for value in values)
    motion = read_livelink_csv(write_rows(tmp_path / "face.csv", ",".join(names), row, row), fps=25)
    np.testing.assert_allclose(motion.weights[0], values[::-1], atol=1e-6)
    assert (len(motion), motion.fps) == (2, 25)
    assert not motion.head_rad.any()


def test_reads_a_file_with_byte_order_mark_spaces_and_unknown_columns(tmp_path: Path) -> None:
    path = tmp_path / "face.csv"
    path.write_text("\ufeffTimecode, JawOpen ,Mood\r\n00:00:00:00,0.5,happy\r\n\r\n00:00:00:01,0.6,sad\r\n")
    motion = read_livelink_csv(path)
    np.testing.assert_allclose(motion.channel("jawOpen"), [0.5, 0.6], atol=1e-6)
    assert motion.fps == 60


@pytest.mark.parametrize("base", [24, 25, 30, 50, 60])
def test_the_base_of_the_frame_count_is_found(tmp_path: Path, base: int) -> None:
    rows = [f"10:59:{58 + k // base:02d}:{k % base:02d},{k / 100:.2f}" for k in range(2 * base)]
    motion = read_livelink_csv(write_rows(tmp_path / "face.csv", "Timecode,JawOpen", *rows))
    assert (motion.fps, len(motion)) == (base, 2 * base)


def test_dropped_and_faceless_rows_are_filled_in(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "face.csv",
        "Timecode,BlendShapeCount,JawOpen",
        "23:59:59:56.500,61,0.0",
        "23:59:59:58.500,61,0.2",
        "00:00:00:00.500,0",  # the app saw no face
        "00:00:00:04.500,61,0.8",  # and one row is missing
        "00:00:00:06.500,61,1.0",
    )
    motion = read_livelink_csv(path)
    assert motion.fps == 30
    np.testing.assert_allclose(motion.channel("jawOpen"), [0, 0.2, 0.4, 0.6, 0.8, 1.0], atol=1e-6)


def test_weights_a_little_outside_are_clamped(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "face.csv", "JawOpen,MouthClose", "1.05,-0.02")
    weights = read_livelink_csv(path, fps=30).weights[0]
    assert (weights[CHANNEL["jawOpen"]], weights[CHANNEL["mouthClose"]]) == (1, 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "names no ARKit channel in line 1"),
        ("a,b\n1,2\n", "names no ARKit channel in line 1"),
        ("JawOpen\n", "holds no frame"),
        ("JawOpen,jawopen\n1,2\n", "two columns JawOpen"),
        ("JawOpen\n0.5\n", "no Timecode column"),
        ("Timecode,JawOpen\n00:00:00:00,0.1\n00:00:00:01,x\n", "line 3: JawOpen is 'x'"),
        ("Timecode,JawOpen\n00:00:00:00,nan\n", "line 2: JawOpen is 'nan'"),
        ("Timecode,JawOpen\n00:00:00:00,80\n", "line 2: JawOpen is 80; give weights from 0 to 1"),
        ("Timecode,JawOpen,HeadYaw\n00:00:00:00,0,45\n", "line 2: HeadYaw is 45; give angles in radians"),
        ("Timecode,JawOpen\n00:00:00:00\n", "1 values in line 2, 2 in its header"),
        ("Timecode,JawOpen\nsoon,0.1\n", "line 2: Timecode is 'soon'"),
        ("Timecode,JawOpen\n00:00:00:05,0\n00:00:00:04,0\n", "line 3: its Timecode is not later"),
        ("Timecode,JawOpen\n00:00:00:00,0\n00:00:00:01,0\n09:00:00:00,0\n", "gap"),
        ("Timecode,JawOpen\n00:00:00:999,0\n", "counts 999 frames"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_its_line(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "face.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=reason) as caught:
        read_livelink_csv(path)
    assert "face.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_and_missing_folder_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_livelink_csv(tmp_path / "face.csv")
    with pytest.raises(OutputError, match="No such file"):
        write_livelink_csv(tmp_path / "missing" / "face.csv", still(1))

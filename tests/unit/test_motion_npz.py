"""FaceMotion to npz and back, and to Audio2Face JSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from espressivo.errors import InputError, OutputError
from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.face.export.audio2face import write_audio2face_json
from espressivo.generators.face.export.npz import read_motion_npz, write_motion_npz
from espressivo.generators.face.motion import FaceMotion


def moved(frames: int = 7, fps: float = 29.97) -> FaceMotion:
    rng = np.random.default_rng(3)
    return FaceMotion(rng.random((frames, 52)), rng.normal(size=(frames, 3)), rng.normal(size=(frames, 2)), fps)


def arrays(motion: FaceMotion) -> dict[str, Any]:
    return {
        "weights": motion.weights,
        "head_rad": motion.head_rad,
        "gaze_rad": motion.gaze_rad,
        "fps": np.array(motion.fps),
        "names": np.array(ARKIT_NAMES),
    }


def test_round_trip_is_exact(tmp_path: Path) -> None:
    motion = moved()
    write_motion_npz(tmp_path / "face.npz", motion)
    read = read_motion_npz(tmp_path / "face.npz")
    assert read.fps == motion.fps
    for name in ("weights", "head_rad", "gaze_rad"):
        np.testing.assert_array_equal(getattr(read, name), getattr(motion, name))


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    motion = moved()
    order = np.random.default_rng(4).permutation(52)
    shuffled: dict[str, Any] = {"weights": motion.weights[:, order], "names": np.array(ARKIT_NAMES)[order]}
    np.savez(tmp_path / "face.npz", **(arrays(motion) | shuffled))
    np.testing.assert_array_equal(read_motion_npz(tmp_path / "face.npz").weights, motion.weights)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"weights": np.zeros((7, 51))}, "no face motion"),
        ({"head_rad": np.zeros((6, 3))}, "head_rad has shape"),
        ({"gaze_rad": np.full((7, 2), np.nan)}, "not finite"),
        ({"fps": np.array(0.0)}, "fps is 0"),
        ({"fps": np.zeros(3)}, "no face motion"),
        ({"names": np.array(["jawOpen"] * 52)}, "no face motion"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    np.savez(tmp_path / "face.npz", **(arrays(moved()) | changed))
    with pytest.raises(InputError, match=reason):
        read_motion_npz(tmp_path / "face.npz")


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "face.npz", weights=np.zeros((2, 52)))
    with pytest.raises(InputError, match="lacks head_rad, gaze_rad, fps, names"):
        read_motion_npz(tmp_path / "face.npz")


def test_missing_file_and_missing_folder_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_motion_npz(tmp_path / "face.npz")
    with pytest.raises(OutputError, match="No such file"):
        write_motion_npz(tmp_path / "missing" / "face.npz", moved())


def test_audio2face_json_holds_every_weight(tmp_path: Path) -> None:
    motion = moved(frames=3, fps=60)
    write_audio2face_json(tmp_path / "face.json", motion, track_path="line.wav")
    document = json.loads((tmp_path / "face.json").read_text())
    assert (document["exportFps"], document["numPoses"], document["numFrames"]) == (60, 52, 3)
    assert (document["trackPath"], document["facsNames"]) == ("line.wav", list(ARKIT_NAMES))
    np.testing.assert_allclose(document["weightMat"], motion.weights, atol=1e-6)

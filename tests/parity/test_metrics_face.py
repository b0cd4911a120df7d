"""Landmark, THEval and blink measures against values that the peers' code gave on the same numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from espressivo.eval.face.blink import PEER, eye_aspect_ratio, find_blinks
from espressivo.eval.face.landmarks68 import MOUTH, landmark_distance
from espressivo.eval.face.theval import (
    SQUARE_PX,
    brow_dynamics,
    frame_loudness,
    head_dynamics,
    lip_dynamics,
    lip_opening,
    lip_sync_distance,
    scores,
    silent_lip_spread,
)

FOLDER = Path(__file__).parents[1] / "fixtures" / "metrics_face"
GIVEN = load_file(FOLDER / "inputs.safetensors")
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
RELATIVE = 1e-9


def test_landmark_distance_is_the_peers() -> None:
    a, b = GIVEN["lmd.a"], GIVEN["lmd.b"]
    assert landmark_distance(a[:, MOUTH], b[:, MOUTH]) == pytest.approx(EXPECTED["lmd.mouth"], rel=RELATIVE)
    assert landmark_distance(a, b) == pytest.approx(EXPECTED["lmd.face"], rel=RELATIVE)


def test_blinks_are_the_peers() -> None:
    ratio = eye_aspect_ratio(GIVEN["blink.eyes68"])
    assert ratio.mean() == pytest.approx(EXPECTED["blink.ear_mean"], rel=RELATIVE)
    assert ratio.min() == pytest.approx(EXPECTED["blink.ear_min"], rel=RELATIVE)
    opened = find_blinks(ratio, 25, PEER)
    assert len(opened) == EXPECTED["blink.count"]
    # The peer counts from the frame after the one in which the eye is open again.
    assert np.diff([-1, *opened]).tolist() == EXPECTED["blink.intervals"]


def test_theval_is_the_peers() -> None:
    points = GIVEN["theval.landmarks_xy"]
    squeezed = points * SQUARE_PX
    height, width = GIVEN["theval.image_hw"]
    assert lip_dynamics(squeezed) == pytest.approx(EXPECTED["theval.lip_dynamics"], rel=RELATIVE)
    assert brow_dynamics(points * [width, height]) == pytest.approx(EXPECTED["theval.eyebrow"], rel=RELATIVE)
    silent = silent_lip_spread(squeezed, GIVEN["theval.silent_frames"])
    assert silent == pytest.approx(EXPECTED["theval.silent_mad"], rel=RELATIVE)
    opening = lip_opening(points)
    assert opening.mean() == pytest.approx(EXPECTED["theval.openness_mean"], rel=RELATIVE)
    samples = GIVEN["theval.audio_int16_16k"].astype(np.float32) / 32768
    speaking = np.isin(np.arange(len(points)), GIVEN["theval.speech_frames"])
    distance = lip_sync_distance(opening, frame_loudness(samples, 16000, 25, len(points)), speaking)
    assert distance == pytest.approx(EXPECTED["theval.lip_sync"], rel=RELATIVE)
    pose = GIVEN["theval.pose_pyr_txty"].T
    assert head_dynamics(pose[:, :3], pose[:, 3:]) == pytest.approx(EXPECTED["theval.head_motion"], rel=RELATIVE)


def test_thevals_score_is_not_clipped() -> None:
    real, *systems = GIVEN["theval.table_row0_is_GT"]
    found = scores({"GT": real, **dict(zip("abc", systems, strict=True))}, real)
    assert found == pytest.approx(EXPECTED["theval.final_scores"], rel=RELATIVE)
    assert scores({"m": [12, 5, 10, 15, 10, 5, 10, 0]}, [10] * 8)["m"] == pytest.approx(0.6625)
    assert min(found.values()) < 0

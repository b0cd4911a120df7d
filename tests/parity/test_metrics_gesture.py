"""Measures of gesture against EMAGE's own evaluation code, run on seeded inputs."""

import json
from pathlib import Path

import numpy as np
import pytest

from espressivo.eval.gesture.beats import beat_consistency
from espressivo.eval.gesture.diversity import l1_diversity, squared_difference, srgr, velocity_difference
from espressivo.eval.metric import Pooled

FOLDER = Path(__file__).parents[1] / "fixtures" / "metrics_gesture"
EXPECTED = {
    name.removeprefix("gesture."): value for name, value in json.loads((FOLDER / "expected.json").read_text()).items()
}


@pytest.fixture(scope="module")
def inputs() -> dict[str, np.ndarray]:
    with np.load(FOLDER / "inputs.npz") as archive:
        return dict(archive)


def _joints(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1, 3)


def test_l1_diversity(inputs: dict[str, np.ndarray]) -> None:
    whole, half = l1_diversity(inputs["pos"]), l1_diversity(inputs["pos2"][:150])
    assert float(whole) == pytest.approx(EXPECTED["L1div"], rel=1e-9)
    both = Pooled(whole.total + half.total, whole.weight + half.weight)
    assert float(both) == pytest.approx(EXPECTED["L1div_two_clips"], rel=1e-9)
    assert float(l1_diversity(_joints(inputs["pos"]))) == pytest.approx(EXPECTED["L1div"], rel=1e-9)


def test_srgr(inputs: dict[str, np.ndarray]) -> None:
    pair = _joints(inputs["pos"]), _joints(inputs["pos2"])
    assert float(srgr(*pair)) == pytest.approx(EXPECTED["SRGR"], rel=1e-9)
    assert float(srgr(*pair, inputs["semantic"])) == pytest.approx(EXPECTED["SRGR_semantic"], rel=1e-9)


def test_differences_of_faces(inputs: dict[str, np.ndarray]) -> None:
    pair = inputs["pos"], inputs["pos2"]
    assert velocity_difference(*pair) == pytest.approx(EXPECTED["LVDFace"], rel=1e-9)
    assert squared_difference(*pair) == pytest.approx(EXPECTED["MSEFace"], rel=1e-9)


def test_beat_consistency(inputs: dict[str, np.ndarray]) -> None:
    found = beat_consistency(_joints(inputs["pos"]), inputs["onsets_s"])
    assert found == pytest.approx(EXPECTED["BC"], rel=1e-9)

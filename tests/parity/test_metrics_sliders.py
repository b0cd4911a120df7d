"""Slider metrics against values that the code of Music FaderNets gave for the same inputs."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from espressivo.eval.control.sliders import (
    consistency,
    measure_slider,
    monotonicity,
    rank_correlations,
    restrictiveness,
    slopes,
    sweep,
)

FOLDER = Path(__file__).parents[1] / "fixtures" / "metrics_sliders"
INPUTS = {name.removeprefix("slider."): array for name, array in load_file(FOLDER / "inputs.safetensors").items()}
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
TARGET_STD, OTHER_STD = (float(std) for std in INPUTS["data_std"])


def test_consistency() -> None:
    assert consistency(INPUTS["target"], TARGET_STD) == pytest.approx(EXPECTED["slider.consistency"], rel=1e-9)


def test_restrictiveness() -> None:
    assert restrictiveness(INPUTS["other"], OTHER_STD) == pytest.approx(EXPECTED["slider.restrictiveness"], rel=1e-9)


def test_monotonicity() -> None:
    value = monotonicity(INPUTS["values"], INPUTS["target"])
    assert value == pytest.approx(EXPECTED["slider.monotonicity"], rel=1e-9)


def test_all_at_once_gives_the_same() -> None:
    values = measure_slider(
        INPUTS["values"], INPUTS["target"], TARGET_STD, {"other": INPUTS["other"]}, {"other": OTHER_STD}
    )
    for name in ("consistency", "restrictiveness", "monotonicity"):
        assert values[f"slider_{name}"] == pytest.approx(EXPECTED[f"slider.{name}"], rel=1e-9)


def test_the_worst_of_several_others_is_named_apart() -> None:
    others = {"other": INPUTS["other"], "still": np.ones((3, 8)), "without spread": INPUTS["other"] * 9}
    values = measure_slider(
        INPUTS["values"], INPUTS["target"], TARGET_STD, others, {"other": OTHER_STD, "still": 1, "without spread": 0}
    )
    worst = EXPECTED["slider.restrictiveness"]
    assert values["slider_restrictiveness_worst"] == pytest.approx(worst, rel=1e-9)
    assert values["slider_restrictiveness"] == pytest.approx((worst + 1) / 2, rel=1e-9)


def test_the_peer_leaves_the_greatest_value_out() -> None:
    step = INPUTS["values"][1] - INPUTS["values"][0]
    lowest = float(INPUTS["values"][0])
    assert np.allclose(sweep(lowest, lowest + 8 * step), INPUTS["values"], rtol=0, atol=1e-12)


def test_a_dead_slider_scores_1_in_the_peers_code_and_0_here() -> None:
    """scikit-learn's `score` calls a constant that is predicted exactly a perfect fit."""
    asked, dead = np.arange(8.0), np.full((3, 8), 0.7)
    assert monotonicity(asked, dead) == 0
    assert monotonicity(asked, dead, unmoved=1.0) == 1
    assert rank_correlations(asked, dead).tolist() == [0, 0, 0]
    assert slopes(asked, dead).tolist() == [0, 0, 0]

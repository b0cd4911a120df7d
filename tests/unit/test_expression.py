"""The expression layer keeps its contract on the rig's own vertices: zero, more, between, on time."""

import json
from importlib.resources import files

import numpy as np
import pytest

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL
from espressivo.generators.face.expression.controls import ExpressionControls
from espressivo.generators.face.expression.dynamics import shape_onsets
from espressivo.generators.face.expression.layer import express
from espressivo.generators.face.expression.recipes import RECIPES
from espressivo.generators.face.expression.table import load_table
from espressivo.generators.face.rig import load_head

FPS = 30.0
EMOTIONS = CATEGORIES[1:]


def weights_of(
    emotion: str, seconds: float = 2.0, seed: int = 0, controls: ExpressionControls | None = None
) -> np.ndarray:
    curves = parse_emotion(emotion).sample(np.arange(round(seconds * FPS)) / FPS)
    return express(curves, FPS, seed, controls).weights


def displacement(weights: np.ndarray) -> np.ndarray:
    """How far each vertex of the rig is from neutral."""
    head = load_head()
    return np.linalg.norm(head.pose(weights) - head.pose(np.zeros(52, np.float32)), axis=1)


def test_neutral_and_intensity_zero_are_zero_to_the_bit():
    assert not weights_of("neutral").any()
    for emotion in EMOTIONS:
        assert not weights_of(f"{emotion}:0").any()


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_more_intensity_moves_every_vertex_further(emotion: str):
    steps = np.linspace(0, 1, 6)
    moved = np.array([displacement(weights_of(f"{emotion}:{i:.2f}", seed=3)[-1]) for i in steps])
    moving = moved[-1] > 1e-4
    assert moving.sum() > 100
    assert (np.diff(moved[:, moving], axis=0) > 0).all()  # a rank correlation of 1 at every vertex


def test_a_mix_lies_between_its_parts():
    happy, sad, mix = (weights_of(e) for e in ("happiness:0.8", "sadness:0.8", "happiness:0.4+sadness:0.4"))
    low, high = np.minimum(happy, sad), np.maximum(happy, sad)
    assert ((mix >= low - 1e-6) & (mix <= high + 1e-6)).all()
    assert np.abs(mix - happy).max() > 0.1
    assert np.abs(mix - sad).max() > 0.1


def test_the_seed_chooses_the_performer():
    assert np.array_equal(weights_of("anger", seed=1), weights_of("anger", seed=1))
    assert np.abs(weights_of("anger", seed=1) - weights_of("anger", seed=2)).max() > 0.02


@pytest.mark.parametrize(("gain", "channels"), [("mouth", "mouth"), ("brows", "brow"), ("eyes", "eye")])
def test_a_region_with_gain_zero_is_still_and_the_rest_unchanged(gain: str, channels: str):
    full, part = weights_of("fear"), weights_of("fear", controls=ExpressionControls(**{gain: 0.0}))
    silent = np.array([name.startswith(channels) for name in ARKIT_NAMES])
    assert full[:, silent].any()
    assert not part[:, silent].any()
    assert np.array_equal(part[:, CHANNEL["jawOpen"]], full[:, CHANNEL["jawOpen"]]) == (gain != "mouth")


def test_changes_are_centred_on_the_keyframe_rise_fast_and_fall_slowly():
    strengths = np.zeros((300, 2))
    strengths[100:200, 0] = 1
    shaped = shape_onsets(strengths, FPS)[:, 0]
    assert abs(int(np.argmax(shaped >= 0.5)) - 100) <= 1
    assert abs(200 + int(np.argmax(shaped[200:] <= 0.5)) - 200) <= 1
    rise, fall = ((shaped[part] > 0.02) & (shaped[part] < 0.98) for part in (slice(0, 150), slice(150, 300)))
    assert 0.3 <= rise.sum() / FPS <= 0.5
    assert 0.6 <= fall.sum() / FPS <= 1.0
    assert not shaped[:90].any()
    assert not shaped[220:].any()


def test_the_upper_face_leads_the_mouth_within_the_allowed_lag():
    weights = weights_of("@0 neutral @1 neutral @1.001 fear @4 fear", seconds=4)
    half = {}
    for name in ("browInnerUp", "mouthStretchLeft"):
        channel = weights[:, CHANNEL[name]]
        half[name] = np.interp(0.5 * channel[60], channel[20:60], np.arange(20, 60)) / FPS
    assert 0.03 < half["mouthStretchLeft"] - half["browInnerUp"] < 0.15
    assert all(abs(t - 1.0) < 0.2 for t in half.values())


def test_held_expressions_drift_a_little():
    held = weights_of("happiness", seconds=20)[:, CHANNEL["mouthSmileLeft"]]
    assert 0.003 < held.std() < 0.08


def test_the_shipped_table_is_sound():
    content = json.loads(files("espressivo.generators.face.expression").joinpath("table.json").read_text("utf-8"))
    assert content["emotions"].keys() == RECIPES.keys() == set(EMOTIONS)
    assert content["provenance"]["arkit faces"]["frontal_faces"] > 10_000
    for channels in content["emotions"].values():
        assert channels.keys() <= CHANNEL.keys()
        for cell in channels.values():
            assert 0 < cell["mean"] <= 0.9
            assert 0 < cell["spread"] <= 0.3 * cell["mean"]
            assert cell["source"] in ("arkit faces", "action units", "recipe")
    sources = {cell["source"] for channels in content["emotions"].values() for cell in channels.values()}
    assert len(sources) == 3


@pytest.mark.parametrize(
    ("emotion", "strong"),
    [
        ("happiness", ("mouthSmileLeft", "cheekSquintLeft")),
        ("sadness", ("browInnerUp", "mouthFrownLeft")),
        ("surprise", ("browInnerUp", "browOuterUpLeft", "eyeWideLeft")),
        ("fear", ("browInnerUp", "eyeWideLeft", "mouthStretchLeft")),
        ("disgust", ("noseSneerLeft", "mouthUpperUpLeft")),
        ("anger", ("browDownLeft",)),
    ],
)
def test_full_intensity_is_a_posed_maximum(emotion: str, strong: tuple[str, ...]):
    row = load_table().mean[CATEGORIES.index(emotion)]
    assert all(row[CHANNEL[name]] >= 0.5 for name in strong)


def test_the_seven_emotions_differ():
    faces = load_table().mean[1:8]
    unit = faces / np.linalg.norm(faces, axis=1, keepdims=True)
    assert (unit @ unit.T)[~np.eye(7, dtype=bool)].max() < 0.8


def test_only_contempt_is_lopsided():
    mean = load_table().mean
    left = [n for n in ARKIT_NAMES if n.endswith("Left")]
    difference = np.abs(
        mean[:, [CHANNEL[n] for n in left]] - mean[:, [CHANNEL[n.replace("Left", "Right")] for n in left]]
    ).max(1)
    lopsided = {category for category, d in zip(CATEGORIES, difference, strict=True) if d > 0}
    assert lopsided == {"contempt"}

"""The bank of emotions: its contract (neutral, smoothness, seeds, chunks), what it refuses, and how it is trained."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from espressivo.conditioning.bank import measures, states
from espressivo.conditioning.bank.embedding import DEFAULT, EmotionEmbedding
from espressivo.conditioning.bank.encoder import BankEncoder
from espressivo.conditioning.bank.query import INPUTS, query_inputs
from espressivo.conditioning.bank.spread import category_spreads
from espressivo.conditioning.state import EmotionState, mix
from espressivo.conditioning.track import EmotionCurves, EmotionTrack, Keyframe
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import EmotionError, InputError
from espressivo.weights.manifest import FOLDER

BANK = EmotionEmbedding.load()
TRACK = EmotionTrack(
    (
        Keyframe(0.0, EmotionState.neutral()),
        Keyframe(1.0, EmotionState({"anger": 0.6, "disgust": 0.4}, 0.9)),
        Keyframe(2.0, EmotionState({"sadness": 1.0}, 0.7), "smooth"),
        Keyframe(3.0, EmotionState({"happiness": 1.0}, 0.0)),
    )
)
SHARES = st.lists(st.floats(0, 1), min_size=9, max_size=9).filter(lambda values: sum(values) > 1e-3)
AXES = st.tuples(*[st.floats(-1, 1)] * 3)


def _state(shares: list[float], intensity: float, vad: tuple[float, float, float] | None = None) -> EmotionState:
    total = sum(shares)
    return EmotionState(
        {name: share / total for name, share in zip(CATEGORIES[1:], shares, strict=True)}, intensity, vad
    )


def _curves(strengths: np.ndarray, vad: np.ndarray) -> EmotionCurves:
    return EmotionCurves(np.arange(float(len(strengths))), strengths, vad)


@settings(max_examples=40, deadline=None)
@given(shares=SHARES, vad=AXES)
def test_intensity_zero_is_neutral_bit_for_bit_whatever_the_mix(
    shares: list[float], vad: tuple[float, float, float]
) -> None:
    nothing, neutral = _state(shares, 0.0, vad), BANK.embed(EmotionState.neutral())
    assert np.array_equal(BANK.embed(nothing), neutral)
    assert np.array_equal(BANK.sample(nothing, seed=5, spread=3.0), neutral)
    assert (BANK.vad_of(neutral) == 0).all()


@settings(max_examples=40, deadline=None)
@given(shares=SHARES, intensity=st.floats(0, 1), vad=st.none() | AXES)
def test_every_legal_state_has_a_finite_embedding_inside_the_bank(
    shares: list[float], intensity: float, vad: tuple[float, float, float] | None
) -> None:
    state = _state(shares, intensity, vad)
    embedding = BANK.embed(state)
    assert embedding.shape == (1, 128)
    assert embedding.dtype == np.float32
    # A mean of rows lies within their box.
    assert (embedding <= BANK.rows.max(axis=0) + 1e-5).all()
    assert (embedding >= BANK.rows.min(axis=0) - 1e-5).all()
    assert BANK.attention(state).sum() == pytest.approx(1.0)
    assert BANK.posterior_of(embedding).sum() == pytest.approx(1.0)
    assert np.abs(BANK.vad_of(embedding)).max() <= 1


@settings(max_examples=40, deadline=None)
@given(shares=SHARES, intensity=st.floats(0, 1), other=SHARES, strong=st.floats(0, 1), vad=AXES)
def test_a_small_step_of_the_state_is_a_small_step_of_the_embedding(
    shares: list[float], intensity: float, other: list[float], strong: float, vad: tuple[float, float, float]
) -> None:
    ends = [_state(shares, intensity), _state(other, strong, vad)]
    steps = np.linspace(0, 1, 200)[:, None]
    strengths = (1 - steps) * ends[0].strengths() + steps * ends[1].strengths()
    places = (1 - steps) * np.array(ends[0].vad) + steps * np.array(ends[1].vad)
    way = np.linalg.norm(np.diff(np.hstack([strengths, places]), axis=0), axis=1)
    far = np.linalg.norm(np.diff(BANK.embed(_curves(strengths, places)).astype(float), axis=0), axis=1)
    assert (far <= 12 * way + 1e-5).all()


def test_chunks_join_up_to_the_bit_and_a_state_is_its_own_track() -> None:
    times_s = np.arange(0, 3.2, 1 / 30)
    whole = BANK.embed(TRACK.sample(times_s))
    chunks = [BANK.embed(TRACK.sample(times_s[first : first + 7])) for first in range(0, len(times_s), 7)]
    assert np.array_equal(np.vstack(chunks), whole)
    # In float64, where a product of matrices shows how many rows it had.
    alone = [BANK.attention(TRACK.sample(times_s[[row]])) for row in range(len(times_s))]
    assert np.array_equal(np.vstack(alone), BANK.attention(TRACK.sample(times_s)))
    state = EmotionState({"fear": 0.7, "surprise": 0.3}, 0.6)
    alone = BANK.embed(EmotionTrack.constant(state).sample(np.array([0.0, 4.0])))
    assert np.array_equal(alone, np.repeat(BANK.embed(state), 2, axis=0))


def test_no_times_are_no_rows() -> None:
    nothing = TRACK.sample(np.array([]))
    assert BANK.embed(nothing).shape == (0, 128)
    assert BANK.sample(nothing, 0).shape == (0, 128)


def test_the_order_of_a_mix_does_not_matter() -> None:
    parts = [(EmotionState({name: 1.0}), share) for name, share in (("anger", 0.5), ("fear", 0.25), ("sadness", 0.25))]
    assert np.array_equal(BANK.embed(mix(parts)), BANK.embed(mix(parts[::-1])))


def test_seeds_repeat_and_differ_and_spread_zero_is_the_mean() -> None:
    curves = TRACK.sample_fps(30, 3.0)
    one = BANK.sample(curves, seed=3)
    assert np.array_equal(one, BANK.sample(curves, seed=3))
    assert np.abs(one - BANK.sample(curves, seed=4)).max() > 0.01
    assert np.array_equal(BANK.sample(curves, seed=3, spread=0.0), BANK.embed(curves))


def test_a_variant_is_as_smooth_as_the_mean_and_doubles_with_the_spread() -> None:
    curves = TRACK.sample_fps(100, 3.0)
    mean, one, two = BANK.embed(curves), BANK.sample(curves, 3), BANK.sample(curves, 3, spread=2.0)
    np.testing.assert_allclose(two - mean, 2 * (one - mean), atol=1e-5)
    assert np.linalg.norm(np.diff(one, axis=0), axis=1).max() < 3 * np.linalg.norm(np.diff(mean, axis=0), axis=1).max()


def test_variants_lie_around_the_mean() -> None:
    state = EmotionState({"anger": 1.0})
    variants = np.vstack([BANK.sample(state, seed) for seed in range(300)])
    far = np.linalg.norm(variants - BANK.embed(state), axis=1).mean()
    assert np.linalg.norm(variants.mean(axis=0) - BANK.embed(state)) < 0.2 * far
    assert far > 0.05


@pytest.mark.parametrize(
    ("strengths", "vad", "message"),
    [
        (np.full((2, 10), np.nan), np.zeros((2, 3)), "not finite"),
        (np.zeros((2, 10)), np.full((2, 3), np.inf), "not finite"),
        (np.full((2, 10), 1e30), np.zeros((2, 3)), "sum to at most 1"),
        (np.full((2, 10), -0.1), np.zeros((2, 3)), "0 or more"),
        (np.zeros((2, 10)), np.full((2, 3), 1.5), "VAD lie in"),
        (np.zeros((2, 9)), np.zeros((2, 3)), "must be"),
        (np.zeros((2, 10)), np.zeros((3, 3)), "must be"),
    ],
)
def test_what_is_no_emotion_is_refused(strengths: np.ndarray, vad: np.ndarray, message: str) -> None:
    with pytest.raises(EmotionError, match=message):
        BANK.embed(EmotionCurves(np.arange(2.0), strengths, vad))


@pytest.mark.parametrize("spread", [-0.1, np.nan, np.inf])
def test_a_spread_that_is_none_is_refused(spread: float) -> None:
    with pytest.raises(InputError, match="Spread"):
        BANK.sample(EmotionState.neutral(), 0, spread)


def test_vad_counts_as_far_as_the_intensity_reaches() -> None:
    full = np.eye(10)[[6]]
    place = np.array([[1.0, -1.0, 1.0]])
    vad = [INPUTS.index(axis) for axis in ("valence", "arousal", "dominance")]
    np.testing.assert_allclose(query_inputs(full, place)[:, vad], place)
    np.testing.assert_allclose(query_inputs(0.5 * full, place)[:, vad], 0.5 * place)
    assert (query_inputs(0 * full, place) == 0).all()


@pytest.mark.parametrize("change", ["weights", "shape", "number", "digest", "categories", "version", "cut", "gone"])
def test_a_bank_that_is_not_the_frozen_one_is_refused(tmp_path: Path, change: str) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((FOLDER / DEFAULT / name).read_bytes())
    assert EmotionEmbedding.load(tmp_path).id == DEFAULT
    tensors, config = load_file(tmp_path / "model.safetensors"), json.loads((tmp_path / "config.json").read_text())
    if change == "weights":
        save_file(tensors | {"rows": tensors["rows"] + np.float32(1e-6)}, tmp_path / "model.safetensors")
    elif change == "shape":
        save_file(tensors | {"rows": tensors["rows"][:-1].copy()}, tmp_path / "model.safetensors")
    elif change == "number":
        save_file(tensors | {"rows": np.full_like(tensors["rows"], np.nan)}, tmp_path / "model.safetensors")
    elif change == "cut":
        (tmp_path / "model.safetensors").write_bytes((tmp_path / "model.safetensors").read_bytes()[:5000])
    elif change == "gone":
        (tmp_path / "model.safetensors").unlink()
    else:
        other = {"digest": ("sha256", "0" * 64), "categories": ("categories", ["joy"]), "version": ("version", "one")}
        key, value = other[change]
        (tmp_path / "config.json").write_text(json.dumps(config | {key: value}))
    with pytest.raises(InputError, match="bank"):
        EmotionEmbedding.load(tmp_path)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InputError, match="no bank of emotions"):
        EmotionEmbedding.load("bank-of-england")
    with pytest.raises(InputError, match="no modality"):
        BankEncoder.load("smell")


@pytest.mark.parametrize("modality", ["speech", "face", "text", "music"])
def test_encoders_take_features_of_their_own_kind_only(modality: str) -> None:
    encoder = BankEncoder.load(modality, BANK)
    width = len(encoder.mean)
    usual = np.tile(encoder.mean, (3, 1))
    assert encoder.encode(usual).shape == (3, 128)
    assert np.isfinite(encoder.encode(np.full((1, width), 1e30))).all()
    with pytest.raises(InputError, match="not finite"):
        encoder.encode(np.full((1, width), np.nan))
    with pytest.raises(InputError, match="do not fit"):
        encoder.encode(usual[:, :-1])


def test_an_encoder_of_another_bank_is_refused(tmp_path: Path) -> None:
    for name in ("encoders.json", "encoders.safetensors"):
        (tmp_path / name).write_bytes((FOLDER / DEFAULT / name).read_bytes())
    config = json.loads((tmp_path / "encoders.json").read_text())
    (tmp_path / "encoders.json").write_text(json.dumps(config | {"bank_sha256": "0" * 64}))
    with pytest.raises(InputError, match="another bank"):
        BankEncoder.load("text", BANK, tmp_path)


def test_retrieval_finds_what_is_alike_and_is_at_chance_where_nothing_is() -> None:
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(4), 50)
    centres = rng.normal(size=(4, 128))
    one, other = (centres[label] + 0.1 * rng.normal(size=(200, 128)) for _ in range(2))
    assert measures.retrieval(one, label, other, label)["precision_1"] == 1.0
    noise = rng.normal(size=(2, 200, 128))
    found = measures.retrieval(noise[0], label, noise[1], label)
    assert found["precision_10"] == pytest.approx(found["chance"], abs=0.05)


def test_spreads_hold_no_identity_and_no_error() -> None:
    rng = np.random.default_rng(0)
    category = np.tile(np.repeat([1, 2], 100), 2)
    speaker = np.repeat(["one", "two"], 200)
    natural = rng.normal(size=(400, 128)) * np.where(np.arange(128) < 5, 1.0, 1e-3)
    identity = np.where(speaker[:, None] == "one", 30.0, -30.0) * (np.arange(128) == 50)
    wrong = rng.uniform(size=400) < 0.2
    error = wrong[:, None] * 20.0 * (np.arange(128) == 90)
    factors = category_spreads(natural + identity + error, category, speaker, ~wrong, 3)
    assert (factors[0] == 0).all()
    varied = np.einsum("kd,kd->d", factors[1], factors[1])
    np.testing.assert_allclose(varied[:5], 1.0, atol=0.4)
    assert varied[5:].max() < 0.01


def test_random_states_are_legal_and_reach_everywhere() -> None:
    strengths, vad = states.random_states(2000, np.random.default_rng(0))
    query_inputs(strengths, vad)
    assert (strengths[:, 1:].max(axis=0) > 0.9).all()
    assert (strengths[:, 0] == 0).all()

"""Pictures: distances of sets, naturalness, closeness to the real clip. And valence and arousal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter

from espressivo.eval.emotion import dimensional
from espressivo.eval.metric import NotMeasured, Value
from espressivo.eval.quality import fidelity as fidelity_module
from espressivo.eval.quality import niqe as niqe_module
from espressivo.eval.quality.fidelity import fidelity, ssim
from espressivo.eval.quality.frechet import EMAGE_EPS, enough, frechet_distance, principal_axes
from espressivo.eval.quality.niqe import LEAST_PX, measure_pictures, niqe, picture_niqe


def _numbers(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def _number(value: Value) -> float:
    assert not isinstance(value, NotMeasured)
    return float(value)


def _picture(seed: int, height: int, width: int) -> np.ndarray:
    """Clouds: noise whose spectrum falls as that of photographs does."""
    spectrum = np.fft.rfft2(_numbers(seed, height, width))
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1
    clouds = np.fft.irfft2(spectrum / frequency, (height, width))
    grey = np.clip(128 + 40 * clouds / clouds.std(), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


@given(st.integers(0, 2**16), st.integers(3, 12), st.integers(1, 6))
def test_a_set_is_no_distance_from_itself(seed: int, rows: int, dims: int) -> None:
    features = _numbers(seed, rows, dims)
    assert abs(frechet_distance(features, features[::-1])) < 1e-6
    with_eps = frechet_distance(features, features, EMAGE_EPS)
    assert with_eps == pytest.approx(-2 * dims * EMAGE_EPS, abs=1e-9)


@given(st.integers(0, 2**16), st.floats(-3, 3))
def test_moving_a_set_adds_the_square_of_the_way(seed: int, way: float) -> None:
    a, b = _numbers(seed, 20, 3), _numbers(seed + 1, 15, 3)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    assert frechet_distance(a, b + way) == pytest.approx(frechet_distance(a, b) + 3 * way**2, abs=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), abs=1e-9)


def test_distance_of_spreads_along_one_axis() -> None:
    a = _numbers(0, 50, 1)
    assert frechet_distance(a, 3 * a - 2 * a.mean()) == pytest.approx(4 * a.var(ddof=1))


def test_few_rows_make_the_distance_too_large() -> None:
    dims = 20
    few, many = (frechet_distance(_numbers(1, rows, dims), _numbers(2, rows, dims)) for rows in (25, 2500))
    assert few > 10 * many
    assert not enough(99, dims)
    assert enough(100, dims)


def test_principal_axes_keep_what_varies_most() -> None:
    features = _numbers(0, 100, 5) * [1, 9, 1, 6, 1]
    mean, axes = principal_axes(features, 2)
    projected = (features - mean) @ axes
    assert axes.shape == (5, 2)
    assert (np.abs(axes[[1, 3], [0, 1]]) > 0.9).all()
    assert projected.std(axis=0)[0] > projected.std(axis=0)[1] > 4
    with pytest.raises(ValueError, match="principal axes"):
        principal_axes(features[:3], 3)


@pytest.mark.parametrize("wrong", [np.zeros((1, 3)), np.zeros((5, 2)), np.full((5, 3), np.nan)])
def test_features_that_have_no_distance(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Fréchet"):
        frechet_distance(wrong, np.zeros((5, 3)))


def test_blur_makes_pictures_less_natural() -> None:
    sharp = _picture(0, 512, 512)
    blurred = gaussian_filter(sharp, (2, 2, 0))
    assert _number(picture_niqe(blurred)) > _number(picture_niqe(sharp)) + 1


def test_pictures_are_brought_to_one_size() -> None:
    picture = _picture(0, 512, 600)
    luminance = picture[..., 0].astype(np.float32)
    assert picture_niqe(picture) == pytest.approx(niqe(luminance), rel=1e-3)
    small = Image.fromarray(picture[:256, :300])
    enlarged = np.asarray(small.resize((600, 512), Image.Resampling.BICUBIC))[..., 0].astype(np.float32)
    assert picture_niqe(np.asarray(small)) == pytest.approx(niqe(enlarged), rel=0.02)  # one rounds to whole levels
    assert picture_niqe(np.asarray(small)) != pytest.approx(niqe(luminance[:256, :300]), rel=0.1)


def test_what_is_left_of_whole_patches_does_not_count() -> None:
    luminance = _picture(0, 300, 300)[..., 0].astype(np.float32)
    assert niqe(luminance) == niqe(luminance[:288, :288])


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.zeros((300, LEAST_PX - 1, 3), np.uint8), "193 x 300 px"),
        (np.full((300, 300, 3), 90, np.uint8), "flat"),
    ],
)
def test_pictures_that_have_no_niqe(picture: np.ndarray, reason: str) -> None:
    value = measure_pictures([_picture(0, 200, 200), picture])["niqe"]
    assert isinstance(value, NotMeasured)
    assert reason in value.reason


def test_niqe_is_the_mean_over_pictures() -> None:
    pictures = [_picture(seed, 200, 220) for seed in (0, 1)]
    each = [picture_niqe(picture) for picture in pictures]
    assert measure_pictures(pictures)["niqe"] == pytest.approx(np.mean([_number(value) for value in each]))
    assert isinstance(measure_pictures([])["niqe"], NotMeasured)
    assert set(measure_pictures(pictures)) == {metric.name for metric in niqe_module.METRICS}
    with pytest.raises(ValueError, match="NIQE needs"):
        niqe(np.zeros((96, 300)))


def test_an_identical_clip_is_similar_and_has_no_finite_ratio() -> None:
    clip = [_picture(seed, 40, 50) for seed in range(3)]
    values = fidelity(iter(clip), iter(clip))
    assert values["ssim"] == pytest.approx(1)
    assert isinstance(values["psnr_db"], NotMeasured)
    assert "identical" in values["psnr_db"].reason


def test_more_noise_is_less_close() -> None:
    real = [_picture(0, 64, 64)]
    noisy = [
        fidelity([np.clip(real[0] + amount * _numbers(1, 64, 64, 3), 0, 255).astype(np.uint8)], real)
        for amount in (2, 8, 32)
    ]
    for name in ("psnr_db", "ssim"):
        assert _number(noisy[0][name]) > _number(noisy[1][name]) > _number(noisy[2][name])


def test_a_known_ratio_and_one_identical_frame_among_others() -> None:
    black, grey = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 51, np.uint8)
    assert fidelity([grey], [black])["psnr_db"] == pytest.approx(20 * np.log10(5))
    both = fidelity([grey, black, grey], [black, black])  # the longer one is cut
    assert both["psnr_db"] == pytest.approx(20 * np.log10(5) + 10 * np.log10(2))


def test_similarity_does_not_care_for_order_and_does_for_place() -> None:
    real = _picture(0, 48, 48)
    aside = np.roll(real, 3, axis=1)
    assert ssim(real, aside) == pytest.approx(ssim(aside, real))
    assert ssim(real, aside) < 0.9


@pytest.mark.parametrize(
    ("frames", "real", "reason"),
    [
        ([np.zeros((9, 8, 3), np.uint8)], [np.zeros((8, 9, 3), np.uint8)], "8 x 9 px cannot be laid on"),
        ([np.zeros((6, 9, 3), np.uint8)], [np.zeros((6, 9, 3), np.uint8)], "smaller than 7 x 7"),
        ([], [np.zeros((9, 9, 3), np.uint8)], "no frames"),
        ([np.zeros((9, 9, 3), np.uint8)], None, "no real clip"),
    ],
)  # fmt: skip
def test_clips_that_cannot_be_compared(frames: list, real: list | None, reason: str) -> None:
    values = fidelity(frames, real)
    assert set(values) == {metric.name for metric in fidelity_module.METRICS}
    for value in values.values():
        assert isinstance(value, NotMeasured)
        assert reason in value.reason


def test_valence_that_agrees_and_valence_that_is_only_correlated() -> None:
    wanted = np.clip(0.4 * _numbers(0, 30, 2), -1, 1)
    values = dimensional.measure_dimensions(wanted, wanted)
    assert set(values) == {metric.name for metric in dimensional.METRICS}
    assert [_number(values[f"valence_{name}"]) for name in ("ccc", "pcc", "rmse", "sagr")] == pytest.approx(
        [1, 1, 0, 1]
    )
    halved = dimensional.measure_dimensions(wanted / 2, wanted)
    assert halved["arousal_pcc"] == pytest.approx(1)
    assert _number(halved["arousal_ccc"]) < 0.9
    opposite = dimensional.measure_dimensions(-wanted, wanted)
    assert opposite["valence_sagr"] == 0
    assert _number(opposite["valence_ccc"]) < 0


def test_valence_and_arousal_are_not_mixed_up() -> None:
    predicted, wanted = np.zeros((10, 2)), np.zeros((10, 2))
    wanted[:, 1] = 0.5
    values = dimensional.measure_dimensions(predicted, wanted)
    assert (values["valence_rmse"], values["arousal_rmse"]) == (0, 0.5)


@pytest.mark.parametrize(
    ("predicted", "wanted", "names"),
    [
        (None, np.zeros((3, 2)), None),
        (np.zeros((3, 2)), None, None),
        (np.zeros((1, 2)), np.zeros((1, 2)), None),
        (np.zeros((3, 2)), np.zeros((3, 2)), ("valence_ccc", "valence_pcc", "arousal_ccc", "arousal_pcc")),
    ],
)
def test_valence_and_arousal_that_cannot_be_measured(predicted, wanted, names) -> None:
    values = dimensional.measure_dimensions(predicted, wanted)
    assert set(values) == {metric.name for metric in dimensional.METRICS}
    assert {name for name, value in values.items() if isinstance(value, NotMeasured)} == set(names or values)


def test_shapes_of_valence_and_arousal_must_agree() -> None:
    with pytest.raises(ValueError, match="shapes"):
        dimensional.measure_dimensions(np.zeros((3, 2)), np.zeros((4, 2)))

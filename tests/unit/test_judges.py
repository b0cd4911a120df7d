"""The judges of emotion: their labels, their calibration, their crops, and the figures they come with."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from espressivo.conditioning.face_emotion.judges import (
    FACEAPI,
    MINI_XCEPTION,
    Ensemble,
    NetworkJudge,
    calibrated,
    ensemble,
    face_crop,
    load_judges,
    read_config,
)
from espressivo.errors import InputError
from espressivo.eval.emotion import ceiling
from espressivo.eval.emotion.accuracy import JUDGE, JUDGED
from espressivo.eval.emotion.calibration import expected_calibration_error, fit_temperature, negative_log_likelihood
from espressivo.eval.emotion.ceiling import load_ceilings, load_reported_accuracies, measure, read_fer2013

FIXTURES = Path(__file__).parents[1] / "fixtures"
CROPS = dict(np.load(FIXTURES / "faceapi" / "crops.npz"))
FACES = list(CROPS.values())
LEVELS = np.array([10, 200, 60, 120, 240], np.uint8)


@pytest.fixture(scope="module")
def judges() -> tuple[NetworkJudge, NetworkJudge]:
    return load_judges()


@pytest.fixture(scope="module")
def both(judges: tuple[NetworkJudge, NetworkJudge]) -> Ensemble:
    return ensemble(judges)


def test_judges_say_who_they_are(judges: tuple[NetworkJudge, NetworkJudge], both: Ensemble) -> None:
    assert [judge.id for judge in (*judges, both)] == [FACEAPI, MINI_XCEPTION, JUDGE]
    assert all(judge.labels == JUDGED for judge in (*judges, both))


def test_each_judge_names_what_its_network_puts_out(judges: tuple[NetworkJudge, NetworkJudge]) -> None:
    """The networks have different orders; these are their authors' words for the outputs."""
    words = {
        FACEAPI: "neutral happy sad angry fearful disgusted surprised",
        MINI_XCEPTION: "angry disgust fear happy sad surprise neutral",
    }
    outputs = dict(np.load(FIXTURES / "faceapi" / "outputs.npz"))
    golden = dict(np.load(FIXTURES / "mini_xception" / "golden.npz"))
    for judge in judges:
        order = [JUDGED.index(_category(word)) for word in words[judge.id].split()]
        seen = np.exp(judge.raw_logits(list(CROPS.values())))[:, order]
        wanted = [outputs[f"{name}.probs"] if judge.id == FACEAPI else golden[f"{name}.float"] for name in CROPS]
        np.testing.assert_allclose(seen, wanted, atol=2e-5)


def test_batches_and_order_do_not_matter(both: Ensemble) -> None:
    many = FACES * 3
    together = both.probabilities(many)
    np.testing.assert_allclose(together.sum(axis=1), 1)
    one_by_one = np.concatenate([both.probabilities([crop]) for crop in FACES])
    np.testing.assert_allclose(together, np.tile(one_by_one, (3, 1)), atol=1e-4)
    np.testing.assert_allclose(both.probabilities(many[::-1]), together[::-1], atol=1e-4)


def test_no_crops_give_no_opinions(both: Ensemble) -> None:
    assert both.probabilities([]).shape == (0, len(JUDGED))


def test_the_ensemble_is_the_mean_of_calibrated_opinions(
    judges: tuple[NetworkJudge, NetworkJudge], both: Ensemble
) -> None:
    opinions = both.opinions(FACES)
    assert list(opinions) == [JUDGE, FACEAPI, MINI_XCEPTION]
    np.testing.assert_allclose(opinions[JUDGE], (opinions[FACEAPI] + opinions[MINI_XCEPTION]) / 2)
    for judge in judges:
        np.testing.assert_allclose(opinions[judge.id], calibrated(judge.raw_logits(FACES), judge.temperature))


def test_an_ensemble_needs_judges_of_the_same_emotions(judges: tuple[NetworkJudge, NetworkJudge]) -> None:
    fewer = NetworkJudge("fewer", 1.0, judges[0].scores, judges[0].outputs, JUDGED[:3])
    for wrong in ((), (judges[0], fewer)):
        with pytest.raises(ValueError, match="same labels"):
            ensemble(wrong)


@settings(max_examples=30)
@given(st.floats(1.01, 20), st.integers(0, 2**32 - 1))
def test_calibration_keeps_the_verdict_and_lowers_the_confidence(temperature: float, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(0, 3, (5, 7))
    before, after = calibrated(logits, 1.0), calibrated(logits, temperature)
    np.testing.assert_array_equal(before.argmax(axis=1), after.argmax(axis=1))
    assert np.all(after.max(axis=1) < before.max(axis=1))


def test_the_fitted_temperature_is_the_one_that_was_there() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 1.5, (20_000, 7))
    truth = np.array([rng.choice(7, p=row) for row in calibrated(honest, 1.0)])
    assert fit_temperature(honest * 4, truth) == pytest.approx(4, rel=0.05)
    assert expected_calibration_error(calibrated(honest * 4, 4), truth) < 0.02
    assert expected_calibration_error(calibrated(honest * 4, 1), truth) > 0.2
    assert negative_log_likelihood(honest * 4, truth, 4) < negative_log_likelihood(honest * 4, truth)


def test_a_judge_that_is_always_sure_and_half_right_is_half_off() -> None:
    sure = np.tile(np.eye(7)[0], (10, 1))
    assert expected_calibration_error(sure, np.array([0, 1] * 5)) == pytest.approx(0.5)


def test_the_crop_holds_the_landmarks_and_a_tenth_on_every_side() -> None:
    image = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    mesh = np.zeros((468, 3))
    mesh[:] = (150, 100, 0)
    mesh[234, 0], mesh[454, 0] = 100, 200  # the ends of the jaw line
    mesh[105, 1], mesh[152, 1] = 60, 140  # a brow and the chin
    mesh[10, 1] = 5  # the forehead is no landmark
    np.testing.assert_array_equal(face_crop(image, mesh), image[52:148, 90:210])
    mesh[:, :2] -= (100, 60)
    np.testing.assert_array_equal(face_crop(image, mesh), image[0:88, 0:110])


def test_a_judge_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="no-such-judge"):
        read_config("no-such-judge")


def test_figures_of_a_made_up_set_are_right() -> None:
    truth = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    right = np.log(np.full((8, 7), 0.05) + 0.65 * np.eye(7)[truth])
    always_neutral = np.log(np.full((8, 7), 0.05) + 0.65 * np.eye(7)[np.zeros(8, int)])
    report = measure(
        {FACEAPI: right, MINI_XCEPTION: always_neutral}, {FACEAPI: 1.0, MINI_XCEPTION: 2.0}, truth, "made up"
    )
    rows = {row["judge"]: row for row in report["judges"]}
    assert rows[FACEAPI]["accuracy"] == 1
    assert rows[FACEAPI]["accuracy_interval_95"] == [1, 1]
    assert rows[FACEAPI]["ece"] == pytest.approx(0.3)
    assert rows[MINI_XCEPTION]["accuracy"] == 0.25
    assert rows[MINI_XCEPTION]["recall"]["sadness"] == 0
    assert np.array(rows[JUDGE]["confusion"]).sum() == 8
    assert rows[JUDGE]["accuracy"] == 1, "the sharper opinion wins"
    assert report["agreement"]["share"] == 0.25
    assert report["agreement"]["accuracy_where_agreed"] == 1


@pytest.fixture
def made_up_faces(tmp_path: Path) -> Path:
    """Five plain pictures, four to a mosaic."""
    tiles = np.repeat(LEVELS, 48 * 48).reshape(-1, 48, 48)
    tiles = np.concatenate([tiles, np.zeros((3, 48, 48), np.uint8)]).reshape(2, 2, 2, 48, 48)
    blobs = []
    for mosaic in tiles:
        buffer = io.BytesIO()
        Image.fromarray(mosaic.transpose(0, 2, 1, 3).reshape(96, 96)).save(buffer, "JPEG", quality=95)
        blobs.append(buffer.getvalue())
    np.savez(
        tmp_path / "faces.npz",
        tiles=2,
        blob=np.frombuffer(b"".join(blobs), np.uint8),
        offsets=np.cumsum([0, *map(len, blobs)]),
        y=np.array([0, 6, 3, 3, 1]),
        fold=np.array([0, 1, 0, 1, 0]),
        classes=np.array(["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]),
    )
    return tmp_path / "faces.npz"


def test_mosaics_of_labelled_faces_are_read_in_order(made_up_faces: Path) -> None:
    faces = read_fer2013(made_up_faces)
    np.testing.assert_allclose(faces.images.mean(axis=(1, 2)), LEVELS, atol=3)
    assert [JUDGED[place] for place in faces.truth] == ["anger", "neutral", "happiness", "happiness", "disgust"]


def test_a_fold_is_measured(made_up_faces: Path, tmp_path: Path) -> None:
    ceiling.main(made_up_faces, tmp_path / "out.json", fold=0)
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    asked = dict(zip(JUDGED, np.sum(report["judges"][0]["confusion"], axis=1), strict=True))
    assert {label: count for label, count in asked.items() if count} == {"anger": 1, "happiness": 1, "disgust": 1}
    assert report["agreement"]["share"] == 0
    assert report["agreement"]["accuracy_where_agreed"] is None, "not NaN, which JSON does not know"
    with pytest.raises(InputError, match="Fold 7"):
        ceiling.main(made_up_faces, tmp_path / "out.json", fold=7)


def test_a_file_that_is_no_labelled_faces_is_refused(tmp_path: Path) -> None:
    (tmp_path / "faces.npz").write_text("nothing")
    with pytest.raises(InputError, match="FER2013"):
        read_fer2013(tmp_path / "faces.npz")


def test_ceilings_come_with_counts_and_say_what_was_seen_before() -> None:
    ceilings = {each.judge: each for each in load_ceilings()}
    assert set(ceilings) == {FACEAPI, MINI_XCEPTION, JUDGE}
    for each in ceilings.values():
        assert each.labels == JUDGED
        assert each.confusion.sum() == 2660
        assert 0.5 < np.trace(each.confusion) / each.confusion.sum() < 0.7
    assert "trained on" in ceilings[MINI_XCEPTION].data
    assert "trained on" in ceilings[JUDGE].data


def test_temperatures_that_ship_are_those_of_the_ceilings() -> None:
    measured = json.loads(Path(ceiling.__file__).with_name("ceilings.json").read_text(encoding="utf-8"))
    for row in measured["judges"][:2]:
        assert row["temperature"] == read_config(row["judge"])["temperature"]
        assert row["ece"] < row["ece_uncalibrated"]


def test_reported_accuracies_name_their_faces() -> None:
    reported = {(row.judge, row.data): row for row in load_reported_accuracies()}
    assert reported[JUDGE, "FER2013 PrivateTest"].accuracy == 0.607
    assert all(row.images > 0 and 0 < row.accuracy < 1 for row in reported.values())


def _category(word: str) -> str:
    (found,) = [category for category in JUDGED if category[:2] == word[:2]]
    return found

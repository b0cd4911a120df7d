"""Measures of the talking portrait, against cases worked by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.conditioning.face_emotion.judges import FACEAPI, JUDGED
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import InputError
from espressivo.eval.portrait.emotions import Ladder, summary
from espressivo.eval.portrait.faces import EMOTIONS, INTENSITIES, face_of, read_expression
from espressivo.eval.portrait.fit_amplitudes import added, held
from espressivo.eval.portrait.identity import psnr_db
from espressivo.eval.portrait.kinship import canonical_cm, likeness, spread_cm
from espressivo.eval.portrait.labelled_faces import MOST, MOST_IN, Spread
from espressivo.eval.portrait.pattern_search import pattern_search
from espressivo.eval.portrait.readings import LabelledReadings
from espressivo.eval.portrait.sitters import read_sitters
from espressivo.eval.portrait.strain import strain
from espressivo.eval.portrait.tables import estimated, markdown, shown
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL, weights_from
from espressivo.generators.face.expression.table import load_table
from espressivo.generators.face.rig import rotation
from espressivo.generators.portrait.avatar.expression import (
    CORNERS_STAY,
    STAYS,
    expression_from,
    load_portrait_expression,
)
from espressivo.generators.portrait.avatar.fit import MAX_WEIGHT
from espressivo.generators.portrait.avatar.mesh import load_face_mesh

_SIGNS = np.array([1.0, -1.0, -1.0])
"""From the axes of the standard face to a picture's."""


def test_the_emotional_part_is_amplified_and_added_to() -> None:
    table = expression_from(
        {"provenance": {}, "gains": {"browDown": 2.0}, "added": {"anger": {"jawOpen": 0.3, "eyeWideLeft": -0.1}}}
    )
    pure = weights_from(browDown=0.4, jawOpen=0.1)[np.newaxis]
    strengths = np.zeros((1, len(CATEGORIES)))
    strengths[0, CATEGORIES.index("anger")] = 0.5
    shown_ = table.emotional(pure, strengths)[0]
    assert shown_[CHANNEL["browDownLeft"]] == pytest.approx(0.8)
    assert shown_[CHANNEL["jawOpen"]] == pytest.approx(0.1 + 0.5 * 0.3)
    assert shown_[CHANNEL["eyeWideLeft"]] == pytest.approx(-0.05)
    assert shown_[CHANNEL["eyeWideRight"]] == 0
    assert not table.emotional(np.zeros((3, 52)), np.zeros((3, len(CATEGORIES)))).any()


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_what_ships_moves_no_face_farther_than_labelled_people_move_theirs(emotion: str) -> None:
    table, usual = load_portrait_expression(), load_table().mean[CATEGORIES.index(emotion)]
    shown_ = face_of(table, emotion, 1.0)
    ranges = table.provenance["ranges"][emotion]
    for channel, name in enumerate(ARKIT_NAMES):
        low, high = ranges.get(name.removesuffix("Left").removesuffix("Right"), (usual[channel], usual[channel]))
        assert low - 0.006 <= shown_[channel] <= high + 0.006, name


def test_a_speaking_mouth_keeps_its_corners_and_nothing_is_taken_from_what_it_shows() -> None:
    table = expression_from({"provenance": {}, "gains": {}, "added": {}})
    mean = load_table().mean[CATEGORIES.index("happiness")]
    strengths = np.zeros(len(CATEGORIES))
    strengths[CATEGORIES.index("happiness")] = 0.5
    smile, jaw = CHANNEL["mouthSmileLeft"], CHANNEL["jawOpen"]
    given_way = 0.5 * 0.45 * mean
    shown_ = table.emotional(given_way, strengths, 1.0)
    assert shown_[smile] == pytest.approx(0.5 * CORNERS_STAY * mean[smile])
    assert shown_[jaw] == pytest.approx(given_way[jaw])
    assert table.emotional(0.5 * mean, strengths, 1.0)[smile] == pytest.approx(0.5 * mean[smile])
    np.testing.assert_allclose(table.emotional(given_way, strengths), given_way, atol=1e-6)
    np.testing.assert_allclose(table.emotional(given_way, strengths, 1.0, 1.0), given_way, atol=1e-6)  # round lips


def test_what_is_added_to_jaw_and_lids_gives_way_to_speech_and_what_is_added_to_lips_does_not() -> None:
    added = {"jawOpen": 0.4, "eyeBlink": 0.3, "mouthUpperUp": 0.3}
    table = expression_from({"provenance": {}, "gains": {}, "added": {"anger": added}})
    strengths = np.zeros(len(CATEGORIES))
    strengths[CATEGORIES.index("anger")] = 1.0
    speaking, silent = (table.emotional(np.zeros(52), strengths, share, 1.0) for share in (1.0, 0.0))
    assert speaking[CHANNEL["jawOpen"]] == pytest.approx(0.4 * STAYS["jawOpen"])
    assert speaking[CHANNEL["eyeBlinkRight"]] == pytest.approx(0.3 * STAYS["eyeBlink"])
    assert speaking[CHANNEL["mouthUpperUpLeft"]] == pytest.approx(0.3)
    assert silent[CHANNEL["jawOpen"]] == pytest.approx(0.4)
    assert silent[CHANNEL["eyeBlinkRight"]] == pytest.approx(0.3)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_the_shipped_faces_grow_from_nothing_and_stay_within_what_people_do(emotion: str) -> None:
    table = load_portrait_expression()
    assert not face_of(table, emotion, 0.0).any()
    half, whole = face_of(table, emotion, 0.5), face_of(table, emotion, 1.0)
    np.testing.assert_allclose(2 * half, whole, atol=1e-6)
    assert whole.max() <= MAX_WEIGHT
    for name, most in {**MOST, **MOST_IN.get(emotion, {})}.items():
        channel = CHANNEL[name if name in CHANNEL else f"{name}Left"]
        usual = load_table().mean[CATEGORIES.index(emotion), channel]
        assert whole[channel] <= max(most, usual) + 0.01, name
    left_over_right = [(n, n.replace("Left", "Right")) for n in ARKIT_NAMES if n.endswith("Left")]
    assert all(whole[CHANNEL[left]] == whole[CHANNEL[right]] for left, right in left_over_right)


def test_an_expression_file_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.json"
    file.write_text(json.dumps({"gains": {}}))
    with pytest.raises(InputError, match="no expression table"):
        read_expression(file)


def test_strangeness_is_a_distance_that_heeds_what_goes_together() -> None:
    spread = Spread(
        channels=("browDown", "jawOpen"),
        usual=np.array([0.5, 0.2]),
        low=np.array([0.1, 0.0]),
        high=np.array([0.9, 0.4]),
        correlation=np.array([[1.0, 0.5], [0.5, 1.0]]),
    )
    assert spread.strangeness(spread.usual) == 0
    # One half range away on both: (1 1) C^-1 (1 1)' / 2 = 2 / 1.5 / 2; one up and one down: 2 / 0.5 / 2.
    assert spread.strangeness(np.array([0.9, 0.4])) == pytest.approx(2 / 3)
    assert spread.strangeness(np.array([0.9, 0.0])) == pytest.approx(2)


def test_strain_is_how_much_longer_edges_get_and_not_how_far_they_go() -> None:
    rest = load_face_mesh().vertices_cm.astype(np.float64)
    assert strain(rest + np.array([3.0, -5.0, 1.0]), rest) == pytest.approx(0, abs=1e-6)
    assert strain(2 * rest, rest) == pytest.approx(np.log(2))
    squeezed = rest.copy()
    squeezed[:, 1] *= 0.9
    assert 0.02 < strain(squeezed, rest) < -np.log(0.9)  # edges that lie flat keep their length
    winking, smiling = (rest + load_face_mesh().shapes_cm[CHANNEL[name]] for name in ("eyeBlinkLeft", "mouthSmileLeft"))
    assert strain(winking, rest) < 0.3 * strain(smiling, rest)  # nobody is changed by lids that close


def _write_labelled(folder: Path, faces: int = 40) -> None:
    """Surprised faces with wide eyes, and neutral ones, as the reader's scores; the other labels lie in between."""
    rng = np.random.default_rng(0)
    classes = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    wide = {"surprise": 0.8, "neutral": 0.1}
    label = np.repeat(np.arange(len(classes)), faces)
    scores = np.stack(
        [[wide.get(classes[k], 0.4) + 0.05 * rng.standard_normal()] * 2 + [0.2] for k in label]
    )  # two eyes and a jaw
    folder.joinpath("arkit_by_emotion").mkdir()
    np.savez(
        folder / "arkit_by_emotion" / "arkit_scores.npz",
        scores_u8=np.clip(255 * scores, 0, 255).astype(np.uint8),
        pose_rad=np.zeros((len(label), 3)),
        label=label,
        classes=classes,
        names=("eyeWideLeft", "eyeWideRight", "jawOpen"),
    )
    folder.joinpath("landmarker").mkdir()
    folder.joinpath("landmarker", "face_landmarker_v2_with_blendshapes.task").touch()


def test_a_face_is_placed_among_labelled_ones_by_what_it_does_and_not_by_how_it_is_built(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no .*arkit_scores"):
        LabelledReadings.of(tmp_path)
    _write_labelled(tmp_path)
    readings = LabelledReadings.of(tmp_path)
    assert len(readings.columns) == 2
    surprised = JUDGED.index("surprise")
    at_rest, wide, built_wide = np.array([0.32, 0.4]), np.array([0.89, 0.4]), np.array([0.89, 0.4])
    p = readings.probabilities([wide, at_rest, built_wide], [at_rest, at_rest, built_wide])
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert p[0].argmax() == surprised
    assert JUDGED[int(p[1].argmax())] == JUDGED[int(p[2].argmax())] == "neutral"


def test_a_pattern_search_climbs_within_its_bounds() -> None:
    told: list[float] = []
    top = np.array([0.3, 0.8, 2.0])
    found = pattern_search(
        lambda dials: -float(((dials - top) ** 2).sum()),
        np.array([0.5, 0.5, 0.6]),
        np.zeros(3),
        np.ones(3),
        (0.5, 0.5, 0.5, 0.2, 0.1),
        lambda number, best: told.append(best),
    )
    np.testing.assert_allclose(found, [0.3, 0.8, 1.0], atol=0.051)
    assert told == sorted(told)
    assert len(told) == 5


def test_what_is_added_is_the_difference_from_the_table() -> None:
    mean = load_table().mean[CATEGORIES.index("anger")]
    spread = Spread(("browDown", "jawOpen", "noseSneer"), np.zeros(3), np.zeros(3), np.ones(3), np.eye(3))
    face = np.array([mean[CHANNEL["browDownLeft"]] + 0.2, 0.25, mean[CHANNEL["noseSneerLeft"]] + 0.01])
    assert added("anger", spread, face) == {"browDown": 0.2, "jawOpen": 0.25}  # a hundredth is nothing
    content = {"provenance": {"note": "any"}, "gains": {}, "added": {"anger": added("anger", spread, face)}}
    np.testing.assert_allclose(held(content, "anger", spread), face, atol=0.011)


def test_a_ladder_says_what_rose_and_what_won() -> None:
    rows = np.full((len(INTENSITIES), len(JUDGED)), 0.01)
    rows[:, JUDGED.index("neutral")] = [0.9, 0.7, 0.5, 0.3, 0.1]
    rows[:, JUDGED.index("anger")] = [0.02, 0.2, 0.3, 0.5, 0.8]
    ladder = Ladder("one", "anger", {FACEAPI: rows}, np.array([0, 0.1, 0.2, 0.3, 0.4]))
    assert ladder.rise(FACEAPI) == pytest.approx(0.78)
    assert ladder.hit(FACEAPI)
    flat = Ladder("two", "anger", {FACEAPI: np.repeat(rows[:1], len(INTENSITIES), axis=0)}, np.zeros(len(INTENSITIES)))
    others = [Ladder("one", emotion, {FACEAPI: rows}, ladder.movement) for emotion in EMOTIONS if emotion != "anger"]
    found = summary([ladder, flat, *others], FACEAPI)["anger"]
    assert found["risen"]["mean"] == found["hits"]["mean"] == 0.5
    assert found["spearman"]["mean"] == 0.5  # 1 on the first, 0 where nothing moves


def test_psnr_counts_only_the_pixels_that_are_asked_for() -> None:
    one = np.full((4, 4, 3), 100, np.uint8)
    other = one.copy()
    other[:2] = 101
    other[2, 0] = 255
    upper = np.zeros((4, 4), bool)
    upper[:2] = True
    assert psnr_db(one, other, upper) == pytest.approx(20 * np.log10(255))
    assert psnr_db(one, one, upper) == 99.0


def test_pose_and_place_of_a_head_are_taken_off() -> None:
    mesh = load_face_mesh()
    turned = (mesh.vertices_cm @ rotation(np.array([0.1, -0.25, 0.2])).T * _SIGNS) * 7.0 + (300.0, 200.0, 0.0)
    plain = mesh.vertices_cm * _SIGNS * 3.0 + (10.0, 20.0, 5.0)
    np.testing.assert_allclose(canonical_cm(turned), canonical_cm(plain), atol=1e-3)


def test_likeness_compares_people_in_the_same_emotion() -> None:
    rng = np.random.default_rng(0)
    emotions = rng.standard_normal((2, 400))
    people = np.stack([emotions * scale for scale in (1.0, 0.5, 2.0)])
    same, other = likeness(people)
    np.testing.assert_allclose(same, 1.0)
    assert np.abs(other).max() < 0.2
    shuffled = people.copy()
    shuffled[0] = shuffled[0, ::-1]
    assert likeness(shuffled)[0][0, 0] < 0.2  # the first person does something else


def test_spread_is_a_distance_per_point_of_the_mesh() -> None:
    takes = np.zeros((2, 2, 6))  # 2 seeds, 2 emotions, 2 points
    takes[0, 0, :3], takes[1, 0, :3] = (1, 0, 0), (-1, 0, 0)
    takes[:, 1] = (0, 3, 0, 0, 3, 0)
    within, between = spread_cm(takes)
    np.testing.assert_allclose(within, [1 / np.sqrt(2), 0])
    assert between[0, 1] == between[1, 0] == pytest.approx(3)
    assert np.isinf(between[0, 0])


def test_estimates_have_intervals_from_eight_on() -> None:
    assert estimated([True, False]) == {"mean": 0.5, "interval": None, "n": 2}
    assert estimated([])["mean"] is None
    many = estimated([True] * 8)
    assert many["interval"] == [1.0, 1.0]
    assert shown(many) == "1.00 [1.00, 1.00]"
    assert shown(estimated([])) == "N/A"
    assert markdown(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_portraits_are_pictures_each_with_a_name_of_its_own(tmp_path: Path) -> None:
    for name in ("b.png", "head-a.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    sitters = read_sitters([tmp_path])
    assert [sitter.name for sitter in sitters] == ["b", "head-a"]
    assert [sitter.is_head for sitter in sitters] == [False, True]
    with pytest.raises(InputError, match="Two portraits are called b"):
        read_sitters([tmp_path, tmp_path / "b.png"])
    with pytest.raises(InputError, match="holds no picture"):
        read_sitters([tmp_path / "notes.txt"])

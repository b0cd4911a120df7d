"""The Swin that ships sees what is plainly there, and is never certain where nothing is."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

from espressivo.conditioning.expression_swin.recogniser import ID, SwinExpressionJudge, load_judge
from espressivo.conditioning.faces.faceapi.boxes import cut
from espressivo.conditioning.faces.faceapi.pipeline import read_faces
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.generators.face.expression.table import load_table
from espressivo.generators.face.render import FRONT, open_renderer
from espressivo.generators.face.rig import load_head
from espressivo.weights.manifest import FOLDER

PORTRAIT = Path(__file__).parents[1] / "fixtures" / "faceapi" / "astronaut.png"


@pytest.fixture(scope="module")
def judge() -> SwinExpressionJudge:
    return load_judge(FOLDER / ID)


def _largest_face(image: np.ndarray) -> np.ndarray:
    return cut(image, read_faces(image, threshold=0.2)[0].face_box)


def _darker(face: np.ndarray) -> np.ndarray:
    return (face * 0.6).astype(np.uint8)


def _smaller(face: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(face).resize((40, 40)))


def _mirrored(face: np.ndarray) -> np.ndarray:
    return face[:, ::-1].copy()


@pytest.mark.parametrize("change", [np.copy, _darker, _smaller, _mirrored])
def test_a_smile_is_happiness_however_it_was_photographed(
    judge: SwinExpressionJudge, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    face = change(_largest_face(np.asarray(Image.open(PORTRAIT))))
    assert judge.probabilities([face])[0, judge.labels.index("happiness")] > 0.75


def test_noise_and_blank_pictures_are_not_judged_with_certainty(judge: SwinExpressionJudge) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (5, 48, 48, 3), dtype=np.uint8)
    blank = [np.full((48, 48, 3), level, np.uint8) for level in (0, 128, 255)]
    assert judge.probabilities([*noise, *blank]).max() < 0.8


@pytest.mark.parametrize("head", ["default", "ruth"])
@pytest.mark.parametrize("emotion", ["happiness", "sadness", "anger"])
def test_more_of_an_emotion_is_seen_as_more_of_it(judge: SwinExpressionJudge, head: str, emotion: str) -> None:
    face = load_table().mean[CATEGORIES.index(emotion)]
    still = np.zeros(3), np.zeros(2)
    with open_renderer(load_head(head), 512, 512, "cpu", FRONT) as renderer:
        pictures = [renderer.frame((level * face).astype(np.float32), *still) for level in (0.0, 0.5, 1.0)]
    seen = judge.probabilities([_largest_face(picture) for picture in pictures])[:, judge.labels.index(emotion)]
    assert all(less < more for less, more in pairwise(seen))
    assert seen[-1] - seen[0] > 0.05

"""The judges see what is plainly there: a smile in a photograph, and more of an emotion in a face that shows more."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.conditioning.face_emotion.judges import Ensemble, ensemble, load_judges
from espressivo.conditioning.faces.faceapi.boxes import cut
from espressivo.conditioning.faces.faceapi.pipeline import read_faces
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.eval.emotion.accuracy import JUDGED
from espressivo.generators.face.expression.table import load_table
from espressivo.generators.face.render import FRONT, open_renderer
from espressivo.generators.face.rig import load_head

PORTRAIT = Path(__file__).parents[1] / "fixtures" / "faceapi" / "astronaut.png"


@pytest.fixture(scope="module")
def judge() -> Ensemble:
    return ensemble(load_judges())


def _largest_face(image: np.ndarray) -> np.ndarray:
    return cut(image, read_faces(image, threshold=0.2)[0].face_box)


def test_a_smile_is_happiness_to_both(judge: Ensemble) -> None:
    opinions = judge.opinions([_largest_face(np.asarray(Image.open(PORTRAIT)))])
    assert all(opinion[0, JUDGED.index("happiness")] > 0.9 for opinion in opinions.values())


@pytest.mark.parametrize("head", ["default", "ruth"])
@pytest.mark.parametrize("emotion", ["happiness", "sadness", "anger"])
def test_more_of_an_emotion_is_seen_as_more_of_it(judge: Ensemble, head: str, emotion: str) -> None:
    """Disgust is left out: neither judge sees it in a rendered face, however strong."""
    face = load_table().mean[CATEGORIES.index(emotion)]
    still = np.zeros(3), np.zeros(2)
    with open_renderer(load_head(head), 512, 512, "cpu", FRONT) as renderer:
        pictures = [renderer.frame((level * face).astype(np.float32), *still) for level in (0.0, 0.5, 1.0)]
    seen = judge.probabilities([_largest_face(picture) for picture in pictures])[:, JUDGED.index(emotion)]
    assert all(less < more for less, more in pairwise(seen))
    assert seen[-1] - seen[0] > 0.15

"""The port of mini-Xception gives what the published model gives, and its pictures are OpenCV's."""

from pathlib import Path

import numpy as np
import pytest
import torch

from espressivo.conditioning.faces.mini_xception import grey_batch, mini_xception, resize_like_opencv

FIXTURES = Path(__file__).parents[1] / "fixtures"
GOLDEN = dict(np.load(FIXTURES / "mini_xception" / "golden.npz"))
CROPS = dict(np.load(FIXTURES / "faceapi" / "crops.npz"))


@pytest.mark.parametrize("name", CROPS)
def test_from_the_crop_to_the_probabilities(name: str) -> None:
    faces = grey_batch([CROPS[name]])
    np.testing.assert_array_equal(faces[0, 0], (GOLDEN[f"input.{name}"].astype(np.float32) / 255 - 0.5) * 2)
    with torch.inference_mode():
        probabilities = mini_xception()(faces)[0].softmax(0)
    np.testing.assert_allclose(probabilities, GOLDEN[f"{name}.float"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(probabilities, GOLDEN[f"{name}.tflite"], atol=0.05, rtol=0)


def test_a_plain_picture_stays_plain_at_any_size() -> None:
    for level in (0, 1, 128, 254, 255):
        for shape in ((1, 1), (7, 300), (64, 64), (65, 63)):
            assert np.all(resize_like_opencv(np.full(shape, level, np.uint8), 64) == level)


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    np.testing.assert_array_equal(resize_like_opencv(picture, 64), picture)

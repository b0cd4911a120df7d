"""The ports of face-api's networks give what the originals give, and the way through them is the same."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from espressivo.conditioning.faces.faceapi import weights
from espressivo.conditioning.faces.faceapi.boxes import Box, cut
from espressivo.conditioning.faces.faceapi.detector import resized_size
from espressivo.conditioning.faces.faceapi.expression import FaceExpressionNet
from espressivo.conditioning.faces.faceapi.landmarks import read_landmarks
from espressivo.conditioning.faces.faceapi.pipeline import Face, read_faces
from espressivo.conditioning.faces.faceapi.preprocessing import face_batch, square
from espressivo.conditioning.faces.faceapi.recognition import describe
from espressivo.errors import InputError
from espressivo.weights.manifest import FOLDER

FIXTURES = Path(__file__).parents[1] / "fixtures" / "faceapi"
CROPS = dict(np.load(FIXTURES / "crops.npz"))
OUTPUTS = dict(np.load(FIXTURES / "outputs.npz"))


@pytest.mark.parametrize("name", [name.split(".")[0] for name in OUTPUTS if name.endswith("input112")])
def test_padding_and_resizing_are_exact(name: str) -> None:
    np.testing.assert_array_equal(square(CROPS[name], 112, centred=True), OUTPUTS[f"{name}.input112"])


@pytest.mark.parametrize("name", CROPS)
def test_expression(name: str) -> None:
    net = weights.expression_net()
    with torch.inference_mode():
        features = net.features(face_batch([CROPS[name]], 112))
        logits = net.fc(features)
    np.testing.assert_allclose(features[0], OUTPUTS[f"{name}.feat"], atol=1e-4, rtol=0)
    np.testing.assert_allclose(logits[0], OUTPUTS[f"{name}.logits"], atol=1e-4, rtol=0)
    np.testing.assert_allclose(logits[0].softmax(0), OUTPUTS[f"{name}.probs"], atol=1e-5, rtol=0)


def test_landmarks_of_crops_of_different_shapes_in_one_batch() -> None:
    crops = list(CROPS.values())
    for net, output in ((weights.landmark_net(), "landmarks"), (weights.tiny_landmark_net(), "landmarks_tiny")):
        wanted = np.stack([OUTPUTS[f"{name}.{output}"] for name in CROPS])
        np.testing.assert_allclose(read_landmarks(net, crops), wanted, atol=1e-5, rtol=0)


def test_descriptors() -> None:
    wanted = np.stack([OUTPUTS[f"{name}.descriptor"] for name in CROPS])
    np.testing.assert_allclose(describe(weights.recognition_net(), list(CROPS.values())), wanted, atol=1e-5, rtol=0)


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return np.asarray(Image.open(FIXTURES / "astronaut.png"))


@pytest.fixture(scope="module")
def face(portrait: np.ndarray) -> Face:
    (found,) = read_faces(portrait, threshold=0.3)
    return found


def test_the_whole_way(face: Face) -> None:
    (wanted,) = json.loads((FIXTURES / "pipeline.json").read_text(encoding="utf-8"))["astronaut"]
    assert face.score == pytest.approx(wanted["score"], abs=1e-5)
    assert face.box == pytest.approx(wanted["box"], abs=1e-3)
    assert face.face_box == pytest.approx(wanted["alignedRect"], abs=1e-3)
    assert face.identity_box == pytest.approx(wanted["dlibRect"], abs=1e-3)
    np.testing.assert_allclose(face.landmarks_px, wanted["landmarks"], atol=1e-3, rtol=0)
    np.testing.assert_allclose(face.expression, list(wanted["expressions"].values()), atol=1e-5, rtol=0)
    np.testing.assert_allclose(face.descriptor, wanted["descriptor"], atol=1e-5, rtol=0)


def test_a_mirrored_portrait_has_a_mirrored_face_of_the_same_person(portrait: np.ndarray, face: Face) -> None:
    (mirrored,) = read_faces(np.ascontiguousarray(portrait[:, ::-1]))
    assert portrait.shape[1] - mirrored.box.x - mirrored.box.width == pytest.approx(face.box.x, abs=8)
    assert np.argmax(mirrored.expression) == np.argmax(face.expression)
    assert np.linalg.norm(mirrored.descriptor - face.descriptor) < 0.6


def test_another_person_is_farther_away(face: Face) -> None:
    (other,) = describe(weights.recognition_net(), [CROPS["mona_lisa"]])
    assert np.linalg.norm(other - face.descriptor) > 0.6


def test_an_oblong_picture_is_padded_below_and_its_boxes_stay(portrait: np.ndarray, face: Face) -> None:
    (found,) = read_faces(portrait[:270])
    assert found.box == pytest.approx(face.box, abs=6)


def test_sizes_are_rounded_as_javascript_rounds() -> None:
    assert resized_size(384, 270, 416) == (416, 293), "292.5 is 292 in Python"
    assert resized_size(269, 384, 416) == (291, 416)


def test_an_empty_picture_has_no_face() -> None:
    assert read_faces(np.full((120, 200, 3), 128, np.uint8)) == []


def test_a_crop_is_clipped_and_then_rounded_down() -> None:
    image = np.arange(20 * 30 * 3, dtype=np.uint16).astype(np.uint8).reshape(20, 30, 3)
    np.testing.assert_array_equal(cut(image, Box(2.7, 3.2, 5.9, 4.1)), image[3:7, 2:7])
    np.testing.assert_array_equal(cut(image, Box(-4.0, -2.0, 10.5, 100.0)), image[:, :6])
    with pytest.raises(ValueError, match="outside"):
        cut(image, Box(31.0, 0.0, 5.0, 5.0))


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(InputError, match="FaceExpressionNet"):
        weights.load(FaceExpressionNet(), FOLDER / "faceapi-landmarks")

"""Faces are found, read and followed, on a picture whose landmarks another implementation has read."""

from math import pi
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from espressivo.conditioning.faces.crops import Square
from espressivo.conditioning.faces.detector import find_faces
from espressivo.conditioning.faces.mesh import read_mesh, square_around
from espressivo.conditioning.faces.track import FaceTrack, track_face
from espressivo.errors import FaceError, InputError

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")

FOLDER = Path(__file__).parents[1] / "fixtures" / "faces"
HEAD = np.asarray(Image.open(FOLDER / "cg_head.jpg"))
LANDMARKS = np.load(FOLDER / "cg_head_landmarks.npy")
EYES_PX = float(np.linalg.norm(LANDMARKS[33] - LANDMARKS[263]))
BLACK = np.zeros_like(HEAD)


def _mesh(image: np.ndarray) -> np.ndarray:
    mesh = read_mesh(image, find_faces(image)[0])
    assert mesh is not None
    return mesh


def _apart_px(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm((a - b)[:, :2], axis=1).mean())


def _scaled(image: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS))


def _on_black(image: np.ndarray, x: int, y: int, shape: tuple[int, int]) -> np.ndarray:
    canvas = np.zeros((*shape, 3), np.uint8)
    canvas[y : y + len(image), x : x + image.shape[1]] = image
    return canvas


def test_the_face_is_where_it_is() -> None:
    (face,) = find_faces(HEAD)
    assert face.score == pytest.approx(0.908, abs=0.02)
    for keypoint, landmarks in ((0, (33, 133)), (1, (263, 362)), (3, (13, 14))):
        assert np.linalg.norm(face.keypoints[keypoint] - LANDMARKS[list(landmarks), :2].mean(axis=0)) < 0.15 * EYES_PX


def test_the_mesh_is_that_of_another_implementation() -> None:
    mesh = _mesh(HEAD)
    assert _apart_px(mesh, LANDMARKS) < 0.02 * EYES_PX
    assert np.abs(mesh[:, 2] - LANDMARKS[:, 2]).mean() < 0.04 * EYES_PX
    assert mesh[1, 2] < mesh[234, 2]  # the nose is nearer than the cheek


def test_a_mirrored_picture_gives_the_mirrored_mesh() -> None:
    from espressivo.conditioning.faces.mesh import _shape

    mirrored = _mesh(np.ascontiguousarray(HEAD[:, ::-1]))[_shape().mirror] * (-1, 1, 1) + (HEAD.shape[1], 0, 0)
    assert _apart_px(mirrored, _mesh(HEAD)) < 0.01 * EYES_PX


@pytest.mark.parametrize("degrees", [-25, 15])
def test_a_turned_picture_turns_the_mesh(degrees: float) -> None:
    turned = np.asarray(Image.fromarray(HEAD).rotate(degrees, Image.Resampling.BICUBIC))
    angle = -degrees * pi / 180
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    expected = (_mesh(HEAD)[:, :2] - 160) @ turn + 160
    assert _apart_px(_mesh(turned)[:, :2], expected) < 0.02 * EYES_PX


def test_size_and_place_of_the_picture_do_not_matter() -> None:
    large = _on_black(_scaled(HEAD, 640), 90, 30, (720, 900))
    assert _apart_px((_mesh(large) - (90, 30, 0)) / 2, _mesh(HEAD)) < 0.01 * EYES_PX


def test_a_face_that_fills_the_picture_is_found() -> None:
    left, top = (LANDMARKS[:, :2].min(axis=0) + 8).astype(int)
    right, bottom = (LANDMARKS[:, :2].max(axis=0) - 8).astype(int)
    corner = np.array([left, top, 0])
    assert _apart_px(_mesh(HEAD[top:bottom, left:right]) + corner, _mesh(HEAD)) < 0.06 * EYES_PX


def test_a_small_face_in_a_large_picture_is_found() -> None:
    image = _on_black(_scaled(HEAD, 200), 700, 100, (900, 1200))
    assert _apart_px((_mesh(image) - (700, 100, 0)) * 1.6, _mesh(HEAD)) < 0.03 * EYES_PX


def test_of_two_faces_the_larger_comes_first_and_either_can_be_followed() -> None:
    image = _two_faces()
    large, small = find_faces(image)
    assert large.size_px > 1.3 * small.size_px
    assert large.box[0] > 260 > small.box[2]
    for number, face in enumerate((large, small)):
        followed = track_face([image] * 2, 25, face=number).points_px[-1]
        assert abs(followed[:, 0].mean() - (face.box[0] + face.box[2]) / 2) < 10


def _two_faces() -> np.ndarray:
    image = _on_black(_scaled(HEAD, 260), 0, 60, (400, 660))
    image[:, 260:] = _scaled(HEAD, 400)
    return image


def _moving(frames: int = 10) -> list[np.ndarray]:
    return [_on_black(_scaled(HEAD, 240), 30 + 3 * k, 40, (320, 360)) for k in range(frames)]


def test_a_moving_face_is_followed() -> None:
    track = track_face(_moving(), 25)
    assert track.found.all()
    assert (track.missed, track.width, track.height, track.fps) == (0, 360, 320, 25)
    assert np.diff(track.points_px[:, :, 0].mean(axis=1)) == pytest.approx(np.full(9, 3.0), abs=0.4)


def test_a_frame_is_read_from_itself_alone() -> None:
    """Smoothing over time would delay the mouth: the last frame must not remember where the face came from."""
    still = _moving(1)[0]
    jumped = [*_moving(6)[::-1][:5], still]
    assert _apart_px(track_face(jumped, 25).points_px[-1], track_face([still], 25).points_px[0]) < 0.012 * EYES_PX


def test_a_face_that_was_lost_is_found_again_and_the_gap_is_filled() -> None:
    frames = _moving()
    frames[4] = np.zeros_like(frames[4])
    track = track_face(frames, 25)
    assert track.found.tolist() == [True] * 4 + [False] + [True] * 5
    assert track.missed == pytest.approx(0.1)
    np.testing.assert_allclose(track.points_px[4], (track.points_px[3] + track.points_px[5]) / 2, atol=1e-3)


def test_of_several_faces_the_one_that_was_followed_is_taken_up_again() -> None:
    image = _two_faces()
    track = track_face([image, image, np.zeros_like(image), image, image, image], 25, face=1)
    assert track.points_px[-1, :, 0].mean() < 260


@pytest.mark.parametrize(
    ("frames", "face", "reason"),
    [
        ([], 0, "no frames"),
        ([BLACK] * 3, 0, "0 of 3 frames"),
        ([HEAD, BLACK, HEAD], 0, "2 of 3 frames"),
        ([HEAD], 1, "1 face.* no face with this number"),
        ([_on_black(_scaled(HEAD, 56), 60, 60, (180, 200))], 0, r"largest face is 1\d px"),
    ],
)
def test_a_video_without_a_readable_face_is_refused_in_one_sentence(
    frames: list[np.ndarray], face: int, reason: str
) -> None:
    with pytest.raises(FaceError, match=reason) as refusal:
        track_face(frames, 25, face)
    assert isinstance(refusal.value, InputError)
    assert str(refusal.value).count(". ") == 0


def test_resampling_follows_a_line() -> None:
    points = (np.arange(31, dtype=np.float32)[:, np.newaxis, np.newaxis] * np.ones((1, 468, 3), np.float32)) / 30
    track = FaceTrack(points, np.ones(31, bool), 30, 100, 100)
    slow = track.resampled(25)
    assert len(slow.points_px) == 26
    np.testing.assert_allclose(slow.points_px[:, 0, 0], np.arange(26) / 25, atol=1e-6)
    assert track.resampled(30) is track


def test_the_square_does_not_move_with_the_jaw() -> None:
    opened = LANDMARKS.copy()
    opened[[152, 148, 377, 176, 400, 17, 14, 175, 199]] += (0, 25, 0)
    assert square_around(opened) == square_around(LANDMARKS)


@given(x=st.floats(5, 15), y=st.floats(5, 15), side=st.floats(2, 20), angle=st.floats(-3, 3), size=st.integers(8, 32))
def test_what_a_square_reads_lies_where_it_says(x: float, y: float, side: float, angle: float, size: int) -> None:
    """A picture whose values are its coordinates is read back as coordinates."""
    rows, columns = np.mgrid[0:40, 0:40]
    image = np.stack([4 * columns, 4 * rows, 0 * rows], axis=2).astype(np.uint8)
    square = Square(x + 10, y + 10, side, angle)
    seen = square.read(image, size)[..., :2].reshape(-1, 2) / 4 + 0.5
    grid = np.stack(np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5, indexing="xy"), axis=-1).reshape(-1, 2)
    places = square.to_image(np.column_stack([grid, np.zeros(len(grid))]), size)[:, :2]
    inside = ((places > 1.5) & (places < 38.5)).all(axis=1)
    np.testing.assert_allclose(seen[inside], places[inside], atol=0.02)


def test_the_border_goes_on_outside_of_the_picture() -> None:
    image = np.zeros((10, 10, 3), np.uint8)
    image[:, 9] = 200
    assert (Square(30, 5, 8).read(image, 8) == 200).all()

"""Another line for a video: points that a filmed head carries, sampling, and what is and is not touched."""

from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.faces.detector import find_faces
from espressivo.conditioning.faces.mesh import read_mesh
from espressivo.conditioning.faces.pose import HeadPoses, head_poses
from espressivo.conditioning.faces.track import FaceTrack
from espressivo.errors import InputError, MediaError
from espressivo.generators.face.arkit import weights_from
from espressivo.generators.face.rig import rotation
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.consent import SHIPPED
from espressivo.generators.portrait.redub.carrying import Carriage
from espressivo.generators.portrait.redub.cubic import sample_cubic
from espressivo.generators.portrait.redub.footage import Footage, is_footage
from espressivo.generators.portrait.redub.redub import Redub
from espressivo.media.encode import write_mp4
from espressivo.media.image import read_image
from espressivo.media.video import Video

CLOSED = weights_from()


def standard_mesh(turn_rad: float = 0.0, scale: float = 10.0, shift: float = 200.0) -> np.ndarray:
    """The standard face in the axes of a picture, turned, scaled and shifted."""
    points = load_face_mesh().vertices_cm * (1, -1, -1)
    return points @ rotation(np.array([0.0, turn_rad, 0.0])) * scale + (shift, shift, 0)


def poses_of(*meshes: np.ndarray) -> HeadPoses:
    return head_poses(np.stack(meshes))


def test_a_head_carries_its_points_along():
    one, other = standard_mesh(), standard_mesh(0.2, 12.0, 240.0)
    carriage = Carriage.between(poses_of(one, other), 0, 1)
    assert np.abs(carriage(one) - other).max() < 1e-3
    assert np.abs(carriage.offsets(one[:5] - one[5:10]) - (other[:5] - other[5:10])).max() < 1e-3


def test_a_head_that_keeps_still_carries_nothing_away():
    mesh = standard_mesh()
    assert np.abs(Carriage.between(poses_of(mesh, mesh), 0, 1)(mesh) - mesh).max() < 1e-3


def test_sampling_at_the_centres_gives_the_pixels_back():
    image = np.random.default_rng(0).integers(0, 256, (12, 9, 3), np.uint8)
    rows, columns = np.mgrid[0:12, 0:9].astype(np.float32) + np.float32(0.5)
    picture = np.empty(image.shape, np.float32)
    sample_cubic(image, np.stack([columns, rows], axis=-1), picture)
    assert np.abs(picture - image).max() < 1e-3


def test_sampling_follows_a_slope_and_stays_in_range():
    image = np.repeat(np.arange(0, 250, 10, dtype=np.uint8)[np.newaxis, :, np.newaxis], 8, axis=0).repeat(3, axis=2)
    rows, columns = np.mgrid[0:8, 2:20].astype(np.float32) + np.float32(0.75)
    picture = np.empty((8, 18, 3), np.float32)
    sample_cubic(image, np.stack([columns, rows], axis=-1), picture)
    assert np.allclose(picture[4, :, 0], 10 * (columns[4] - 0.5), atol=1e-3)
    edge = np.zeros((8, 8, 3), np.uint8)
    edge[:, 4:] = 255
    sample_cubic(edge, np.stack([columns[:, :5], rows[:, :5]], axis=-1), picture[:, :5])
    assert picture.min() >= 0
    assert picture.max() <= 255


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    """Six frames of a picture that pans, its face lost in one of them."""
    path = tmp_path_factory.mktemp("clips") / "pan.mp4"
    image = read_image(SHIPPED / "cg_head.jpg")[::2, ::2]
    frames = [np.roll(image, 2 * number, axis=1) for number in range(6)]
    write_mp4(path, Video(frames, 10), crf=0, preset="ultrafast")
    mesh = read_mesh(image, find_faces(image)[0])
    assert mesh is not None
    points = np.stack([mesh + np.array([2 * number, 0, 0], np.float32) for number in range(6)])
    found = np.array([True, True, True, False, True, True])
    return Footage(path, FaceTrack(points, found, 10, *image.shape[1::-1]), head_poses(points), rest=0)


def test_footage_is_followed_and_knows_its_rest(footage: Footage):
    followed = Footage.read(footage.path)
    assert len(followed) == 6
    moved = followed.poses.shift_px[4, 0] - followed.poses.shift_px[0, 0]
    assert moved == pytest.approx(8, abs=1.5)
    assert 0 <= followed.rest < 6


def test_lips_move_where_the_head_is_and_nothing_far_away_does(footage: Footage):
    redub, number = Redub(footage), 4
    image = np.roll(read_image(SHIPPED / "cg_head.jpg")[::2, ::2], 2 * number, axis=1)
    opened = redub.draw(number, image, weights_from(jawOpen=0.6, mouthLowerDown=0.3))
    change = np.abs(opened.astype(int) - image).sum(axis=2)
    lips = footage.face.points_px[number][[13, 14]].mean(axis=0)
    rows, columns = np.nonzero(change > 60)
    assert abs(np.median(columns) - lips[0]) < 8
    assert lips[1] - 5 < np.median(rows) < lips[1] + 45
    eyes = footage.face.points_px[number][[33, 263], 1].mean()
    assert not change[: int(eyes) - 8].any()
    assert not change[:, :40].any()


def test_blinks_and_glances_stay_as_they_were_filmed(footage: Footage):
    redub = Redub(footage)
    image = read_image(SHIPPED / "cg_head.jpg")[::2, ::2]
    still = redub.draw(0, image, CLOSED)
    blinking = redub.draw(0, image, weights_from(eyeBlink=1.0, eyeLookDown=1.0))
    assert np.array_equal(still, blinking)


def test_a_frame_without_a_face_is_left_alone(footage: Footage):
    image = read_image(SHIPPED / "cg_head.jpg")[::2, ::2]
    assert Redub(footage).draw(3, image, weights_from(jawOpen=1.0)) is image


def test_a_line_may_not_outlast_the_video(footage: Footage):
    footage.check_length(1.0)
    with pytest.raises(InputError, match=r"lasts 3\.0 s, but pan\.mp4 only 0\.6 s"):
        footage.check_length(3.0)


def test_what_is_no_video_is_said(tmp_path: Path):
    assert is_footage(Path("me.MP4"))
    assert not is_footage(Path("me.jpg"))
    (tmp_path / "no.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError, match="cannot be read as a video"):
        Footage.read(tmp_path / "no.mp4")

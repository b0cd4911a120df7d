"""A photograph is read with the face that was asked for, or a sentence says why it cannot move."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.conditioning.faces.detector import find_faces
from espressivo.errors import FaceError, MediaError
from espressivo.generators.face.render import open_renderer
from espressivo.generators.face.rig import load_head
from espressivo.generators.portrait.avatar.photograph import MIN_FACE_PX, Photograph

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")

FOLDER = Path(__file__).parents[1] / "fixtures" / "faces"
HEAD = np.asarray(Image.open(FOLDER / "cg_head.jpg"))
LANDMARKS = np.load(FOLDER / "cg_head_landmarks.npy")
EYES_PX = float(np.linalg.norm(LANDMARKS[33] - LANDMARKS[263]))


def _apart_px(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm((a - b)[:, :2], axis=1).mean())


def _scaled(size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(HEAD).resize((size, size), Image.Resampling.LANCZOS))


def test_a_file_is_read_with_its_face(tmp_path: Path) -> None:
    Image.fromarray(HEAD).save(tmp_path / "head.png")
    photograph = Photograph.read(tmp_path / "head.png")
    assert np.array_equal(photograph.image, HEAD)
    assert _apart_px(photograph.points_px, LANDMARKS) < 0.02 * EYES_PX


def test_a_file_is_read_anew_once_it_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "head.png"
    Image.fromarray(HEAD).save(path)
    first = Photograph.read(path)
    assert Photograph.read(path) is first
    Image.fromarray(_scaled(400)).save(path)
    assert Photograph.read(path).image.shape == (400, 400, 3)
    path.unlink()
    with pytest.raises(MediaError, match="does not exist"):
        Photograph.read(path)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P"])
def test_pictures_of_every_mode_are_read(tmp_path: Path, mode: str) -> None:
    Image.fromarray(HEAD).convert(mode).save(tmp_path / "head.png")
    assert _apart_px(Photograph.read(tmp_path / "head.png").points_px, LANDMARKS) < 0.04 * EYES_PX


def test_a_picture_stands_as_the_camera_was_held(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    Image.fromarray(np.rot90(HEAD)).save(tmp_path / "head.jpg", exif=exif, quality=95)
    photograph = Photograph.read(tmp_path / "head.jpg")
    assert photograph.image.shape == HEAD.shape
    assert _apart_px(photograph.points_px, LANDMARKS) < 0.02 * EYES_PX


@pytest.mark.parametrize("quarters", [1, 3])
def test_a_face_that_lies_on_its_side_is_read(quarters: int) -> None:
    x, y, z = Photograph.of(np.rot90(HEAD, quarters)).points_px.T
    side = len(HEAD)
    upright = np.stack([side - y, x, z] if quarters == 1 else [y, side - x, z], axis=1)
    assert _apart_px(upright, LANDMARKS) < 0.04 * EYES_PX


@pytest.mark.parametrize("size", [230, 4000])
def test_small_and_large_pictures_are_read(size: int) -> None:
    photograph = Photograph.of(_scaled(size))
    scale = size / len(HEAD)
    assert _apart_px(photograph.points_px / scale, LANDMARKS) < 0.04 * EYES_PX


def test_the_face_is_the_largest_or_the_one_that_is_asked_for() -> None:
    both = np.full((640, 1100, 3), 127, np.uint8)
    both[:, :640] = _scaled(640)
    both[100:500, 700:1100] = _scaled(400)
    assert Photograph.of(both).points_px[1, 0] < 640
    assert Photograph.of(both, 0).points_px[1, 0] < 640
    assert Photograph.of(both, 1).points_px[1, 0] > 700
    for number in (2, -1):
        with pytest.raises(FaceError, match=r"^Both shows 2 face\(s\), so there is no face -?\d; count from 0"):
            Photograph.of(both, number, "Both")


def test_a_small_face_beside_a_large_one_can_be_asked_for() -> None:
    """In the whole picture the detector overlooks it."""
    group = np.full((1000, 2000, 3), 90, np.uint8)
    group[:1000, :1000] = _scaled(1000)
    group[300:550, 1500:1750] = _scaled(250)
    assert len(find_faces(group)) == 1
    found = Photograph.of(group, 1).points_px
    assert _apart_px(found - (1500, 300, 0), LANDMARKS * (250 / len(HEAD))) < 0.05 * EYES_PX


def test_what_cannot_move_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FaceError, match="shows no face that can be seen"):
        Photograph.of(np.zeros((300, 300, 3), np.uint8))
    with pytest.raises(FaceError, match="upside down; give one that is upright"):
        Photograph.of(np.rot90(HEAD, 2))
    with pytest.raises(FaceError, match=f"px from brows to chin, too small to move; .*{MIN_FACE_PX} px"):
        Photograph.of(_scaled(120))
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(MediaError, match="cannot be read as a picture"):
        Photograph.read(tmp_path / "no.png")
    with pytest.raises(MediaError, match="does not exist"):
        Photograph.read(tmp_path / "absent.png")


def test_a_face_from_the_side_is_told() -> None:
    with open_renderer(load_head(), 256, 256, "cpu") as renderer:
        turned = [renderer.frame(np.zeros(52, np.float32), np.array([0, y, 0]), np.zeros(2)) for y in (0.3, 1.0)]
    Photograph.of(turned[0])
    with pytest.raises(FaceError, match=r"shows a face from the side \(\d\d degrees\)"):
        Photograph.of(turned[1])


@pytest.mark.parametrize(("part", "top", "bottom"), [("mouth", 1, 152), ("right eye", 105, 230)])
def test_a_covered_face_is_told(part: str, top: int, bottom: int) -> None:
    picture = _scaled(640)
    points = Photograph.of(picture).points_px
    (left, _), (right, _) = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    picture = picture.copy()
    picture[int(points[top, 1]) : int(points[bottom, 1]), int(left) : int(right)] = (150, 190, 210)
    with pytest.raises(FaceError, match=f"shows a face whose {part} cannot be seen"):
        Photograph.of(picture)


def test_a_smaller_copy_has_its_face_where_it_is() -> None:
    small = Photograph.of(HEAD).reduced(0.5)
    assert small.image.shape == (160, 160, 3)
    assert _apart_px(small.points_px * 2, LANDMARKS) < 0.02 * EYES_PX

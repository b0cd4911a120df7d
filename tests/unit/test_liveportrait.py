"""LivePortrait around its networks: crop, drive, templates, paste-back, folders of checkpoints."""

import pickle
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from espressivo.conditioning.faces.crops import Square
from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.portrait.liveportrait.config import MotionSize, RetargetingSize
from espressivo.generators.portrait.liveportrait.crop import face_square
from espressivo.generators.portrait.liveportrait.drive import absolute, matched, relative
from espressivo.generators.portrait.liveportrait.keypoints import ImplicitMotion, rotations
from espressivo.generators.portrait.liveportrait.paste import Paster
from espressivo.generators.portrait.liveportrait.portrait import LivePortrait
from espressivo.generators.portrait.liveportrait.pretrained import FILES, load_live_portrait
from espressivo.generators.portrait.liveportrait.template import MotionTemplate
from tests.portrait_checkpoints import INPUT_PX, LIVE_PORTRAIT, write_live_portrait

CHANCE = np.random.default_rng(8)


def some_motion(frames: int, count: int = 21) -> ImplicitMotion:
    angles = CHANCE.normal(0, 0.2, (3, frames)).astype(np.float32)
    return ImplicitMotion(
        kp=CHANCE.normal(0, 0.3, (frames, count, 3)).astype(np.float32),
        exp=CHANCE.normal(0, 0.02, (frames, count, 3)).astype(np.float32),
        rotation=rotations(*angles),
        scale=CHANCE.uniform(1.2, 1.5, (frames, 1)).astype(np.float32),
        t=CHANCE.normal(0, 0.1, (frames, 3)).astype(np.float32),
    )


def face_points(turn_rad: float = 0.0) -> np.ndarray:
    """A face 100 px wide and 120 px from brows to chin around (200, 300), as the points that outline it."""
    points = np.zeros((468, 2))
    points[[234, 454]] = (-50, -30), (50, -30)
    points[[33, 133, 159, 145, 263, 362, 386, 374]] = [(x, -25) for x in (-30, -10, -20, -20, 30, 10, 20, 20)]
    points[[105, 334]] = (-20, -60), (20, -60)
    points[[152]] = (0, 60)
    points[[61, 291, 0, 17]] = (-15, 35), (15, 35), (0, 30), (0, 40)
    turn = np.array([[np.cos(turn_rad), np.sin(turn_rad)], [-np.sin(turn_rad), np.cos(turn_rad)]])
    return points @ turn + (200, 300)


def test_the_square_is_laid_around_the_face_and_raised() -> None:
    square = face_square(face_points())
    assert square.side == pytest.approx(2.3 * 120)
    assert (square.x, square.y, square.angle_rad) == pytest.approx((200, 300 - 0.125 * square.side, 0))


def test_the_square_turns_with_the_face() -> None:
    upright, turned = face_square(face_points()), face_square(face_points(0.4))
    assert turned.angle_rad == pytest.approx(0.4)
    assert turned.side == pytest.approx(upright.side)
    rise = np.array([turned.x - 200, turned.y - 300])
    assert rise == pytest.approx(0.125 * upright.side * np.array([np.sin(0.4), -np.cos(0.4)]))


@pytest.mark.parametrize(("side", "angle"), [(200.0, 0.0), (90.0, 0.3), (420.0, -0.5)])
def test_what_was_cut_out_goes_back_to_its_place(side: float, angle: float) -> None:
    rows, columns = np.mgrid[:300, :360]
    smooth = np.stack([rows / 2, columns / 2, (rows + columns) / 4], axis=-1).astype(np.uint8)
    square = Square(180.0, 140.0, side, angle)
    drawing = np.rint(square.read(smooth, 256)).astype(np.uint8)
    assert np.abs(Paster(smooth, square, 256).paste(drawing).astype(int) - smooth).max() <= 1


def test_the_edge_of_the_drawing_is_not_seen() -> None:
    image = np.full((200, 200, 3), 100, np.uint8)
    pasted = Paster(image, Square(100.0, 100.0, 120.0), 64).paste(np.full((64, 64, 3), 200, np.uint8))
    assert (pasted[100, 100] == 200).all()
    assert (pasted[:40] == 100).all()
    assert (pasted[100, :40] == 100).all()
    assert np.abs(np.diff(pasted[100, :, 0].astype(int))).max() < 30


def test_a_square_beyond_the_picture_leaves_it_alone() -> None:
    image = np.full((50, 60, 3), 7, np.uint8)
    assert np.array_equal(Paster(image, Square(500.0, 20.0, 40.0), 32).paste(np.zeros((32, 32, 3), np.uint8)), image)


def test_keypoints_are_turned_then_deformed_scaled_and_shifted() -> None:
    quarter = np.array([np.pi / 2], np.float32)
    none = np.zeros(1, np.float32)
    motion = ImplicitMotion(
        kp=np.array([[[1.0, 0, 0]]]),
        exp=np.array([[[0, 0, 0.5]]]),
        rotation=rotations(none, none, quarter),
        scale=np.array([[2.0]]),
        t=np.array([[0.1, 0.2, 9.0]]),
    )
    assert motion.undeformed[0, 0] == pytest.approx([0.1, 2.2, 0], abs=1e-6)
    assert motion.keypoints[0, 0] == pytest.approx([0.1, 2.2, 1.0], abs=1e-6)


def test_the_driver_s_first_frame_leaves_the_portrait_as_it_is() -> None:
    source = some_motion(1)
    moved = relative(source, MotionTemplate.of(some_motion(6), 25.0))
    assert len(moved) == 6
    np.testing.assert_allclose(moved[:1].keypoints, source.keypoints, atol=1e-6)


def test_absolute_takes_expression_and_pose_but_not_shape() -> None:
    source, driver = some_motion(1), some_motion(4)
    moved = absolute(source, MotionTemplate.of(driver, 25.0))
    assert np.array_equal(moved.exp[:, 14], driver.exp[:, 14])
    assert np.array_equal(moved.exp[:, 3, 1], driver.exp[:, 3, 1])
    assert np.array_equal(moved.exp[:, 3, 0], np.repeat(source.exp[:, 3, 0], 4))
    assert np.array_equal(moved.exp[:, 7], np.repeat(source.exp[:, 7], 4, axis=0))
    assert np.array_equal(moved.rotation, driver.rotation)
    assert np.array_equal(moved.kp[2], source.kp[0])
    assert np.array_equal(moved.scale[:, 0], np.repeat(source.scale[:, 0], 4))


def test_a_larger_face_moves_further() -> None:
    small = some_motion(1).keypoints
    large = 4 * small
    moved = small + np.float32(0.1)
    np.testing.assert_allclose(matched(large, moved) - large, (moved - large) * 8, rtol=1e-4)


def test_a_template_is_read_as_it_was_written(tmp_path: Path) -> None:
    template = MotionTemplate.of(some_motion(5), 25.0)
    template.write(tmp_path / "nod.npz")
    found = MotionTemplate.read(tmp_path / "nod.npz")
    for name in ("exp", "rotation", "scale", "t"):
        assert np.array_equal(getattr(found, name), getattr(template, name))
    assert found.fps == 25.0


def test_a_template_goes_to_and_fro() -> None:
    template = MotionTemplate.of(some_motion(3), 50.0)
    longer = template.to_and_fro(7, 25.0)
    assert longer.fps == 25.0
    assert np.array_equal(longer.exp, template.exp[[0, 2, 2, 0, 0, 2, 2]])
    assert np.array_equal(template.to_and_fro(7, 50.0).scale, template.scale[[0, 1, 2, 2, 1, 0, 0]])


def test_a_template_that_is_a_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "driver.pkl").write_bytes(pickle.dumps({"motion": []}))
    np.savez(tmp_path / "objects.npz", exp=np.array([{}], object), R=1, scale=1, t=1, fps=25)
    np.savez(tmp_path / "other.npz", exp=np.zeros((3, 21, 3)), R=np.zeros((2, 3, 3)), scale=1, t=1, fps=25)
    for name in ("driver.pkl", "objects.npz", "other.npz", "missing.npz"):
        with pytest.raises(InputError, match="no motion template"):
            MotionTemplate.read(tmp_path / name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("liveportrait")
    write_live_portrait(made)
    return made


@pytest.fixture(scope="module")
def portrait(folder: Path) -> LivePortrait:
    return load_live_portrait(folder, "cpu", LIVE_PORTRAIT, INPUT_PX)


def test_a_photograph_is_drawn_frame_by_frame(portrait: LivePortrait) -> None:
    image = CHANCE.integers(0, 255, (500, 400, 3), np.uint8)
    source = portrait.source(image, face_points())
    driver = MotionTemplate.of(some_motion(3), 25.0)
    keypoints = portrait.stitched(source, relative(source.motion, driver).keypoints)
    keypoints += portrait.lips_changed(source, np.zeros((3, 2), np.float32))
    keypoints += portrait.eyes_changed(source, np.zeros((3, 3), np.float32))
    frames = portrait.frames(source, keypoints)
    first = next(frames)
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first[450:], image[450:])
    assert not np.array_equal(first[200:300, 150:250], image[200:300, 150:250])
    assert len(list(frames)) == 2
    drawn = list(islice(portrait.draw(source, keypoints), 2))
    assert drawn[0].shape == (2 * INPUT_PX, 2 * INPUT_PX, 3)
    assert not np.array_equal(drawn[0], drawn[1])
    again = portrait.read([(image, source.square)])
    np.testing.assert_allclose(again.keypoints, source.motion.keypoints, atol=1e-6)


def test_missing_files_are_named_with_their_place_and_licence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        load_live_portrait(tmp_path / "nothing")
    with pytest.raises(MissingDependencyError) as caught:
        load_live_portrait(tmp_path)
    for told in (*FILES, str(tmp_path), "MIT"):
        assert told in str(caught.value)


def test_keys_that_do_not_fit_are_named(folder: Path) -> None:
    with pytest.raises(InputError, match=r"motion_extractor.*it lacks .*other shapes at"):
        load_live_portrait(folder, "cpu", replace(LIVE_PORTRAIT, motion=MotionSize()))
    with pytest.raises(InputError, match="has unexpected"):
        load_live_portrait(folder, "cpu", replace(LIVE_PORTRAIT, lip=RetargetingSize(65, (), 63)))


def test_a_checkpoint_that_is_a_program_is_not_run(folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    class Program:
        def __reduce__(self):
            return Path.touch, (ran,)

    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    torch.save({"first.conv.weight": Program()}, tmp_path / FILES[0])
    with pytest.raises(InputError, match="program, which is not run"):
        load_live_portrait(tmp_path, "cpu", LIVE_PORTRAIT)
    assert not ran.exists()

"""A drawn portrait: at rest it is the photograph, in motion it has no holes and no seams, and only the head moves."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.generators.face.arkit import weights_from
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.portrait.avatar.avatar import MAX_SIZE, Avatar
from espressivo.generators.portrait.avatar.background import fill_behind, read_matte
from espressivo.generators.portrait.avatar.crop import Crop
from espressivo.generators.portrait.avatar.light import luminance
from espressivo.generators.portrait.avatar.photograph import Photograph

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")

HEAD = np.asarray(Image.open(Path(__file__).parents[1] / "fixtures" / "faces" / "cg_head.jpg"))
PHOTOGRAPH = Photograph.of(HEAD)
AVATAR = Avatar.of(PHOTOGRAPH, 256)
REST = np.zeros(52)
TURNS_DEG = [(0, 15, 0), (0, -15, 0), (10, 0, 0), (-10, 0, 0), (0, 0, 12), (8, -12, -6)]


def _motion(frames: int, **weights: float) -> FaceMotion:
    ramp = np.linspace(0, 1, frames)[:, np.newaxis]
    return FaceMotion(ramp * weights_from(**weights), ramp * np.radians([4, 10, 2]), np.zeros((frames, 2)), 25.0)


@pytest.mark.parametrize("size", [200, 256, 512, None])
def test_at_rest_it_is_the_photograph_to_the_bit(size: int | None) -> None:
    avatar = Avatar.of(PHOTOGRAPH, size)
    assert np.array_equal(avatar.draw(REST), avatar.still)
    assert np.array_equal(avatar.paste(avatar.draw(REST)), HEAD)


def test_a_hair_of_motion_hardly_changes_the_picture() -> None:
    # No jump between the photograph and the first frame that moves.
    moved = AVATAR.draw(
        weights_from(jawOpen=0.004, eyeBlink=0.004), np.radians((0.02, 0.02, 0.02)), lift_px=(0.02, 0.0)
    )
    apart = np.abs(moved.astype(int) - AVATAR.still)
    assert apart.max() <= 12
    assert apart.mean() < 0.2


@pytest.mark.parametrize("turn_deg", TURNS_DEG)
def test_a_turned_head_has_no_holes(turn_deg: tuple[float, ...]) -> None:
    pose = AVATAR.fit.pose(weights_from(jawOpen=0.5, mouthSmile=0.6, browInnerUp=0.8), np.radians(turn_deg))
    origin, depth = AVATAR.trace(pose)
    assert np.isfinite(depth).all()
    assert np.isfinite(origin).all()
    # Neighbours come from neighbours, but for the few that lie on both sides of an outline.
    apart = np.maximum(
        np.abs(np.diff(origin, axis=0)).max(axis=2)[:, 1:], np.abs(np.diff(origin, axis=1)).max(axis=2)[1:]
    )
    assert (apart > 6).mean() < 0.002


@pytest.mark.parametrize(("turn_deg", "most"), [((0, 15, 0), 80), ((0, -15, 0), 60)])
def test_an_outline_that_hides_little_has_no_stairs(turn_deg: tuple[float, ...], most: float) -> None:
    avatar = Avatar.of(PHOTOGRAPH, 512)
    pose = avatar.fit.pose(weights_from(jawOpen=0.7, mouthSmile=0.3), np.radians(turn_deg))
    origin, _ = avatar.trace(pose)
    jump_cm = np.abs(np.diff(origin, axis=1)).max(axis=2) / avatar.fit.px_per_cm
    edge = (jump_cm > 0.22) & (jump_cm < 0.34)
    steps = np.abs(np.diff(avatar.skin(pose), axis=1)).max(axis=2)[edge]
    assert edge.sum() > 200
    assert steps.max() < most


def test_two_runs_are_equal_to_the_bit() -> None:
    weights, head = weights_from(jawOpen=0.4, mouthSmile=0.5, eyeBlink=0.7), np.radians((5, 9, 3))
    first = AVATAR.draw(weights, head, (0.1, 0.05))
    assert np.array_equal(first, AVATAR.draw(weights, head, (0.1, 0.05)))
    assert np.array_equal(first, Avatar.of(Photograph.of(HEAD), 256).draw(weights, head, (0.1, 0.05)))


def test_only_the_head_moves() -> None:
    moved = AVATAR.draw(weights_from(jawOpen=0.6, mouthSmile=0.5), np.radians((8, 12, 5)))
    changed = (moved != AVATAR.still).any(axis=2)
    chin = int(AVATAR.fit.points_px[152, 1])
    assert changed[:chin].any()
    assert not changed[chin + int(10.5 * AVATAR.fit.px_per_cm) :].any()  # shoulders
    assert not changed[:, : AVATAR.size // 10].any()  # background
    assert not changed[:, -AVATAR.size // 10 :].any()


def _sinks_cm(picture: np.ndarray, below_chin_cm: float) -> float:
    """How far what lies under the chin goes down when the jaw drops."""
    avatar = Avatar.of(Photograph(picture, PHOTOGRAPH.points_px), 256)
    chin, scale = avatar.fit.points_px[152, :2], avatar.fit.px_per_cm
    row, column = int(chin[1] + below_chin_cm * scale), int(chin[0])
    origin, _ = avatar.trace(avatar.fit.pose(weights_from(jawOpen=0.7)))
    return (row + 0.5 - float(origin[row, column, 1])) / scale


def test_a_collar_stays_where_it_is_when_the_jaw_drops() -> None:
    clothed = HEAD.copy()
    face = AVATAR.photograph.points_px
    scale = AVATAR.fit.px_per_cm / AVATAR.size * AVATAR.crop.side
    clothed[int(face[152, 1] + 1.8 * scale) :] = 25, 22, 30
    assert _sinks_cm(clothed, 2.6) < 0.2
    assert _sinks_cm(HEAD, 1.5) > 0.7, "skin goes along"
    assert _sinks_cm(HEAD, 6.0) < 0.1


def test_the_background_stands_still_beside_a_tilting_head() -> None:
    moved = AVATAR.draw(REST, np.radians((0, 0, 8)))
    matte = read_matte(AVATAR.still, AVATAR.fit.points_px)
    tilted = AVATAR.trace(AVATAR.fit.pose(REST, np.radians((0, 0, 8))))[0]
    seen = matte[np.clip(tilted[..., 1].astype(int), 0, 255), np.clip(tilted[..., 0].astype(int), 0, 255)]
    behind = (matte == 0) & (seen == 0)
    error = (moved.astype(float) - AVATAR.still)[behind]
    assert behind.mean() > 0.2
    assert 10 * np.log10(255**2 / max((error**2).mean(), 1e-9)) > 40


def test_what_the_head_uncovers_continues_the_background() -> None:
    matte = read_matte(AVATAR.still, AVATAR.fit.points_px)
    inside = matte > 0.99
    assert inside[
        AVATAR.fit.points_px[[1, 10, 152], 1].astype(int), AVATAR.fit.points_px[[1, 10, 152], 0].astype(int)
    ].all()
    filled = fill_behind(AVATAR.still, matte)
    head = inside[: AVATAR.size // 2]
    background = AVATAR.still[: AVATAR.size // 2][matte[: AVATAR.size // 2] == 0].mean(axis=0)
    assert np.abs(filled[: AVATAR.size // 2][head] - background).mean() < 6


def test_without_a_face_in_the_outline_all_is_taken_for_the_person() -> None:
    assert (read_matte(np.full((128, 128, 3), 90, np.uint8), AVATAR.fit.points_px / 2) == 1).all()


def test_a_blink_covers_the_eyes_and_leaves_the_mouth() -> None:
    shut = AVATAR.draw(weights_from(eyeBlink=1.0)).astype(float)
    points = AVATAR.fit.points_px
    for corner, other, upper, lower in ((33, 133, 159, 145), (362, 263, 386, 374)):
        eye = np.s_[
            int(points[upper, 1]) : int(points[lower, 1]), int(points[corner, 0]) + 2 : int(points[other, 0]) - 2
        ]
        skin = AVATAR.still[int(points[50, 1]), int(points[50, 0])].astype(float)
        apart = np.abs(AVATAR.still[eye] - skin).mean()
        assert np.abs(shut[eye] - skin).mean() < 0.6 * apart
    assert np.array_equal(shut[int(points[0, 1]) :], AVATAR.still[int(points[0, 1]) :])


def test_a_side_moves_its_half_of_the_picture() -> None:
    moved = AVATAR.draw(weights_from(mouthSmileLeft=1.0)).astype(float)
    apart = np.abs(moved - AVATAR.still).sum(axis=(0, 2))
    middle = int(AVATAR.fit.points_px[1, 0])
    assert apart[middle + 2 :].sum() > 5 * apart[: middle - 2].sum()


def test_a_clip_starts_at_the_photograph_and_is_drawn_as_it_is_asked_for() -> None:
    motion = _motion(4, jawOpen=0.5)
    motion = FaceMotion(motion.weights + 0.2, motion.head_rad + 0.05, motion.gaze_rad, 25.0)
    frames = AVATAR.frames(motion)
    assert not isinstance(frames, list)
    first, *others = list(frames)
    assert np.array_equal(first, AVATAR.still)
    assert len(others) == 3
    assert all((frame != AVATAR.still).any() for frame in others)


def test_the_whole_photograph_moves_where_the_head_is() -> None:
    avatar = Avatar.of(PHOTOGRAPH, None)
    whole = list(avatar.frames(_motion(30, jawOpen=0.5, mouthSmile=0.5), whole=True))
    assert {frame.shape for frame in whole} == {HEAD.shape}
    assert np.array_equal(whole[0], HEAD)
    changed = (whole[-1] != HEAD).any(axis=2)
    assert 0.02 < changed.mean() < 0.5
    assert not changed[-10:].any()


@pytest.mark.parametrize("size", [128, 400])
def test_a_frame_of_another_scale_is_pasted_without_a_seam(size: int) -> None:
    avatar = Avatar.of(PHOTOGRAPH, size)
    whole = avatar.paste(avatar.draw(weights_from(jawOpen=0.5), np.radians((3, 8, 2)))).astype(float)
    change = whole - HEAD
    rows = np.flatnonzero(np.abs(change).max(axis=(1, 2)) > 0)
    edge = np.abs(change[[rows[0], rows[-1]]])
    assert edge.max() <= 24
    assert change.any()


def test_a_large_picture_is_made_smaller_for_its_head() -> None:
    large = Photograph.of(np.asarray(Image.fromarray(HEAD).resize((2400, 2400), Image.Resampling.LANCZOS)))
    avatar = Avatar.of(large, None)
    assert avatar.size == MAX_SIZE
    assert avatar.paste(avatar.draw(REST)).shape[0] < 2400
    assert Avatar.of(large, 256).paste(Avatar.of(large, 256).draw(REST)).shape == (2400, 2400, 3)


def test_a_face_at_the_edge_of_the_picture_is_drawn() -> None:
    tight = Photograph.of(np.ascontiguousarray(HEAD[50:240, 75:245]))
    avatar = Avatar.of(tight, 256)
    assert np.array_equal(avatar.draw(REST), avatar.still)
    for turn_deg in TURNS_DEG:
        assert avatar.draw(weights_from(jawOpen=0.5), np.radians(turn_deg)).shape == (256, 256, 3)
        assert avatar.paste(avatar.draw(REST, np.radians(turn_deg))).shape == tight.image.shape


def test_values_of_any_kind_are_drawn() -> None:
    frame = AVATAR.draw(np.full(52, np.nan), (np.inf, -9.0, np.nan), (9.0, -9.0))
    assert frame.shape == (256, 256, 3)
    assert AVATAR.draw(np.full(52, 1e9), (9, 9, 9)).dtype == np.uint8


def test_beyond_its_border_a_picture_goes_on_softly() -> None:
    stripes = np.zeros((100, 60, 3), np.uint8)
    stripes[np.arange(100) % 8 < 4] = 240
    drawn = Crop(left=-40.0, top=0.0, side=100.0, size=200).read(stripes).astype(float)[20:180]
    inside, near, far = (drawn[:, columns].std(axis=0).mean() for columns in (slice(84, 116), 79, slice(10, 60)))
    assert inside > 100
    assert near > 90  # no seam at the border
    assert far < 15  # no streaks
    assert drawn[:, 10:60].mean() == pytest.approx(120, abs=4)


def test_what_falls_into_shade_on_skin_turns_red_and_not_grey() -> None:
    avatar = Avatar.of(PHOTOGRAPH, 384)
    pose = avatar.fit.pose(weights_from(mouthSmile=1.0, cheekSquint=0.5))
    shaded, avatar._reliefs = avatar.skin(pose), ()
    plain = avatar.skin(pose)
    fold = luminance(shaded) < 0.9 * luminance(plain)
    left = (shaded / plain)[fold].mean(axis=0)
    assert fold.sum() > 100
    assert left[0] - left[1] > 0.04
    assert left[1] > left[2]

"""The inside of a drawn mouth: closed mouths stay closed, open ones show what a mouth holds, in the picture's light."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from espressivo.generators.face.arkit import weights_from
from espressivo.generators.portrait.avatar.avatar import Avatar
from espressivo.generators.portrait.avatar.crop import Crop
from espressivo.generators.portrait.avatar.curves import Axis, smooth_curve
from espressivo.generators.portrait.avatar.fit import Fit
from espressivo.generators.portrait.avatar.layers import Stage
from espressivo.generators.portrait.avatar.light import Light, luminance
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.avatar.mouth.dentition import COLUMNS, ROWS, lower_arch, upper_arch
from espressivo.generators.portrait.avatar.mouth.lip_edges import _parting, on_lip_edges
from espressivo.generators.portrait.avatar.mouth.mouth import MouthLayer, _lips
from espressivo.generators.portrait.avatar.mouth.own_teeth import OwnTeeth
from espressivo.generators.portrait.avatar.photograph import Photograph

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")

FIXTURES = Path(__file__).parents[1] / "fixtures" / "faces"
PHOTOGRAPH = Photograph.of(np.asarray(Image.open(FIXTURES / "cg_head.jpg")))
SIZE = 384


def _stage(tint: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Stage:
    image = np.clip(PHOTOGRAPH.image * np.array(tint), 0, 255).astype(np.uint8)
    fit = Fit.of(PHOTOGRAPH.points_px)
    crop = Crop.around(PHOTOGRAPH, fit.origin_px[:2], fit.px_per_cm, SIZE)
    return Stage(crop.read(image).astype(np.float32), Fit.of(crop.to_frame(PHOTOGRAPH.points_px)))


STAGE = _stage()
LAYER = MouthLayer(STAGE)


def _drawn(stage: Stage = STAGE, layer: MouthLayer = LAYER, head_rad=(0.0, 0.0, 0.0), **weights: float):
    """Return what the layer drew over the photograph at rest, and the pose."""
    pose = stage.fit.pose(weights_from(**weights), np.array(head_rad))
    picture = stage.photo.copy()
    layer.draw(picture, pose)
    return picture, pose


def _changed(picture: np.ndarray, stage: Stage = STAGE) -> np.ndarray:
    return np.abs(picture - stage.photo).max(axis=2) > 0.5


def test_a_resting_mouth_is_left_alone_to_the_bit() -> None:
    for head in ((0.0, 0.0, 0.0), (0.1, 0.2, 0.05)):
        picture, _ = _drawn(head_rad=head)
        assert np.array_equal(picture, STAGE.photo)


@pytest.mark.parametrize(
    "shape", ["mouthSmile", "mouthFrown", "mouthPress", "cheekPuff", "mouthShrugLower", "eyeBlink"]
)
def test_sealed_shapes_show_nothing_of_the_inside(shape: str) -> None:
    picture, _ = _drawn(STAGE, LAYER, (0.0, 0.0, 0.0), **{shape: 1.0})
    assert np.abs(picture - STAGE.photo).max() < 3


def test_the_inside_fades_in_without_a_jump() -> None:
    before = STAGE.photo
    for opening in np.linspace(0, 0.12, 25):
        picture, _ = _drawn(jawOpen=float(opening))
        assert np.abs(picture - before).mean() < 0.02
        before = picture


def test_it_draws_between_the_lips_only() -> None:
    picture, pose = _drawn(jawOpen=0.5)
    changed = _changed(picture)
    assert changed.sum() > 300
    ring = pose.points_px[load_face_mesh().mouth_ring, :2]
    rows, columns = np.nonzero(changed)
    soft = LAYER._soft_px + 1
    assert (columns > ring[:, 0].min() - soft).all()
    assert (columns < ring[:, 0].max() + soft).all()
    assert (rows > ring[:, 1].min() - soft).all()
    assert (rows < ring[:, 1].max() + soft).all()


def _row_of_teeth(picture: np.ndarray, pose) -> np.ndarray:
    """How far down the brightest rows in the middle of the mouth lie: the upper and the lower teeth."""
    points = pose.points_px
    top, bottom, middle = int(points[13, 1]) + 1, int(points[14, 1]) - 1, int(points[13, 0])
    column = luminance(picture[top:bottom, middle - 4 : middle + 5]).mean(axis=1)
    half = len(column) // 2
    return np.array([top + column[:half].argmax(), top + half + column[half:].argmax()])


def test_upper_teeth_stay_with_the_head_and_lower_ones_go_with_the_jaw() -> None:
    near, far = (_row_of_teeth(*_drawn(jawOpen=opening)) for opening in (0.45, 0.75))
    assert abs(near[0] - far[0]) <= 2
    assert far[1] - near[1] > 4


def test_a_dropped_jaw_makes_no_box_of_the_mouth() -> None:
    lips, points = load_face_mesh().lip_pairs, STAGE.fit.pose(weights_from(jawOpen=0.7)).points_px
    upper, lower = points[lips[:, 0], 1], points[lips[:, 1], 1]
    corner, middle = points[[78, 308], 1].mean(), len(lips) // 2
    gap = lower - upper
    assert 0.3 < (corner - upper[middle]) / gap[middle] < 0.5, "corners come down with the jaw"
    assert gap[[0, -1]].max() < 0.38 * gap[middle], "beside the corners the opening begins narrow"
    bend = -np.diff(lower, n=2)
    assert bend[middle - 1] < 1.3 * bend[[middle - 2, middle]].mean(), "the lower lip has no peak in the middle"


@pytest.mark.parametrize("name", ["mouthUpperUp", "mouthLowerDown"])
def test_lips_that_are_drawn_apart_meet_at_the_corners(name: str) -> None:
    pairs = load_face_mesh().lip_pairs
    gaps = [
        fit[pairs[:, 1], 1] - fit[pairs[:, 0], 1]
        for fit in (STAGE.fit.points_px, STAGE.fit.pose(weights_from(**{name: 1.0})).points_px)
    ]
    opened = gaps[1] - gaps[0]
    assert opened.max() > 4
    assert opened[[0, -1]].max() < 0.4 * opened.max()


def test_edges_run_through_their_own_points_on_a_head_that_is_turned_aside() -> None:
    points, pairs = STAGE.fit.pose(weights_from(jawOpen=0.6)).points_px.copy(), load_face_mesh().lip_pairs
    # Seen from the side, points of the lower lip lie beside their partners above, not under them.
    points[pairs[:, 1], 0] += 6
    axis, knots, lines = _lips(points)
    for edge in (0, 1):
        along, down = axis.turn(points[pairs[1:-2, edge]]).T
        assert smooth_curve(knots, lines[:, edge], along) == pytest.approx(down, abs=0.8)


def test_no_dark_line_stays_on_a_lower_lip_that_has_parted() -> None:
    # The line between shut lips is dark in this picture. It belongs to neither of them.
    avatar = Avatar.of(PHOTOGRAPH, SIZE)
    weights = weights_from(jawOpen=0.3, mouthLowerDown=0.5)
    frame, points = avatar.draw(weights).astype(np.float32), avatar.fit.pose(weights).points_px
    reach = round(0.2 * avatar.fit.px_per_cm)
    for upper, lower in load_face_mesh().lip_pairs[3:6]:
        x, y = points[lower, :2].astype(int)
        column = luminance(frame[y - reach : y + 3 * reach, x - 2 : x + 3]).mean(axis=1)
        lip = np.median(column[2 * reach :])
        assert column.min() > 0.6 * lip, (upper, lower)


def test_what_a_photograph_shows_between_parted_lips_does_not_stretch_with_them() -> None:
    stage, _ = _parted(0.3, 0.0)
    layer = MouthLayer(stage)
    assert layer._own is None
    pose = stage.fit.pose(weights_from(jawOpen=0.35), settled=1.0)
    below = [np.full_like(stage.photo, level) for level in (0, 255)]
    for picture in below:
        layer.draw(picture, pose)
    x, top, bottom = int(pose.points_px[13, 0]), int(pose.points_px[13, 1]) + 3, int(pose.points_px[14, 1]) - 2
    assert bottom - top > 4
    assert np.abs(below[1] - below[0])[top:bottom, x - 4 : x + 5].max() < 5


def test_lips_that_come_together_show_nothing_new_on_the_way() -> None:
    stage, _ = _parted(0.3, 0.0)
    layer = MouthLayer(stage)
    for settled in (0.0, 0.15, 0.4, 0.7, 1.0):
        picture = stage.photo.copy()
        layer.draw(picture, stage.fit.pose(np.zeros(52), settled=settled))
        assert np.abs(picture - stage.photo).max() < 3


def _lower_teeth_shown_cm(opening: float) -> float:
    picture, pose = _drawn(jawOpen=opening)
    points = pose.points_px
    top, bottom, middle = points[[13, 14], 1].mean(), int(points[14, 1]) - 1, int(points[13, 0])
    column = luminance(picture[int(top) : bottom, middle - 12 : middle + 13]).mean(axis=1)
    bright = column > 0.75 * luminance(Light.of(STAGE.photo, STAGE.fit.points_px).skin)
    return float(bright.sum()) / STAGE.fit.px_per_cm


def test_the_lower_lip_goes_with_its_teeth() -> None:
    # Of crowns of .9 cm less than the half is seen, however far the mouth opens.
    assert all(_lower_teeth_shown_cm(opening) < 0.4 for opening in (0.3, 0.5, 0.7, 0.9))


def test_teeth_turn_with_the_head() -> None:
    turned, pose = _drawn(jawOpen=0.5, head_rad=(0.0, 0.2, 0.1))
    changed = _changed(turned)
    rows, columns = np.nonzero(changed)
    ring = pose.points_px[load_face_mesh().mouth_ring, :2].mean(axis=0)
    assert np.hypot(columns.mean() - ring[0], rows.mean() - ring[1]) < 6


@pytest.mark.parametrize("tint", [(1.0, 1.0, 1.0), (0.8, 0.95, 1.3), (0.45, 0.4, 0.35), (1.1, 0.9, 0.5)])
def test_teeth_are_never_blue_nor_glow(tint: tuple[float, float, float]) -> None:
    stage = _stage(tint)
    layer = MouthLayer(stage)
    picture, _ = _drawn(stage, layer, jawOpen=0.4, mouthUpperUp=0.8, mouthLowerDown=0.8)
    inside = picture[_changed(picture, stage)]
    bright = inside[luminance(inside) > np.quantile(luminance(inside), 0.8)]
    # Noise and the soft edge to the lips, which may be blue in such a picture, leave a little.
    assert np.median(bright[:, 2] - bright[:, 0]) <= 1
    assert np.quantile(luminance(bright), 0.9) < 1.5 * luminance(Light.of(stage.photo, stage.fit.points_px).skin)


def test_teeth_are_less_orange_than_the_skin_around_them() -> None:
    # The hue of skin is pigment for the most part, which teeth do not have.
    stage = _stage((1.0, 0.75, 0.4))
    picture, _ = _drawn(stage, MouthLayer(stage), jawOpen=0.3, mouthUpperUp=0.8)
    inside = picture[_changed(picture, stage)]
    bright = inside[luminance(inside) > np.quantile(luminance(inside), 0.8)].mean(axis=0)
    skin = Light.of(stage.photo, stage.fit.points_px).skin
    enamel_hue, skin_hue = bright[2] / bright[0], skin[2] / skin[0]
    assert skin_hue < 0.35
    assert enamel_hue > 1.35 * skin_hue


def test_teeth_in_the_shade_are_redder_than_those_in_the_light() -> None:
    layer, picture = MouthLayer(STAGE), np.zeros_like(STAGE.photo)
    layer._colours[:] = 0  # nothing but teeth
    layer.draw(picture, STAGE.fit.pose(weights_from(jawOpen=0.2, mouthUpperUp=0.8, mouthLowerDown=0.8, mouthStretch=1)))
    bright, green = luminance(picture), picture[..., 1] / np.maximum(picture[..., 0], 1)
    lit, shaded = green[bright > 140], green[(bright > 30) & (bright < 80)]
    assert min(len(lit), len(shaded)) > 100
    assert np.median(shaded) < 0.965 * np.median(lit), "what lights them there comes from flesh"


@pytest.mark.parametrize("stone", [(1.0, 1.0, 1.0), (0.95, 1.02, 1.0)])
def test_a_face_of_stone_has_no_flesh_behind_its_lips(stone: tuple[float, float, float]) -> None:
    photo, (low, high) = STAGE.photo.copy(), np.quantile(STAGE.fit.points_px[:, :2], (0, 1), axis=0).astype(int)
    face = (slice(low[1], high[1]), slice(low[0], high[0]))
    photo[face] = (luminance(photo[face])[..., np.newaxis] * np.array(stone)).clip(0, 255)
    photo[:40] = (40, 90, 200)
    light = Light.of(photo, STAGE.fit.points_px)
    assert light.colourful == 0
    stage = Stage(photo, STAGE.fit)
    picture, _ = _drawn(stage, MouthLayer(stage), jawOpen=0.5, mouthUpperUp=0.5)
    inside = picture[_changed(picture, stage)]
    assert (inside[:, 0] / luminance(inside)).max() < 1.1


def test_a_darker_picture_has_darker_teeth() -> None:
    tones = []
    for factor in (0.4, 0.7, 1.0):
        stage = _stage((factor, factor, factor))
        picture, _ = _drawn(stage, MouthLayer(stage), jawOpen=0.5)
        tones.append(float(luminance(picture[_changed(picture, stage)]).mean()))
    assert tones == sorted(tones)


def test_two_draws_are_equal_to_the_bit() -> None:
    first, second = _drawn(jawOpen=0.4)[0], _drawn(layer=MouthLayer(_stage()), jawOpen=0.4)[0]
    assert np.array_equal(first, second)


def test_arches_are_symmetric_and_end_with_a_cutting_edge() -> None:
    for arch in (upper_arch(), lower_arch()):
        assert arch.picture.shape == (ROWS, COLUMNS, 4)
        opacity = arch.picture[..., 3]
        assert np.allclose(opacity, opacity[:, ::-1], atol=1e-3)
        edge, root = (-1, 0) if arch.top_cm > arch.bottom_cm and arch.top_cm > -3 else (0, -1)
        assert opacity[root].min() > 0.99
        assert opacity[edge].max() < 0.9
    assert upper_arch().bottom_cm < lower_arch().top_cm, "the bite overlaps"


def _parted(opening: float, teeth_share: float) -> tuple[Stage, np.ndarray]:
    """A stage whose mouth stands open in the photograph, a row of teeth under the upper lip; and where these are."""
    pose = STAGE.fit.pose(weights_from(jawOpen=opening))
    photo = STAGE.photo.copy()
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    mesh = load_face_mesh()
    knots = np.concatenate([[pose.points_px[78, 0]], pose.points_px[mesh.lip_pairs[:, 0], 0], [pose.points_px[308, 0]]])
    order = np.argsort(knots)
    upper = np.concatenate([[pose.points_px[78, 1]], pose.points_px[mesh.lip_pairs[:, 0], 1], [pose.points_px[308, 1]]])
    lower = np.concatenate([[pose.points_px[78, 1]], pose.points_px[mesh.lip_pairs[:, 1], 1], [pose.points_px[308, 1]]])
    top, bottom = np.interp(x, knots[order], upper[order]), np.interp(x, knots[order], lower[order])
    inside = (y > top) & (y < bottom) & (x > knots.min()) & (x < knots.max())
    photo[inside] = (40, 15, 15)
    teeth = inside & (y < top + teeth_share * (bottom - top))
    photo[teeth] = (210, 200, 185)
    return Stage(gaussian_filter(photo, (0.7, 0.7, 0)), Fit.of(pose.points_px)), teeth


def _smiling_stage() -> tuple[Stage, tuple[int, int, int, int]]:
    """A stage with own teeth; first and last row of them in the middle, and these columns."""
    stage, teeth = _parted(0.45, 0.6)
    middle = int(stage.fit.points_px[load_face_mesh().mouth_ring, 0].mean())
    column = np.flatnonzero(teeth[:, middle])
    return stage, (int(column[0]), int(column[-1]), middle - 6, middle + 6)


def test_own_teeth_are_found_kept_and_stay_with_the_head() -> None:
    stage, (top, bottom, left, right) = _smiling_stage()
    layer = MouthLayer(stage)
    assert layer._own is not None
    untouched = stage.photo.copy()
    layer.draw(untouched, stage.fit.pose(np.zeros(52)))
    assert np.array_equal(untouched, stage.photo)
    # Draw on an empty picture: what is there then, the layer has put there.
    drawn = np.zeros_like(stage.photo)
    layer.draw(drawn, stage.fit.pose(weights_from(jawOpen=0.3)))
    row = slice(top + 3, bottom - 2)
    assert bottom - top > 8
    assert np.abs(drawn[row, left:right] - stage.photo[row, left:right]).max() < 14


def test_drawn_lower_teeth_bite_on_the_own_upper_ones() -> None:
    stage, _ = _smiling_stage()
    layer = MouthLayer(stage)
    overlap = lower_arch().top_cm - upper_arch().bottom_cm
    assert layer._upper_form[4] != pytest.approx(upper_arch().bottom_cm, abs=0.05)
    assert layer._lower_form[3] - layer._upper_form[4] == pytest.approx(overlap, abs=1e-4)


def test_a_mouth_without_teeth_has_no_own_ones() -> None:
    assert LAYER._own is None
    stage, _ = _smiling_stage()
    dark = stage.photo.copy()
    points = stage.fit.points_px
    axis = Axis.between(points[78], points[308])
    knots = np.linspace(-20, 20, 11)
    lips = np.tile([[-6.0, 6.0]], (11, 1))
    dark[:] = 30
    assert OwnTeeth.of(dark, axis, knots, lips, np.eye(3, 4) * 8, Light.of(stage.photo, points)) is None


@pytest.mark.parametrize("what", ["lower", "tongue", "gloss"])
def test_what_is_no_upper_row_is_not_taken_for_one(what: str) -> None:
    stage, teeth = _parted(0.5, 0.45)
    photo = stage.photo.copy()
    photo[teeth] = (40, 15, 15)
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    ring = stage.fit.points_px[load_face_mesh().mouth_ring, :2]
    (left, top), (right, bottom) = ring.min(axis=0), ring.max(axis=0)
    middle = np.abs(x - (left + right) / 2) < 0.3 * (right - left)
    band = {
        "lower": middle & (y > top + 0.6 * (bottom - top)) & (y < bottom),
        "tongue": middle & (y > top) & (y < bottom),
        "gloss": (np.abs(x - (left + right) / 2) < 3) & (y > top) & (y < bottom),
    }[what]
    photo[band] = (190, 110, 108) if what == "tongue" else (215, 205, 190)
    assert MouthLayer(Stage(photo, stage.fit))._own is None


def test_teeth_that_stand_on_each_other_are_parted_where_they_meet() -> None:
    stage, _ = _parted(0.4, 1.0)
    ring = stage.fit.points_px[load_face_mesh().mouth_ring, 1]
    bite = round(float(ring.min() + 0.6 * (ring.max() - ring.min())))
    photo = stage.photo.copy()
    photo[bite : bite + 2] *= 0.6
    own = MouthLayer(Stage(photo, stage.fit))._own
    assert own is not None
    assert own.edge_px[1] == pytest.approx(bite, abs=2)
    whole = MouthLayer(stage)._own
    assert whole is not None
    assert whole.edge_px[1] > bite + 4, "without that line they are one row"


def test_lower_teeth_that_are_in_sight_give_drawn_ones_their_colour() -> None:
    stage, teeth = _parted(0.5, 1.0)
    photo, plain = stage.photo.copy(), stage.photo.copy()
    rows = np.flatnonzero(teeth.any(axis=1))
    photo[teeth] = plain[teeth] = (40, 15, 15)
    low = teeth & (np.arange(SIZE)[:, np.newaxis] > rows[0] + 0.6 * len(rows))
    photo[low] = (180, 180, 200)
    layer, without = MouthLayer(Stage(photo, stage.fit)), MouthLayer(Stage(plain, stage.fit))
    assert layer._own is None
    blue, usual = (
        each._upper[ROWS - 20, :, 2].mean() / each._upper[ROWS - 20, :, 0].mean() for each in (layer, without)
    )
    assert blue > usual + 0.15


def test_a_rim_of_teeth_says_where_drawn_ones_end() -> None:
    stage, teeth = _parted(0.45, 0.25)
    layer = MouthLayer(stage)
    assert layer._own is None
    assert layer._upper_form[4] != pytest.approx(upper_arch().bottom_cm, abs=0.02)
    column = np.flatnonzero(teeth[:, int(stage.fit.points_px[load_face_mesh().mouth_ring, 0].mean())])
    drawn = layer._to_rest[:2, :3] @ (0.0, layer._upper_form[4], 4.6) + layer._to_rest[:2, 3]
    assert drawn[1] == pytest.approx(column[-1], abs=3)


@pytest.mark.parametrize("off_px", [-4.0, 2.0])
def test_edges_of_parted_lips_are_where_the_picture_has_them(off_px: float) -> None:
    stage, _ = _parted(0.5, 0.5)
    mesh, true = load_face_mesh(), stage.fit.points_px
    lip_rows = [mesh.upper_lip_rows, mesh.lower_lip_rows]
    wrong = true.copy()
    for rows, side in zip(lip_rows, (-1, 1), strict=True):
        for share, row in zip((1.0, 0.75, 0.45, 0.2), rows, strict=True):
            wrong[row, 1] += share * side * off_px
    found, middle = on_lip_edges(stage.photo, wrong), slice(2, -2)
    for rows in lip_rows:
        before, after = (np.abs(each[rows[0], 1] - true[rows[0], 1])[middle] for each in (wrong, found))
        assert before.min() > 0.9 * abs(off_px)
        assert after.max() < max(0.4 * abs(off_px), 1.1)
    others = np.setdiff1d(np.arange(len(true)), np.concatenate(lip_rows))
    assert np.array_equal(found[others], wrong[others])


@pytest.mark.parametrize(
    ("row", "edge"),
    [("####....", 4), ("######...##.....", 6), ("..#####.........", 7), ("########", None), ("........", None)],
    ids=["plain", "gloss", "tongue", "all teeth", "all lip"],
)
def test_lip_is_parted_from_what_is_no_lip_by_the_fewest_errors(row: str, edge: int | None) -> None:
    other = np.array([[mark == "#" for mark in row]])
    way = np.arange(len(row))[np.newaxis] - len(row) / 2
    assert _parting(other, way)[0] == (0 if edge is None else way[0, edge])


def test_edges_are_not_looked_for_where_lips_are_of_no_tone() -> None:
    stage, _ = _parted(0.5, 0.5)
    stencil = np.where(np.indices(stage.photo.shape[:2]).sum(axis=0) // 3 % 2, 255, 0).astype(np.float32)
    points = stage.fit.points_px
    assert on_lip_edges(np.repeat(stencil[..., np.newaxis], 3, axis=2), points) is points


def test_edges_of_lips_that_are_shut_are_left_alone() -> None:
    points = STAGE.fit.points_px
    assert on_lip_edges(STAGE.photo, points) is points


def test_curves_pass_through_their_knots_and_do_not_need_order() -> None:
    knots, values = np.array([3.0, 0.0, 1.0, 2.0]), np.array([5.0, 1.0, 2.0, 2.5])
    assert np.allclose(smooth_curve(knots, values, knots), values, atol=1e-4)
    assert np.allclose(smooth_curve(knots, values, np.array([-9.0, 9.0])), [1, 5], atol=1e-4)
    line = smooth_curve(np.arange(5.0), 2 * np.arange(5.0), np.linspace(0, 4, 9))
    assert np.allclose(line, np.linspace(0, 8, 9), atol=1e-3)


def test_an_axis_turns_there_and_back() -> None:
    axis = Axis.between(np.array([10.0, 20.0]), np.array([30.0, 28.0]))
    points = np.random.default_rng(0).uniform(0, 50, (20, 2))
    assert np.allclose(axis.back(axis.turn(points)), points)
    assert np.allclose(axis.turn(np.array([[20.0, 24.0]])), 0)


def test_light_tells_blur_and_grain_apart() -> None:
    points = STAGE.fit.points_px
    noise = np.random.default_rng(0).normal(0, 2.5, STAGE.photo.shape[:2])[..., None].astype(np.float32)
    plain, blurred = Light.of(STAGE.photo, points), Light.of(gaussian_filter(STAGE.photo, (2, 2, 0)), points)
    noisy = Light.of(STAGE.photo + noise, points)
    assert blurred.blur_px > plain.blur_px + 0.7
    assert plain.grain < 0.8
    assert noisy.grain > 1.5


@pytest.mark.parametrize("toning", [(1.0, 1.0, 1.0), (1.07, 0.95, 0.75)])
def test_a_picture_without_colours_gets_none(toning: tuple[float, float, float]) -> None:
    grey = (luminance(STAGE.photo)[..., np.newaxis] * np.array(toning, np.float32)).clip(0, 255).astype(np.float32)
    stage = Stage(grey, STAGE.fit)
    assert Light.of(grey, STAGE.fit.points_px).colourful == 0
    assert Light.of(STAGE.photo, STAGE.fit.points_px).colourful == 1
    picture, _ = _drawn(stage, MouthLayer(stage), jawOpen=0.5, mouthUpperUp=0.5)
    inside = picture[_changed(picture, stage)]
    assert len(inside) > 300
    hue = inside / luminance(inside)[:, np.newaxis]
    assert np.abs(hue - np.array(toning) / luminance(np.array(toning))).mean() < 0.06

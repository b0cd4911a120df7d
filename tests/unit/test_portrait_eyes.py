"""Drawn eyes: lids close, irises look, highlights stay, and an eye at rest is the photograph's."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.generators.face.arkit import weights_from
from espressivo.generators.portrait.avatar.crop import Crop
from espressivo.generators.portrait.avatar.curves import Axis
from espressivo.generators.portrait.avatar.eyes.eyes import MAX_SHIFT, EyeLayer
from espressivo.generators.portrait.avatar.eyes.outline import _iris_edge
from espressivo.generators.portrait.avatar.fit import Fit
from espressivo.generators.portrait.avatar.layers import Stage
from espressivo.generators.portrait.avatar.light import luminance
from espressivo.generators.portrait.avatar.photograph import Photograph

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")

FIXTURES = Path(__file__).parents[1] / "fixtures" / "faces"
PHOTOGRAPH = Photograph.of(np.asarray(Image.open(FIXTURES / "cg_head.jpg")))
SIZE = 512
LOOKS = {"left": (0.3, 0.0), "right": (-0.3, 0.0), "down": (0.0, 0.3), "up": (0.0, -0.3)}


def _stage() -> Stage:
    fit = Fit.of(PHOTOGRAPH.points_px)
    crop = Crop.around(PHOTOGRAPH, fit.origin_px[:2], fit.px_per_cm, SIZE)
    return Stage(crop.read(PHOTOGRAPH.image).astype(np.float32), Fit.of(crop.to_frame(PHOTOGRAPH.points_px)))


STAGE = _stage()
LAYER = EyeLayer(STAGE)
OUTLINES = [eye.outline for eye in LAYER._eyes]


def _drawn(gaze_rad=(0.0, 0.0), head_rad=(0.0, 0.0, 0.0), stage=STAGE, layer=LAYER, **weights: float) -> np.ndarray:
    picture = stage.photo.copy()
    layer.draw(picture, stage.fit.pose(weights_from(**weights), np.array(head_rad), np.array(gaze_rad)))
    return picture


def _opening(outline) -> np.ndarray:
    """Where the eye is open in the photograph."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    along, down = outline.axis.turn(np.stack([x.ravel(), y.ravel()], axis=1)).T.reshape(2, SIZE, SIZE)
    upper, lower = (np.interp(along, outline.along, edge) for edge in (outline.upper, outline.lower))
    return (down > upper + 1) & (down < lower - 1) & (np.abs(along) < 0.45 * outline.width_px)


def _iris_of(picture: np.ndarray, outline) -> np.ndarray:
    """The middle of what is dark in the opening, x and y in px."""
    y, x = np.nonzero(_opening(outline))
    dark = np.clip(80 - luminance(picture[y, x]), 0, None)
    return np.array([(dark * x).sum(), (dark * y).sum()]) / dark.sum()


def test_eyes_at_rest_are_left_alone_to_the_bit() -> None:
    for head in ((0.0, 0.0, 0.0), (0.1, 0.2, 0.05)):
        assert np.array_equal(_drawn(head_rad=head), STAGE.photo)
    # Shapes of the mouth hardly move lids.
    assert np.abs(_drawn(jawOpen=0.5) - STAGE.photo).max() < 3


def test_the_outline_fits_the_eye() -> None:
    for outline in OUTLINES:
        assert 0.2 < outline.opening < 0.45
        assert (outline.upper <= outline.lower + 1e-9).all()
        assert np.hypot(*(outline.iris - (outline.axis.x, outline.axis.y))) < 0.2 * outline.width_px
        assert 0.12 < outline.iris_px / outline.width_px < 0.25
    right, left = OUTLINES
    assert right.axis.x < left.axis.x, "the performer's right eye lies left in the picture"


def test_a_blink_covers_the_eye_with_skin() -> None:
    blinked = _drawn(eyeBlink=1.0)
    for outline, eye in zip(OUTLINES, LAYER._eyes, strict=True):
        opening = _opening(outline)
        seam = blinked[opening]
        skin = luminance(np.median(eye.eyeball.lid, axis=0))
        # The dark iris and the white are gone; what is left of the dark is the line of the lashes.
        assert abs(np.median(luminance(seam)) - skin) < 0.15 * skin
        assert (luminance(seam) < 0.45 * skin).mean() < 0.12
        assert (luminance(STAGE.photo[opening]) < 0.45 * skin).mean() > 0.35


def test_lids_close_steadily_and_bring_their_lashes() -> None:
    outline = OUTLINES[0]
    opening = _opening(outline)
    shown = [(luminance(_drawn(eyeBlink=closing)[opening]) < 70).mean() for closing in np.linspace(0, 1, 9)]
    assert all(later <= earlier + 0.02 for earlier, later in pairwise(shown))
    closed = _drawn(eyeBlink=1.0)
    middle = int(outline.axis.x)
    down = np.interp(0.0, outline.along, outline.lower)
    low = int(outline.axis.y + down)
    column = luminance(closed[low - 8 : low + 6, middle - 2 : middle + 3]).mean(axis=1)
    assert column.min() < 0.8 * np.median(column), "a dark line where the lids meet"


def test_a_wink_leaves_the_other_eye_alone() -> None:
    winked = _drawn(eyeBlinkLeft=1.0)
    changed = np.abs(winked - STAGE.photo).max(axis=2) > 0
    assert changed.any()
    assert not changed[:, : SIZE // 2 - 10].any()


@pytest.mark.parametrize(("look", "sign"), [("left", 1), ("right", -1)])
def test_irises_go_where_the_eyes_look(look: str, sign: int) -> None:
    looked = _drawn(LOOKS[look])
    moves = [_iris_of(looked, outline) - _iris_of(STAGE.photo, outline) for outline in OUTLINES]
    across, down = np.mean(moves, axis=0)
    assert sign * across > 2.5
    assert abs(down) < 1
    assert np.abs(moves[0] - moves[1]).max() < 1.5, "both eyes together"


@pytest.mark.parametrize(("look", "sign"), [("down", 1), ("up", -1)])
def test_lids_follow_a_look_down_and_up(look: str, sign: int) -> None:
    # The iris touches both lids: its edges show where the upper lid went and whether white shows below.
    looked = _drawn(LOOKS[look])
    for outline in OUTLINES:
        x, y = (int(value) for value in outline.iris)
        before, after = (
            luminance(picture[y - 14 : y + 14, x - 1 : x + 2]).mean(axis=1) < 80 for picture in (STAGE.photo, looked)
        )
        edges = [np.flatnonzero(dark)[[0, -1]] for dark in (before, after)]
        top, bottom = edges[1] - edges[0]
        assert (top >= 2) if sign > 0 else (bottom <= -1)
        assert top >= 0 if sign > 0 else top <= 0


def test_no_look_moves_an_iris_out_of_the_eye() -> None:
    for outline in OUTLINES:
        far = _iris_of(_drawn((1.2, 0.0)), outline)[0] - _iris_of(STAGE.photo, outline)[0]
        assert far <= MAX_SHIFT * outline.width_px + 1


def test_the_gaze_moves_without_a_jump() -> None:
    before = STAGE.photo
    opening = _opening(OUTLINES[0])
    for yaw in np.linspace(0, 0.3, 31):
        picture = _drawn((float(yaw), 0.0))
        assert np.abs(picture - before)[opening].mean() < 6
        before = picture


def test_the_highlight_stays_where_it_is() -> None:
    photo = STAGE.photo.copy()
    spots = []
    for outline in OUTLINES:
        x, y = (int(value) for value in outline.iris - np.array([2, 0]))
        photo[y - 1 : y + 1, x - 1 : x + 1] = 250
        spots.append((y, x))
    stage = Stage(photo, STAGE.fit)
    looked = _drawn((0.25, 0.0), stage=stage, layer=EyeLayer(stage))
    plain = _drawn((0.25, 0.0))
    for y, x in spots:
        gain = luminance(looked[y - 6 : y + 6, x - 10 : x + 10] - plain[y - 6 : y + 6, x - 10 : x + 10])
        row, column = np.unravel_index(gain.argmax(), gain.shape)
        assert gain.max() > 60
        assert abs(row - 6) <= 2
        assert abs(column - 10) <= 2


def test_wide_eyes_show_more_of_the_eyeball() -> None:
    outline = OUTLINES[0]
    widened = _drawn(eyeWide=1.0)
    middle = int(outline.axis.x)
    edge = int(outline.axis.y + np.interp(0.0, outline.along, outline.upper))
    above = slice(edge - 2, edge)
    assert np.abs(widened[above, middle - 2 : middle + 3] - STAGE.photo[above, middle - 2 : middle + 3]).mean() > 10


def test_closed_eyes_have_nothing_to_look_with() -> None:
    closed = _drawn(eyeBlink=1.0)
    stage = Stage(closed, Fit.of(STAGE.fit.pose(weights_from(eyeBlink=1.0)).points_px))
    layer = EyeLayer(stage)
    for gaze in LOOKS.values():
        looked = _drawn(gaze, stage=stage, layer=layer)
        assert np.abs(looked - closed).max() < 60
        assert np.abs(looked - closed).mean() < 0.02


def test_the_edge_of_an_iris_is_found_beside_a_first_guess() -> None:
    y, x = np.mgrid[0:80, 0:80] + 0.5
    photo = np.full((80, 80, 3), 200, np.float32)
    photo[np.hypot(x - 42.0, y - 40.0) < 8] = 60
    along = np.linspace(-30, 30, 96)
    upper, lower = np.full(96, -7.0), np.full(96, 7.0)
    axis = Axis(40.0, 40.0, 1.0, 0.0)
    middle, radius = _iris_edge(photo, axis, along, upper, lower, np.array([40.5, 40.0]), 8.5)
    assert np.hypot(*(middle - (42, 40))) < 1.2
    assert abs(radius - 8) < 1.2


def test_two_draws_are_equal_to_the_bit() -> None:
    assert np.array_equal(_drawn((0.2, 0.1), eyeBlink=0.4), _drawn((0.2, 0.1), layer=EyeLayer(_stage()), eyeBlink=0.4))

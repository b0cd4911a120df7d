"""Frames of spectacles are seen, and what lies under them does not move; bare faces move as they did."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from espressivo.generators.face.arkit import weights_from
from espressivo.generators.portrait.avatar.avatar import Avatar
from espressivo.generators.portrait.avatar.fit import Fit
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.avatar.photograph import Photograph
from espressivo.generators.portrait.avatar.spectacles import THICK, WIRE, frames_on, held_under

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")

FIXTURES = Path(__file__).parents[1] / "fixtures" / "faces"
HEAD = np.asarray(Image.open(FIXTURES / "cg_head.jpg"))
PHOTOGRAPH = Photograph.of(HEAD)
BROW = (52, 53, 65, 105, 66, 282, 295)
LIDS = (159, 386)


def _with_frames(wide: int = 7, over_nose: tuple[int, int, int] = (0, 0, 0)) -> np.ndarray:
    picture = Image.fromarray(HEAD)
    points = PHOTOGRAPH.points_px
    draw = ImageDraw.Draw(picture)
    width = float(np.hypot(*(points[33] - points[133])[:2]))
    for outer, inner in ((33, 133), (263, 362)):
        x, y = (points[outer, :2] + points[inner, :2]) / 2
        lens = (x - 0.85 * width, y - 0.6 * width, x + 0.85 * width, y + 0.7 * width)
        draw.rounded_rectangle(lens, 12, None, 0, wide)
        end = points[outer, 0] + np.sign(points[outer, 0] - points[inner, 0]) * 0.9 * width
        draw.line((points[outer, 0], y - 0.3 * width, end, y - 0.3 * width), (0, 0, 0), wide + 2)
    x, y = points[168, :2]
    draw.line((x - 0.4 * width, y, x + 0.4 * width, y), over_nose, wide)
    return np.asarray(picture)


WIRE_ON = _with_frames(2, (160, 122, 103))
"""Thin, and bright over the nose."""


def test_frames_are_told_from_a_bare_face() -> None:
    assert frames_on(HEAD, PHOTOGRAPH.points_px) is None
    assert frames_on(_with_frames(), PHOTOGRAPH.points_px) is THICK
    assert frames_on(WIRE_ON, PHOTOGRAPH.points_px) is WIRE


def test_an_edge_at_one_temple_is_no_wire() -> None:
    # Hair or a shadow beside one eye is dark on one side only.
    picture = HEAD.copy()
    x, y = PHOTOGRAPH.points_px[[168, 33], :2].astype(int).min(axis=0)
    picture[:, : PHOTOGRAPH.points_px[33, 0].astype(int) - 15] = 10
    picture[y : y + 3, x : x + 30] = 10
    assert frames_on(picture, PHOTOGRAPH.points_px) is None


def test_brows_stay_under_frames_while_lids_close_and_the_mouth_moves() -> None:
    bare = Fit.of(PHOTOGRAPH.points_px)
    held = held_under(bare, THICK)
    weights = weights_from(browInnerUp=1.0, browOuterUp=1.0, eyeBlink=1.0, mouthSmile=0.5)
    moved, kept = (np.abs(fit.pose(weights).points_px - fit.points_px).max(axis=1) for fit in (bare, held))
    assert (moved[list(BROW)] > 3).all()
    assert (kept[list(BROW)] < 0.35 * moved[list(BROW)]).all()
    assert np.allclose(kept[[61, 291]], moved[[61, 291]])
    gaps = held.pose(weights_from(eyeBlink=1.0)).points_px
    for upper, lower in (*load_face_mesh().right_lid_pairs[2:5], *load_face_mesh().left_lid_pairs[2:5]):
        assert abs(gaps[lower, 1] - gaps[upper, 1]) < 1


def test_brows_go_on_to_move_above_a_wire() -> None:
    bare = Fit.of(PHOTOGRAPH.points_px)
    weights = weights_from(browInnerUp=1.0, browOuterUp=1.0)
    moved, kept = (
        np.abs(fit.pose(weights).points_px - fit.points_px).max(axis=1) for fit in (bare, held_under(bare, WIRE))
    )
    upper_edge_of_brows, bridge_and_lids = [66, 105, 296, 334], [168, 6, 27, 257, 30, 260]
    assert (kept[upper_edge_of_brows] > 0.8 * moved[upper_edge_of_brows]).all()
    assert (moved[bridge_and_lids] > 0.5).any()
    assert (kept[bridge_and_lids] <= 0.5 * moved[bridge_and_lids]).all()


def test_a_wire_stays_where_it_is_when_the_brows_rise() -> None:
    weights = weights_from(browInnerUp=1.0, browOuterUp=1.0)
    plain = Avatar.of(Photograph(WIRE_ON, PHOTOGRAPH.points_px), 384)
    rest, raised = plain.still.astype(int), plain.draw(weights).astype(int)
    wire = np.abs(rest.max(axis=2)) < 25
    low, high = plain.fit.points_px[[27, 257], 1].mean(), plain.fit.points_px[5, 1]
    wire[: int(low)], wire[int(high) :] = False, False
    assert wire.sum() > 100
    assert np.abs(raised - rest).max(axis=2)[wire].mean() < 5


def test_frames_keep_their_form_when_the_brows_rise() -> None:
    plain = Avatar.of(Photograph(_with_frames(), PHOTOGRAPH.points_px), 384)
    rest, raised = plain.still.astype(int), plain.draw(weights_from(browInnerUp=1.0, browOuterUp=1.0)).astype(int)
    frames = np.abs(rest.max(axis=2)) < 25
    points = plain.fit.points_px
    low, high = points[10, 1], points[5, 1]
    frames[: int(low)], frames[int(high) :] = False, False
    assert frames.sum() > 300
    assert (raised[frames].max(axis=1) < 90).mean() > 0.95

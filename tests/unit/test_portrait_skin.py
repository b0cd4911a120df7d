"""Rough skin folds in lines, smooth skin in soft shade: what tells them apart, and what is drawn on either."""

import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import gaussian_filter

from espressivo.generators.face.arkit import weights_from
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.avatar.wrinkles.folds import FOLDS
from espressivo.generators.portrait.avatar.wrinkles.skin import folded, roughness
from espressivo.generators.portrait.avatar.wrinkles.wrinkles import Wrinkles
from tests.unit.test_portrait_wrinkles import AGED, STAGE

DRAWN, OLD = 0.001, 0.012
_FINEST = 48
"""Pixels per cm."""


def _face(px_per_cm: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pores and lines of one and the same skin at any scale, and where in the standard face they lie."""
    step = _FINEST // px_per_cm
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(12 * _FINEST, 12 * _FINEST)), 0.12 * _FINEST)
    pores = (noise / noise.std()).reshape(12 * px_per_cm, step, 12 * px_per_cm, step).mean(axis=(1, 3))
    y, x = (np.mgrid[: 12 * px_per_cm, : 12 * px_per_cm] + 0.5) / px_per_cm - 6
    return pores, x, np.stack([x, -y], axis=-1).astype(np.float32)


def test_roughness_is_a_share_of_the_light_whatever_the_size_of_the_frame() -> None:
    measured = []
    for px_per_cm, light in ((6, 200.0), (12, 200.0), (24, 200.0), (24, 60.0)):
        pores, _, place = _face(px_per_cm)
        for depth in (0.01, 0.04):
            skin = (light * (1 + depth * pores)).astype(np.float32)
            measured.append(roughness(skin, place, px_per_cm) / depth)
    assert min(measured) > 0.1
    assert max(measured) < 1.15 * min(measured)


def test_hair_freckles_and_shadows_make_no_skin_rough() -> None:
    pores, x, place = _face(16)
    skin = (180 * (1 + 0.01 * pores)).astype(np.float32)
    plain = roughness(skin, place, 16)
    haired, freckled, shaded = skin.copy(), skin.copy(), skin * np.where(x < 0, 0.4, 1).astype(np.float32)
    haired[:, x[0] > 2] *= 1 + 0.5 * pores[:, x[0] > 2].astype(np.float32)
    freckled[(place[..., 1] > -1) & (pores > 1)] *= 0.8
    bent = skin * np.exp(-(((np.abs(x) - 3) / 8) ** 2)).astype(np.float32)
    for other in (haired, freckled, shaded, bent):
        assert roughness(other, place, 16) == pytest.approx(plain, rel=0.3)
    assert roughness(skin, np.full_like(place, np.nan), 16) == 0


def test_a_profile_is_judged_by_the_cheek_that_is_seen() -> None:
    pores, x, place = _face(16)
    skin = (180 * (1 + np.where(x > -2.2, 0.03, 0) * pores)).astype(np.float32)
    turned = np.where(x[..., np.newaxis] > -2, place, np.nan)
    assert roughness(skin, turned, 16) > 10 * roughness(skin, place, 16)


def test_skin_between_a_drawing_and_an_old_face_folds_in_between() -> None:
    shares = [folded(rough) for rough in (0, DRAWN, 0.002, 0.004, 0.008, OLD, 1)]
    assert shares == sorted(shares)
    assert shares[:2] == [0, 0]
    assert shares[-2:] == [1, 1]
    assert 0 < shares[2] < shares[4] < 1


SMOOTH = Wrinkles(STAGE)
"""The rendered head as it is."""


def _depth(relief: Wrinkles, **weights: float) -> np.ndarray:
    gain = relief.gain(STAGE.fit.pose(weights_from(**weights)))
    assert gain is not None
    return np.log(gain)


def _steepest(depth: np.ndarray, points: tuple[int, ...]) -> float:
    """The hardest edge near some points of the mesh, per pixel."""
    across, down = np.abs(np.diff(depth, axis=1))[:-1], np.abs(np.diff(depth, axis=0))[:, :-1]
    found = []
    for x, y in STAGE.fit.points_px[list(points), :2].astype(int):
        here = np.s_[y - 20 : y + 21, x - 20 : x + 21]
        found.append(max(across[here].max(), down[here].max()))
    return max(found)


@pytest.mark.parametrize(
    ("weights", "points", "share"),
    [
        ({"mouthSmile": 1.0}, (206, 426), 0.5),
        ({"noseSneer": 1.0, "mouthUpperUp": 0.5}, (206, 426), 0.5),
        ({"browInnerUp": 1.0}, (151,), 0.35),
    ],
)
def test_folds_of_smooth_skin_have_no_hard_edges(
    weights: dict[str, float], points: tuple[int, ...], share: float
) -> None:
    smooth, aged = (_steepest(_depth(relief, **weights), points) for relief in (SMOOTH, AGED))
    assert smooth < share * aged


@pytest.mark.parametrize(
    "weights", [{"mouthSmile": 0.85, "cheekSquint": 0.75}, {"noseSneer": 0.85, "mouthUpperUp": 0.8}]
)
def test_a_fold_beside_the_mouth_runs_from_the_nose_past_the_corner(weights: dict[str, float]) -> None:
    """On the face that smiles or sneers, not on the one at rest: a smile takes the corner far out and up."""
    flexed_cm = STAGE.fit.pose(weights_from(**weights)).points_px[:, :2] / STAGE.fit.px_per_cm
    drawn = LinearNDInterpolator(load_face_mesh().vertices_cm[:, :2], flexed_cm)
    nasolabial = next(fold for fold in FOLDS if "mouthSmile" in fold.drivers)
    course = drawn(np.array(nasolabial.course))
    wing, corner = flexed_cm[[129, 61]]
    assert np.hypot(*(course[0] - wing)) < 0.25
    beside = corner[0] - np.interp(corner[1], course[:, 1], course[:, 0])
    assert 0.5 < beside < 1.3, "the performer's right lies left in the picture"
    assert course[-1, 1] - corner[1] > 0.8
    assert nasolabial.deepest < 0.5, "nearer to the nose"


def test_lines_of_age_fade_more_than_folds_that_all_faces_have() -> None:
    nasolabial, forehead = (
        next(fold for fold in FOLDS if driver in fold.drivers) for driver in ("mouthSmile", "browInnerUp")
    )
    assert 0 < forehead.young < nasolabial.young < 1
    assert all(0 < fold.deepest < 1 and 0 < fold.young <= 1 for fold in FOLDS)

"""Folds and shading of a portrait: none at rest, deeper with the expression, on the side that moves."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from espressivo.generators.face.arkit import ARKIT_NAMES, weights_from
from espressivo.generators.portrait.avatar.crop import Crop
from espressivo.generators.portrait.avatar.fit import Fit
from espressivo.generators.portrait.avatar.layers import Stage
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.avatar.photograph import Photograph
from espressivo.generators.portrait.avatar.wrinkles.folds import FOLDS
from espressivo.generators.portrait.avatar.wrinkles.shading import fit_light, turned_gain, vertex_normals
from espressivo.generators.portrait.avatar.wrinkles.wrinkles import Wrinkles

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")

FIXTURES = Path(__file__).parents[1] / "fixtures" / "faces"
PHOTOGRAPH = Photograph.of(np.asarray(Image.open(FIXTURES / "cg_head.jpg")))
SIZE = 384


def _stage() -> Stage:
    fit = Fit.of(PHOTOGRAPH.points_px)
    crop = Crop.around(PHOTOGRAPH, fit.origin_px[:2], fit.px_per_cm, SIZE)
    return Stage(crop.read(PHOTOGRAPH.image).astype(np.float32), Fit.of(crop.to_frame(PHOTOGRAPH.points_px)))


def _aged(stage: Stage) -> Stage:
    """The same face with pores and lines: the rendered head is as smooth as a drawing."""
    pores = gaussian_filter(
        np.random.default_rng(0).normal(size=(SIZE, SIZE, 1)), 0.1 * stage.fit.px_per_cm, axes=(0, 1)
    )
    return Stage((stage.photo * np.exp(0.06 * pores / pores.std())).clip(0, 255).astype(np.float32), stage.fit)


STAGE = _stage()
AGED = Wrinkles(_aged(STAGE))


def _gain(**weights: float) -> np.ndarray:
    gain = AGED.gain(STAGE.fit.pose(weights_from(**weights)))
    assert gain is not None
    return gain


def _at(gain: np.ndarray, points: tuple[int, ...]) -> float:
    """Mean gain around some points of the mesh."""
    values = []
    for x, y in STAGE.fit.points_px[list(points), :2].astype(int):
        values.append(gain[y - 2 : y + 3, x - 2 : x + 3].mean())
    return float(np.mean(values))


def test_a_resting_face_and_a_turned_one_keep_their_skin() -> None:
    assert AGED.gain(STAGE.fit.pose(np.zeros(52))) is None
    assert AGED.gain(STAGE.fit.pose(np.zeros(52), (0.1, 0.2, 0.0))) is None


@pytest.mark.parametrize("name", [name for name in ARKIT_NAMES if not name.startswith("eyeLook")])
def test_gains_are_gentle_smooth_and_end_with_the_face(name: str) -> None:
    gain = _gain(**{name: 1.0})
    assert gain.dtype == np.float32
    assert 0.55 < gain.min() <= gain.max() < 1.45
    assert np.abs(np.diff(gain, axis=0)).max() < 0.12
    assert np.abs(np.diff(gain, axis=1)).max() < 0.12
    low, high = STAGE.fit.points_px[:, :2].min(axis=0) - 4, STAGE.fit.points_px[:, :2].max(axis=0) + 4
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    outside = (x < low[0]) | (x > high[0]) | (y < low[1]) | (y > high[1])
    assert (gain[outside] == 1).all()


@pytest.mark.parametrize(
    ("shape", "points"),
    [
        ("mouthSmile", (206, 426)),
        ("browDown", (9,)),
        ("browInnerUp", (151,)),
        ("mouthShrugLower", (18,)),
        ("cheekSquint", (230, 450)),
    ],
)
def test_folds_get_deeper_with_the_expression(shape: str, points: tuple[int, ...]) -> None:
    dark = []
    for weight in (0.0, 0.25, 0.5, 0.75, 1.0):
        gain = _gain(**{shape: weight}) if weight else np.ones((SIZE, SIZE))
        # The darkest spot near the points: the course of a fold runs beside them.
        spots = []
        for x, y in STAGE.fit.points_px[list(points), :2].astype(int):
            spots.append(gain[y - 10 : y + 11, x - 10 : x + 11].min())
        dark.append(float(np.mean(spots)))
    assert dark == sorted(dark, reverse=True)
    assert dark[-1] < 0.96


def test_one_side_folds_alone() -> None:
    gain = _gain(mouthSmileLeft=1.0)
    middle = int(STAGE.fit.points_px[4, 0])
    moved = np.abs(gain - 1)
    assert moved[:, middle + 8 :].max() > 0.08, "the performer's left lies right in the picture"
    assert moved[:, : middle - 20].max() < 0.02


def test_half_a_weight_is_about_half_a_fold() -> None:
    half, whole = np.log(_gain(mouthSmile=0.5)), np.log(_gain(mouthSmile=1.0))
    strong = np.abs(whole) > 0.05
    assert 0.4 < np.median(half[strong] / whole[strong]) < 0.65


def test_every_fold_is_driven_by_shapes_that_exist_and_lies_on_the_face() -> None:
    low, high = load_face_mesh().vertices_cm[:, :2].min(axis=0), load_face_mesh().vertices_cm[:, :2].max(axis=0)
    known = {name.removesuffix("Left").removesuffix("Right") for name in ARKIT_NAMES}
    for fold in FOLDS:
        assert set(fold.drivers) <= known
        course = np.array(fold.course)
        assert ((course > low) & (course < high)).all()
        assert not fold.two_sided or (course[:, 0] < 0).all(), "drawn on the performer's right"


def test_normals_of_the_mesh_look_at_the_viewer() -> None:
    mesh = load_face_mesh()
    points = mesh.vertices_cm.astype(np.float64) * (1, -1, -1)
    normals = vertex_normals(points, mesh.triangles)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)
    assert normals[[4, 10, 152, 205, 425], 2].max() < -0.4
    assert normals[234, 0] < -0.5, "the right cheek's edge looks to the left of the picture"


def test_light_is_learnt_back_in_spite_of_brows_and_beards() -> None:
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(300, 3)) * (1, 1, 0.3) - (0, 0, 1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    brightness = 90 + normals @ (-30.0, -40.0, -60.0) + rng.normal(0, 3, 300)
    brightness[:40] -= 70
    light = fit_light(brightness, normals)
    assert np.allclose(light, (90, -30, -40, -60), atol=12)


def test_skin_that_turns_to_the_light_gets_brighter() -> None:
    light = np.array([100.0, 0, -60, -20])
    before = np.array([[0.0, 0, -1]] * 3)
    after = np.array([[0.0, -0.6, -0.8], [0, 0, -1], [0, 0.6, -0.8]])
    up, same, down = turned_gain(light, before, after)
    assert up > 1.1
    assert same == 1
    assert down < 0.9


def test_two_draws_are_equal_to_the_bit() -> None:
    pose = STAGE.fit.pose(weights_from(mouthSmile=0.7, browDown=0.4))
    first, second = AGED.gain(pose), Wrinkles(_aged(_stage())).gain(pose)
    assert first is not None
    assert second is not None
    assert np.array_equal(first, second)

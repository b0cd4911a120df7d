"""The standard face lies over a portrait, and its points go where the weights send them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.eval.portrait.faces import face_of
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL, weights_from
from espressivo.generators.portrait.avatar.expression import load_portrait_expression
from espressivo.generators.portrait.avatar.fit import MAX_TURN_DEG, MAX_WEIGHT, Fit
from espressivo.generators.portrait.avatar.gains import GAINS, gains
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.avatar.unfold import unfolded

LANDMARKS = np.load(Path(__file__).parents[1] / "fixtures" / "faces" / "cg_head_landmarks.npy") * 2
FIT = Fit.of(LANDMARKS)
MESH = load_face_mesh()
DOWN = -FIT.axes[1]
SEALED = (
    "mouthPucker", "mouthLeft", "mouthRight", "mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch", "mouthPress",
    "mouthShrugLower", "cheekPuff", "noseSneer", "jawLeft", "jawRight", "browDown", "cheekSquint",
)  # fmt: skip


def _gaps_px(points: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    return (points[pairs[:, 1]] - points[pairs[:, 0]]) @ DOWN


def _flexed(**weights: float) -> np.ndarray:
    return FIT.pose(weights_from(**weights)).points_px


def test_without_weights_every_point_stays_to_the_bit() -> None:
    pose = FIT.pose(np.zeros(52))
    assert pose.still
    assert np.array_equal(pose.points_px, FIT.points_px)
    assert np.array_equal(pose.turned(FIT.points_px), FIT.points_px)


def test_a_blink_closes_each_eye_along_all_of_the_lid() -> None:
    for side, pairs in (("Right", MESH.right_lid_pairs), ("Left", MESH.left_lid_pairs)):
        assert _gaps_px(FIT.points_px, pairs).max() > 5
        assert np.abs(_gaps_px(_flexed(**{f"eyeBlink{side}": 1.0}), pairs)).max() < 0.05
        half = _gaps_px(_flexed(**{f"eyeBlink{side}": 0.5}), pairs)
        assert np.allclose(half, _gaps_px(FIT.points_px, pairs) / 2, atol=0.05)


def test_lids_never_pass_each_other() -> None:
    for pairs in (MESH.right_lid_pairs, MESH.left_lid_pairs):
        assert _gaps_px(_flexed(eyeBlink=1.5, eyeSquint=1.5, eyeLookDown=1, cheekSquint=1), pairs).min() > -0.05


@pytest.mark.parametrize("name", SEALED)
def test_shapes_that_do_not_part_lips_keep_them_as_they_are(name: str) -> None:
    rest, gaps = _gaps_px(FIT.points_px, MESH.lip_pairs), _gaps_px(_flexed(**{name: 1.0}), MESH.lip_pairs)
    assert gaps == pytest.approx(np.maximum(rest, 0) if name == "mouthPress" else rest, abs=0.35)


def test_a_jaw_opens_the_lips_in_proportion_and_closing_shuts_them() -> None:
    middle = [4]
    gaps = [_gaps_px(_flexed(jawOpen=w), MESH.lip_pairs)[middle][0] for w in (0.0, 0.2, 0.4, 0.6)]
    assert np.diff(gaps).min() > 3
    assert np.ptp(np.diff(gaps)[1:]) < 1e-3
    shut = _gaps_px(_flexed(jawOpen=0.4, mouthClose=0.4), MESH.lip_pairs)
    assert np.abs(shut - _gaps_px(FIT.points_px, MESH.lip_pairs)).max() < 1.0


def test_shapes_of_a_side_move_that_side() -> None:
    for name in (name for name in ARKIT_NAMES if name.endswith("Left") and name not in ("mouthLeft", "jawLeft")):
        moved = np.linalg.norm(FIT.shapes_px[CHANNEL[name]], axis=1)
        x_cm = MESH.vertices_cm[:, 0]
        assert moved[x_cm > 0.2].sum() > 5 * moved[x_cm < -0.2].sum(), name


def test_sides_mirror_each_other() -> None:
    fit = Fit.of((MESH.vertices_cm * (1, -1, -1) * 20 + 300).astype(np.float32))
    for name in ("mouthSmile", "browOuterUp", "eyeBlink", "noseSneer"):
        left, right = fit.shapes_px[CHANNEL[f"{name}Left"]], fit.shapes_px[CHANNEL[f"{name}Right"]]
        assert left[MESH.mirror] * (-1, 1, 1) == pytest.approx(right, abs=0.25)


def test_a_turn_goes_the_way_that_face_motion_says() -> None:
    nose, chin, forehead = 1, 152, 10
    left = FIT.pose(np.zeros(52), (0, 0.2, 0)).points_px - FIT.points_px
    assert left[nose, 0] > 10  # the performer's left lies right in the picture
    down = FIT.pose(np.zeros(52), (0.15, 0, 0)).points_px - FIT.points_px
    assert down[nose, 1] > 3
    tilt = FIT.pose(np.zeros(52), (0, 0, 0.15)).points_px - FIT.points_px
    assert tilt[forehead, 0] < -10 < tilt[chin, 0]


@given(st.tuples(*[st.floats(-3, 3)] * 3))
def test_a_head_turns_no_farther_than_the_photograph_has_sides_for(head_rad: tuple[float, ...]) -> None:
    turn = FIT.turn(np.array(head_rad))
    assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-5)
    angle_deg = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    assert angle_deg <= sum(most for _, most in MAX_TURN_DEG)


def test_small_turns_are_taken_as_asked() -> None:
    turn = FIT.turn(np.radians((0.0, 12.0, 0.0)))
    assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) == pytest.approx(12, abs=0.2)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=52, max_size=52))
def test_weights_of_any_kind_give_points(weights: list[float]) -> None:
    pose = FIT.pose(np.array(weights))
    assert np.isfinite(pose.points_px).all()
    assert pose.weights.max() <= MAX_WEIGHT


def test_what_lies_in_the_standard_face_lies_in_the_portrait() -> None:
    eyes = FIT.place(MESH.eyeballs_cm[:, :3])
    for eye, corners in zip(eyes, ((33, 133), (263, 362)), strict=True):
        assert np.linalg.norm((eye - FIT.points_px[list(corners)].mean(axis=0))[:2]) < 0.6 * FIT.px_per_cm


def test_a_smiling_photograph_is_told_from_one_at_rest() -> None:
    assert not FIT.own.weights.any()
    smiling = FIT.pose(weights_from(mouthSmile=0.9, mouthUpperUp=0.8, mouthLowerDown=0.5, jawOpen=0.1)).points_px
    fit = Fit.of(smiling)
    assert fit.own.weights[CHANNEL["mouthSmileLeft"]] > 0.2
    assert _gaps_px(smiling, MESH.lip_pairs)[4] > 5
    settled = fit.pose(np.zeros(52), settled=1.0).points_px
    assert np.abs(_gaps_px(settled, MESH.lip_pairs)).max() < 0.3
    asked = weights_from(mouthSmile=0.8)
    corner = [61, 291]
    more = (fit.pose(asked).points_px - fit.points_px)[corner] @ DOWN
    full = (asked @ fit.shapes_px.reshape(52, -1)).reshape(-1, 3)[corner] @ DOWN
    assert np.abs(more).mean() < 0.9 * np.abs(full).mean()  # a smile that is there is not added again


def test_gains_name_shapes() -> None:
    bare = {name.removesuffix("Left").removesuffix("Right") for name in ARKIT_NAMES} | set(ARKIT_NAMES)
    assert set(GAINS) <= bare
    assert gains()[CHANNEL["browInnerUp"]] == np.float32(GAINS["browInnerUp"])
    assert gains()[CHANNEL["noseSneerLeft"]] == gains()[CHANNEL["noseSneerRight"]] == np.float32(GAINS["noseSneer"])


def test_the_far_cheek_of_a_turned_face_is_laid_out() -> None:
    angle = np.radians(35)
    turned = MESH.vertices_cm @ np.array(
        [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    )
    points = (turned * (1, -1, -1) * 20 + 300).astype(np.float32)

    def folded(flat: np.ndarray) -> int:
        a, b, c = (flat[MESH.triangles[:, k]] for k in range(3))
        rim = np.isin(MESH.triangles, MESH.oval_ring).any(axis=1)
        return int((((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])[rim] > 0).sum())

    assert folded(points[:, :2]) > 10
    flat = unfolded(points, 20.0)
    assert folded(flat[:, :2]) <= 2
    middle = [1, 13, 14, 33, 133, 168]
    assert np.array_equal(flat[middle], points[middle])


def test_nobody_smiles_in_grief_whose_photograph_did() -> None:
    smiling = FIT.pose(weights_from(mouthSmile=0.9, mouthUpperUp=0.8, mouthLowerDown=0.5, jawOpen=0.1)).points_px
    grief = weights_from(mouthFrown=0.9, browInnerUp=1.0)
    corners = [61, 291]
    raised = (FIT.points_px[corners] - smiling[corners]) @ DOWN
    apart = (FIT.pose(grief).points_px[corners] - Fit.of(smiling).pose(grief, settled=1.0).points_px[corners]) @ DOWN
    assert raised.min() > 0.4 * FIT.px_per_cm
    # No higher than on a face that never smiled, and no lower than the cheeks of a real smile ask for.
    assert -0.6 * raised.min() < apart.min() <= apart.max() < 0


def test_nobody_smiles_who_is_angry_while_he_speaks() -> None:
    # Frowning lips give way to sounds then; what stays is a sneer, and it is enough.
    fit = Fit.of(FIT.pose(weights_from(mouthSmile=0.9, mouthUpperUp=0.8, mouthLowerDown=0.5, jawOpen=0.1)).points_px)
    speaking = face_of(load_portrait_expression(), "anger", 0.9, speaking=True)
    whole = fit.own.at(fit.points_px, 1.0, weights_from(mouthFrown=1.5))
    assert np.array_equal(fit.own.at(fit.points_px, 1.0, speaking), whole)


def test_brows_alone_leave_a_photographed_smile_where_it_is() -> None:
    fit = Fit.of(FIT.pose(weights_from(mouthSmile=0.9, mouthUpperUp=0.8, mouthLowerDown=0.5, jawOpen=0.1)).points_px)
    still, frowning = (
        fit.pose(weights_from(browDown=amount, browInnerUp=amount), settled=1.0).points_px[MESH.lip_pairs.ravel()]
        for amount in (0.0, 1.0)
    )
    np.testing.assert_allclose(still, frowning, atol=0.02 * fit.px_per_cm)


def test_a_frown_knits_brows_and_a_sneer_hardly_lowers_them() -> None:
    inner, wing = [285, 55], [358, 129]
    sunk = {name: (_flexed(**{name: 1.0}) - FIT.points_px) @ DOWN / FIT.px_per_cm for name in ("browDown", "noseSneer")}
    assert sunk["browDown"][inner].mean() > 0.6
    assert 0 < sunk["noseSneer"][inner].mean() < 0.5 * sunk["browDown"][inner].mean()
    assert sunk["noseSneer"][wing].mean() < -0.5
    knit = _flexed(browDown=1.0)[285] - _flexed(browDown=1.0)[55] - (FIT.points_px[285] - FIT.points_px[55])
    assert np.linalg.norm(knit) > 0.8 * FIT.px_per_cm

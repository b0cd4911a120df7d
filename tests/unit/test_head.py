import os
import subprocess
import sys

import numpy as np
import pytest

from espressivo.errors import InputError
from espressivo.generators.face.arkit import ARKIT_NAMES, weights_from
from espressivo.generators.face.bake.teeth import LOWER, UPPER
from espressivo.generators.face.bake.views import seen_in_window
from espressivo.generators.face.rig import HEADS_FILE, list_identities, load_head, rotation

IDENTITIES = list_identities()
STILL = np.zeros(3)


@pytest.fixture(scope="module", params=IDENTITIES)
def head(request):
    return load_head(request.param)


def _shown(head, posed, centre, half_size):
    """Names of the regions that the pixels of a window show from the front."""
    triangle = seen_in_window(posed, head.triangles, centre, half_size)
    assert (triangle >= 0).all(), "the background shows through the face"
    return np.array(head.regions)[head.triangle_region[triangle]]


def _mouth(head, posed):
    middle = head.vertices_m[[head.landmarks["lip_upper_inner"], head.landmarks["lip_lower_inner"]]].mean(axis=0)
    return _shown(head, posed, (0.0, middle[1]), (0.030, 0.012))


def test_file_is_small_and_heads_are_light():
    head = load_head()
    assert HEADS_FILE.stat().st_size < 1_000_000
    assert len(head.triangles) < 18_000
    assert IDENTITIES[0] == "default"
    assert 6 <= len(IDENTITIES) <= 9


def test_arrays_fit_together_and_cannot_be_written(head):
    count = len(head.vertices_m)
    assert head.triangles.max() < count
    assert head.shapes.shape == (3 * count, 52)
    for name in ("albedo", "gloss", "subsurface", "occlusion", "neck_weight", "teeth_st"):
        values = getattr(head, name)
        assert len(values) == count, name
        assert np.isfinite(values).all(), name
        assert not values.flags.writeable, name
    assert head.albedo.min() >= 0
    assert head.albedo.max() <= 1
    with pytest.raises(ValueError, match="read-only"):
        head.vertices_m[0] = 0


def test_neutral_pose_is_the_neutral_face_to_the_bit(head):
    assert np.array_equal(head.pose(np.zeros(52)), head.vertices_m)


@pytest.mark.parametrize("channel", range(52), ids=ARKIT_NAMES)
def test_every_shape_moves_something_by_a_sane_amount(channel):
    head = load_head()
    moved = np.linalg.norm(head.pose(np.eye(52)[channel]) - head.vertices_m, axis=1)
    assert np.isfinite(moved).all()
    assert 0.001 < moved.max() < 0.06


def test_shapes_pull_their_own_side():
    head = load_head()
    for name in ARKIT_NAMES:
        if name.endswith(("Left", "Right")) and name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
            offsets = np.abs(head.pose(weights_from(**{name: 1})) - head.vertices_m).sum(axis=1)
            centre = (offsets * head.vertices_m[:, 0]).sum() / offsets.sum()
            assert (centre > 0.005) == name.endswith("Left"), name


@pytest.mark.parametrize("jaw", [0.05, 0.2, 0.5, 1.0])
def test_mouth_close_undoes_jaw_open(head, jaw):
    gap_mm = head.lip_gap_mm(weights_from(jawOpen=jaw, mouthClose=jaw)[None])
    assert abs(gap_mm[0]) < 0.5
    assert head.lip_gap_mm(weights_from(jawOpen=jaw)[None])[0] > 20 * jaw


def test_lip_gap_is_what_the_pose_does(head):
    upper, lower = head.landmarks["lip_upper_inner"], head.landmarks["lip_lower_inner"]
    generator = np.random.default_rng(1)
    weights = generator.uniform(0, 1, (5, 52))
    posed = np.stack([head.pose(w) for w in weights])
    measured = (posed[:, upper, 1] - posed[:, lower, 1]) - (head.vertices_m[upper, 1] - head.vertices_m[lower, 1])
    assert head.lip_gap_mm(weights) == pytest.approx(1e3 * measured, abs=0.01)
    assert head.lip_gap_mm(np.zeros((1, 52)))[0] == 0


@pytest.mark.parametrize(
    ("yaw", "pitch", "axis", "sign"),
    [(0.3, 0, 0, 1), (-0.3, 0, 0, -1), (0, 0.3, 1, -1), (0, -0.3, 1, 1)],
)
def test_gaze_turns_the_pupils_where_it_says(head, yaw, pitch, axis, sign):
    posed = head.pose(np.zeros(52), STILL, np.array([yaw, pitch]))
    for region, centre in (("eye_l", head.eye_centre_l), ("eye_r", head.eye_centre_r)):
        ball = head.region_vertices[region]
        pupil = ball[np.argmax(head.vertices_m[ball, 2])]
        way = posed[pupil] - head.vertices_m[pupil]
        assert sign * way[axis] > 0.003
        before, after = (np.linalg.norm(points[ball] - centre, axis=1) for points in (head.vertices_m, posed))
        assert after == pytest.approx(before, abs=1e-6), "the eye turns as a rigid ball"


def test_look_shapes_leave_the_eyeballs_alone(head):
    posed = head.pose(weights_from(eyeLookDown=1, eyeBlink=0.3))
    for region in ("eye_l", "eye_r"):
        ball = head.region_vertices[region]
        assert np.array_equal(posed[ball], head.vertices_m[ball])


@pytest.mark.parametrize(
    ("angles", "landmark", "axis", "sign"),
    [((0.2, 0, 0), "chin", 2, -1), ((0, 0.2, 0), "nose_tip", 0, 1), ((0, 0, 0.2), "brow_inner_left", 0, -1)],
)
def test_head_turns_where_it_says_and_shoulders_stay(head, angles, landmark, axis, sign):
    posed = head.pose(np.zeros(52), np.array(angles))
    way = posed - head.vertices_m
    assert sign * way[head.landmarks[landmark], axis] > 0.003
    assert np.abs(way[head.region_vertices["cloth"]]).max() == 0
    assert rotation(np.zeros(3)) == pytest.approx(np.eye(3))


def test_neutral_face_is_symmetric(head):
    from scipy.spatial import KDTree

    for region in ("skin", "eye_l", "teeth_upper", "brow"):
        points = head.vertices_m[head.region_vertices[region]]
        others = head.vertices_m[head.region_vertices["eye_r" if region == "eye_l" else region]]
        distance, _ = KDTree(others).query(points * (-1, 1, 1))
        assert np.median(distance) < 2e-4, region
        assert distance.max() < 3e-3, region


@pytest.mark.parametrize(
    "weights",
    [{}, {"jawOpen": 0.4, "mouthClose": 0.4}, {"mouthPress": 0.5}, {"mouthPucker": 0.5}],
)
def test_shut_lips_hide_the_inside_of_the_mouth(head, weights):
    shown = _mouth(head, head.pose(weights_from(**weights)))
    inside = np.isin(shown, ("teeth_upper", "teeth_lower", "tongue", "inside_mouth"))
    assert inside.mean() < 0.012


def test_open_mouth_shows_teeth_and_never_the_background(head):
    shown = _mouth(head, head.pose(weights_from(jawOpen=0.3, mouthLowerDown=0.3)))
    assert (shown == "teeth_upper").mean() > 0.02
    wide = _mouth(head, head.pose(weights_from(jawOpen=1.0)))
    assert np.isin(wide, ("inside_mouth", "tongue", "teeth_lower")).mean() > 0.1


def test_lids_cover_the_eyes_when_they_are_shut_and_only_then(head):
    for centre in (head.eye_centre_l, head.eye_centre_r):
        window = (centre[:2], (0.016, 0.010))
        eyes = ("eye_l", "eye_r")
        shut = _shown(head, head.pose(weights_from(eyeBlink=1)), *window)
        open_ = _shown(head, head.vertices_m, *window)
        assert np.isin(shut, eyes).mean() < 0.004
        assert np.isin(open_, eyes).mean() > 0.12


@pytest.mark.parametrize("blink", [0.25, 0.5, 0.75, 1.0])
def test_lids_slide_over_the_eyes(head, blink):
    posed = head.pose(weights_from(eyeBlink=blink, eyeSquint=0.3))
    for lids, centre, nearest_m in head._lids:
        assert len(lids) > 50
        assert (np.linalg.norm(posed[lids] - centre, axis=1) > nearest_m - 1e-6).all()


@pytest.mark.parametrize("channel", range(52), ids=ARKIT_NAMES)
def test_nothing_pokes_through_the_skin(channel):
    """In every shape, cheeks and chin show nothing but skin; teeth show only between the lips."""
    head = load_head()
    posed = head.pose(np.eye(52)[channel])
    shown = _shown(head, posed, (0.0, -0.03), (0.03, 0.05))
    inner = np.isin(shown, ("teeth_upper", "teeth_lower", "inside_mouth"))
    rows, columns = np.nonzero(inner)
    lips = posed[[head.landmarks["mouth_left"], head.landmarks["mouth_right"]], 0]
    across = -0.03 + 0.0002 * columns
    assert ((across > lips.min() - 0.004) & (across < lips.max() + 0.004)).all()
    height = -0.08 + 0.0002 * rows
    upper, lower = posed[head.landmarks["lip_upper_inner"], 1], posed[head.landmarks["lip_lower_inner"], 1]
    assert ((height > min(upper, lower) - 0.012) & (height < max(upper, lower) + 0.012)).all()


def test_pose_without_sliding_lids_is_linear():
    head = load_head()
    half, whole = (head.pose(weights_from(eyeBlink=w, jawOpen=w), slide_lids=False) for w in (0.5, 1.0))
    assert half - head.vertices_m == pytest.approx(0.5 * (whole - head.vertices_m), abs=1e-6)


def test_identities_differ_in_shape_and_colour():
    heads = [load_head(name) for name in IDENTITIES]
    for i, one in enumerate(heads):
        for other in heads[i + 1 :]:
            apart = np.linalg.norm(one.vertices_m - other.vertices_m, axis=1)[one.region_vertices["skin"]]
            assert apart.mean() > 1e-3
            assert np.abs(one.albedo - other.albedo).max() > 0.02


def test_seed_varies_reproducibly_and_keeps_the_laws():
    plain, one, again, other = load_head("ada"), load_head("ada", 7), load_head("ada", 7), load_head("ada", 8)
    assert np.array_equal(one.vertices_m, again.vertices_m)
    for head in (plain, other):
        apart = np.linalg.norm(one.vertices_m - head.vertices_m, axis=1)
        assert 5e-4 < apart.max() < 0.02
    shown = _mouth(one, one.vertices_m)
    assert np.isin(shown, ("teeth_upper", "teeth_lower", "tongue", "inside_mouth")).mean() < 0.012
    assert abs(one.lip_gap_mm(weights_from(jawOpen=0.5, mouthClose=0.5)[None])[0]) < 0.5


def test_unknown_identity_says_what_there_is():
    with pytest.raises(InputError, match="did you mean 'default'"):
        load_head("defualt")
    with pytest.raises(InputError, match="there are: default"):
        load_head("xyz")


def test_arches_have_human_sizes():
    for arch in (UPPER, LOWER):
        assert 0.040 < 1e-3 * sum(arch.widths_mm) < 0.055
        assert len(arch.widths_mm) == len(arch.heights_mm)


def test_bake_refuses_what_is_no_wheel(tmp_path):
    wrong = tmp_path / "a.whl"
    wrong.write_bytes(b"no zip")
    command = [sys.executable, "-m", "espressivo.generators.face.bake", str(wrong), "--out", str(tmp_path / "o.npz")]
    ran = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert ran.returncode == 2
    assert "pip download" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "o.npz").exists()

from dataclasses import replace

import numpy as np
import pytest

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.face.arkit import weights_from
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.render import (
    FRONT,
    STUDIO,
    Backend,
    Camera,
    Style,
    open_renderer,
    optics,
    render_motion,
)
from espressivo.generators.face.render.cpu import CpuRenderer
from espressivo.generators.face.render.glsl import translate
from espressivo.generators.face.render.opengl import create_context
from espressivo.generators.face.render.stage import Stage
from espressivo.generators.face.rig import load_head

STILL = (np.zeros(3), np.zeros(2))
POSES = {
    "neutral": (weights_from(), *STILL),
    "talking": (
        weights_from(jawOpen=0.4, mouthSmile=0.4, browInnerUp=0.5),
        np.array([0.1, -0.3, 0.1]),
        np.array([0.2, 0.1]),
    ),
    "blinking": (weights_from(eyeBlink=1.0), *STILL),
}
EYES = Camera(target_m=(0.0, 0.0, 0.1), height_m=0.1)
GREEN_IRIS = Style(iris=(0.0, 1.0, 0.0))


@pytest.fixture(scope="module")
def head():
    return load_head()


@pytest.fixture(scope="module")
def opengl_is_there():
    try:
        create_context().release()
    except MissingDependencyError as error:
        pytest.skip(str(error))


def picture(head, pose, size=256, backend: Backend = "cpu", camera=FRONT, style=STUDIO):
    with open_renderer(head, size, size, backend, camera, style) as renderer:
        return renderer.frame(*pose)


def green(image):
    red, green, blue = (image[..., k].astype(int) for k in range(3))
    return (green > red + 25) & (green > blue + 25)


def linear(image):
    encoded = image / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("pose", POSES)
def test_both_backends_draw_the_same_picture(head, opengl_is_there, pose):
    one, other = (picture(head, POSES[pose], 512, backend).astype(float) for backend in ("cpu", "opengl"))

    assert 10 * np.log10(255**2 / np.mean((one - other) ** 2)) > 36


@pytest.mark.parametrize("backend", ["cpu", "opengl"])
def test_same_pose_gives_same_bytes(head, request, backend):
    if backend == "opengl":
        request.getfixturevalue("opengl_is_there")
    with open_renderer(head, 128, 128, backend) as renderer:
        first = renderer.frame(*POSES["talking"])
        renderer.frame(*POSES["blinking"])
        again = renderer.frame(*POSES["talking"])

    assert np.array_equal(first, again)
    assert np.array_equal(first, picture(head, POSES["talking"], 128, backend))


def test_threads_do_not_change_the_picture(head):
    stage = Stage(head, 128, 128, Camera(), Style())
    with CpuRenderer(stage, threads=1) as one, CpuRenderer(stage, threads=3) as three:
        assert np.array_equal(one.frame(*POSES["talking"]), three.frame(*POSES["talking"]))


def test_backdrop_is_untouched_where_there_is_no_head(head):
    image = picture(head, POSES["talking"], style=Style(backdrop=(0.2, 0.4, 0.6), plain_backdrop=True))

    for corner in (image[:20, :20], image[:20, -20:]):
        assert np.all(np.abs(corner.astype(int) - [51, 102, 153]) <= 1)
    assert not np.all(np.abs(image[128, 128].astype(int) - [51, 102, 153]) <= 1)


def test_outline_is_antialiased(head):
    black, white = (
        linear(picture(head, POSES["neutral"], style=Style(backdrop=(tone, tone, tone), plain_backdrop=True)))
        for tone in (0.0, 1.0)
    )
    see_through = (white - black)[..., 0]
    partly = (see_through > 0.1) & (see_through < 0.9)

    assert partly.sum() > 200
    assert np.all(np.abs(see_through[partly] * 4 - np.round(see_through[partly] * 4)) < 0.15)
    assert (np.abs(see_through) < 0.02).sum() > 5000
    assert (see_through > 0.98).sum() > 5000


def test_closed_mouth_shows_nothing_of_its_inside(head):
    inside = ("inside_mouth", "teeth_upper", "teeth_lower", "tongue")
    members = head.region_vertices
    hidden = np.setdiff1d(np.concatenate([members[name] for name in inside]), members["skin"])
    lips_m = head.vertices_m[head.landmarks["lip_lower_inner"], 2]
    hidden = hidden[head.vertices_m[hidden, 2] < lips_m - 0.016]
    albedo, openness = np.array(head.albedo), np.array(head.occlusion)
    albedo[hidden], openness[hidden] = (0.0, 1.0, 0.0), 1.0
    marked = replace(head, albedo=albedo, occlusion=openness)
    mouth = Camera(target_m=(0.0, -0.06, 0.1), height_m=0.12)

    opened, closed = (
        green(picture(marked, pose, camera=mouth)).sum()
        for pose in ((weights_from(jawOpen=0.5), *STILL), POSES["neutral"])
    )
    assert opened > 500
    assert closed < 0.03 * opened  # the rig's lips part by a hair at the corners


def test_blink_covers_the_iris(head):
    seen = [
        green(picture(head, (weights_from(eyeBlink=phase), *STILL), camera=EYES, style=GREEN_IRIS)).sum()
        for phase in (0.0, 0.5, 1.0)
    ]

    assert seen[0] > seen[1] > 2 * seen[2]
    assert seen[0] > 300
    assert seen[2] < 0.02 * seen[0]


@pytest.mark.parametrize(
    ("gaze_rad", "axis", "sign"), [((0.3, 0.0), 1, 1), ((-0.3, 0.0), 1, -1), ((0.0, 0.2), 0, 1), ((0.0, -0.2), 0, -1)]
)
def test_gaze_moves_the_iris_where_it_is_asked_to(head, gaze_rad, axis, sign):
    lids = weights_from(eyeWide=1.0)  # they would hide the part of the iris that moves under them
    ahead, turned = (
        np.argwhere(green(picture(head, (lids, np.zeros(3), np.array(gaze)), camera=EYES, style=GREEN_IRIS))).mean(
            axis=0
        )
        for gaze in ((0.0, 0.0), gaze_rad)
    )
    moved_px = turned - ahead

    assert moved_px[axis] * sign > 1
    assert abs(moved_px[1 - axis]) < 0.5 * abs(moved_px[axis])


def test_skin_texture_sticks_to_the_face(head):
    stage = Stage(head, 64, 64, Camera(), Style())
    at_rest, _ = stage.pose(*POSES["neutral"])
    turned, _ = stage.pose(*POSES["talking"])

    assert np.array_equal(at_rest[:, 8:], turned[:, 8:])
    assert not np.array_equal(at_rest[:, :8], turned[:, :8])


@pytest.mark.parametrize(("width", "height"), [(64, 64), (320, 180), (90, 130)])
def test_any_even_size(head, width, height):
    with open_renderer(head, width, height, "cpu") as renderer:
        image = renderer.frame(*POSES["neutral"])

    assert image.shape == (height, width, 3)
    assert image.std() > 10


@pytest.mark.parametrize(
    ("width", "height", "name"), [(511, 512, "width"), (512, 333, "height"), (0, 512, "width"), (512, 99998, "height")]
)
def test_impossible_size_is_refused_in_one_sentence(head, width, height, name):
    with pytest.raises(InputError, match=f"picture's {name} is .* even number"):
        open_renderer(head, width, height)


def test_unknown_renderer_is_refused(head):
    with pytest.raises(InputError, match="no renderer 'metal'; choose auto, cpu or opengl"):
        open_renderer(head, backend="metal")  # type: ignore[arg-type]


def test_motion_is_rendered_frame_by_frame(head):
    motion = FaceMotion(np.stack([POSES[name][0] for name in POSES]), np.zeros((3, 3)), np.zeros((3, 2)), 25.0)
    with open_renderer(head, 64, 64, "cpu") as renderer:
        frames = render_motion(motion, renderer)
        assert np.array_equal(next(frames), picture(head, POSES["neutral"], 64))
        assert len(list(frames)) == 2


def test_translator_refuses_what_a_shader_cannot_do():
    with pytest.raises(ValueError, match="no function 'paint'"):
        translate((optics,), "paint")

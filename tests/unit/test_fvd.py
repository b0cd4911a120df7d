"""FVD: a program is run only where the user says so, on the frames and faces that LatentSync looks at.

The programs are small modules in TorchScript with the call signature of `i3d_torchscript.pt`.
"""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tyro
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.linalg import sqrtm

pytest.importorskip("torch", reason="the evaluate extra")
pytest.importorskip("ai_edge_litert", reason="the evaluate extra")

import torch

from espressivo.conditioning.faces.detector import find_faces
from espressivo.errors import InputError
from espressivo.eval.brought import find_brought, why_missing
from espressivo.eval.metric import NotMeasured
from espressivo.eval.nets.i3d import I3D, TOO_SHORT, brought_i3d, face_clip, resized
from espressivo.eval.parts.brought import BroughtNetworks, of_clips
from espressivo.eval.quality.feature_distance import fvd, measure_feature_distances
from espressivo.eval.request import EvaluationRequest

FILE = "i3d_torchscript.pt"
HEAD = np.asarray(Image.open(Path(__file__).parents[1] / "fixtures" / "faces" / "cg_head.jpg"))
BLACK = np.zeros_like(HEAD)
RNG = np.random.default_rng(0)
CLIP = RNG.integers(0, 256, (16, 224, 224, 3), np.uint8)


class Tiny(torch.nn.Module):
    """Means of 25 strips of the first picture, of all, ...: 16 pictures x 25 strips = 400."""

    def forward(
        self, x: torch.Tensor, rescale: bool = True, resize: bool = True, return_features: bool = False
    ) -> torch.Tensor:
        if rescale or resize or not return_features:
            return torch.zeros(x.shape[0], 400)
        return x[:, 0, :, :200].reshape(x.shape[0], 16, 25, -1).mean(dim=-1).flatten(1)


class Narrow(torch.nn.Module):
    def forward(
        self, x: torch.Tensor, rescale: bool = True, resize: bool = True, return_features: bool = False
    ) -> torch.Tensor:
        return x.mean(dim=[2, 3, 4])


class Paired(torch.nn.Module):
    def forward(
        self, x: torch.Tensor, rescale: bool = True, resize: bool = True, return_features: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return x, x


class OtherSignature(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def written(folder: Path, net: torch.nn.Module) -> Path:
    path = folder / FILE
    torch.jit.script(net).save(str(path))
    return path


def test_the_features_are_those_of_the_program(tmp_path: Path) -> None:
    features = I3D(written(tmp_path, Tiny())).features(CLIP)
    red = CLIP[..., 0].astype(np.float64) / 255
    np.testing.assert_allclose(features, red[:, :200].reshape(16, 25, -1).mean(axis=2).ravel(), atol=1e-6)


@pytest.mark.parametrize(
    ("net", "fault"),
    [
        (Narrow, r"gives \(1, 3\) for one clip, not \(1, 400\)"),
        (Paired, "gives tuple for one clip"),
        (OtherSignature, "cannot be run as it is"),
    ],
)
def test_another_program_is_refused_in_one_sentence(
    tmp_path: Path, net: Callable[[], torch.nn.Module], fault: str
) -> None:
    path = written(tmp_path, net())
    with pytest.raises(InputError, match=fault) as refused:
        I3D(path)
    assert str(refused.value).startswith(f"{path} is not I3D of FVD: it ")
    assert "\n" not in str(refused.value)


class Harmful:
    """Creates a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def test_what_is_no_torchscript_is_refused_and_pickles_are_not_run(tmp_path: Path) -> None:
    mark, path = tmp_path / "ran", tmp_path / FILE
    torch.save({"a": Harmful(mark)}, path)
    harmful = path.read_bytes()
    for content in (b"", b"hello", b"PK\x03\x04", pickle.dumps(Harmful(mark)), harmful):
        path.write_bytes(content)
        with pytest.raises(InputError, match="cannot be run as it is"):
            I3D(path)
    assert not mark.exists()


def test_the_program_is_not_touched_unless_it_is_trusted(tmp_path: Path) -> None:
    # Opening this file would be an error.
    (tmp_path / FILE).write_bytes(b"no program")
    needs = (
        "N/A (needs i3d_torchscript.pt in --evaluators DIR and --trust-programs, because it is a program (I3D of FVD, "
        "universome/fvd-comparison, no licence stated))"
    )
    assert find_brought(tmp_path) == {}
    assert str(brought_i3d(find_brought(tmp_path))) == str(brought_i3d({})) == needs
    assert BroughtNetworks(tmp_path).evaluators() == ()
    with pytest.raises(InputError, match="cannot be run as it is"):
        BroughtNetworks(tmp_path, trust_programs=True)
    written(tmp_path, Tiny())
    assert [evaluator.id for evaluator in BroughtNetworks(tmp_path, trust_programs=True).evaluators()] == ["i3d"]


def test_trust_has_to_be_asked_for() -> None:
    assert not tyro.cli(EvaluationRequest, args=["clips"]).trust_programs
    assert tyro.cli(EvaluationRequest, args=["clips", "--trust-programs"]).trust_programs


def test_frames_20_to_35_are_looked_at() -> None:
    left, top, right, bottom = find_faces(HEAD)[0].box
    x, y = int(left), int(top)
    face = resized(HEAD[y : y + int(bottom - top), x : x + int(right - left)], 224)
    others = [BLACK] * 20
    clip = face_clip([*others, *[HEAD] * 16, *others])
    assert isinstance(clip, np.ndarray)
    np.testing.assert_array_equal(clip, np.stack([face] * 16))
    # A frame before or after has no face, which is said with its number.
    assert str(face_clip([*others[1:], *[HEAD] * 16, BLACK])) == (
        "N/A (no face is found in frame 35, which FVD looks at)"
    )
    assert "frame 20," in str(face_clip([*others, BLACK, *[HEAD] * 16]))


@pytest.mark.parametrize("frames", [0, 20, 35])
def test_clips_that_are_too_short_are_said_to_be(frames: int) -> None:
    assert face_clip([HEAD] * frames) is TOO_SHORT
    assert str(TOO_SHORT) == "N/A (shorter than the 36 frames that FVD looks at)"


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 30))
def test_resizing_keeps_the_mean_and_what_is_even(height: int, width: int, side: int) -> None:
    even = np.full((height, width, 3), 93, np.uint8)
    np.testing.assert_array_equal(resized(even, side), np.full((side, side, 3), 93))
    image = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    assert np.abs(resized(image, side).mean(axis=(0, 1)) - image.mean(axis=(0, 1))).max() <= 0.5
    mirrored = resized(image[:, ::-1], side)[:, ::-1].astype(int)
    assert np.abs(mirrored - resized(image, side)).max() <= 1  # a half may be rounded either way


@pytest.mark.parametrize(("height", "width"), [(448, 448), (300, 280), (511, 397), (100, 130), (224, 224), (57, 223)])
def test_resizing_is_that_of_opencv(height: int, width: int) -> None:
    cv2 = pytest.importorskip("cv2")
    image = RNG.integers(0, 256, (height, width, 3), np.uint8)
    theirs = cv2.resize(image, (224, 224), interpolation=cv2.INTER_AREA)
    assert np.abs(resized(image, 224).astype(int) - theirs).max() <= 1


def test_nothing_cannot_be_resized() -> None:
    with pytest.raises(ValueError, match="0 x 5"):
        resized(np.zeros((5, 0, 3), np.uint8), 224)


def test_fvd_is_the_peers_formula() -> None:
    ours, real = RNG.normal(size=(40, 6)), RNG.normal(0.5, 2, size=(30, 6))
    root = sqrtm(np.cov(ours, rowvar=False) @ np.cov(real, rowvar=False))
    traces = np.trace(np.cov(ours, rowvar=False) + np.cov(real, rowvar=False) - 2 * np.real(root))
    peer = ((ours.mean(axis=0) - real.mean(axis=0)) ** 2).sum() + traces
    assert fvd(ours, real) == pytest.approx(peer)
    assert measure_feature_distances(motion=(ours, real))["fvd"] == fvd(ours, real)


def test_fvd_of_clips_from_pictures_to_figure(tmp_path: Path) -> None:
    net = I3D(written(tmp_path, Tiny()))

    def features(brightness: float) -> np.ndarray:
        frames = [np.rint(HEAD * brightness * (0.8 + 0.01 * index)).astype(np.uint8) for index in range(36)]
        clip = face_clip(frames)
        assert isinstance(clip, np.ndarray)
        return net.features(clip)

    real = [features(level) for level in (0.9, 0.8, 0.7)]
    near, far = ([features(level - by) for level in (0.9, 0.8, 0.7)] for by in (0.02, 0.2))
    figures = [measure_feature_distances(motion=of_clips(ours, real))["fvd"] for ours in (real, near, far)]
    same, nearer, farther = (float(figure) for figure in figures if not isinstance(figure, NotMeasured))
    assert same == pytest.approx(0, abs=1e-6)
    assert same < nearer < farther


@pytest.mark.parametrize(
    ("ours", "real", "reason"),
    [
        ([np.zeros(400)] * 3, [np.zeros(400)] * 2 + [TOO_SHORT], "1 of 6 clips: shorter than the 36 frames"),
        ([TOO_SHORT] * 2, [TOO_SHORT], "N/A (shorter than the 36 frames"),
        ([TOO_SHORT, np.zeros(400)], [], "1 of 2 clips: shorter"),
        ([why_missing("i3d")] * 2, [why_missing("i3d")] * 2, "N/A (needs i3d_torchscript.pt"),
        ([np.zeros(400)] * 2, [], "needs real clips (--real)"),
        ([np.zeros(400)], [np.zeros(400)] * 2, "needs two clips of either set"),
        ([np.full(400, np.nan)] * 2, [np.zeros(400)] * 2, "features are not finite"),
    ],
)
def test_why_there_is_no_fvd_is_said(
    ours: list[np.ndarray | NotMeasured], real: list[np.ndarray | NotMeasured], reason: str
) -> None:
    figure = measure_feature_distances(motion=of_clips(ours, real))["fvd"]
    assert isinstance(figure, NotMeasured)
    assert reason in str(figure)

"""Pictures, vertices, valence and arousal against the public code of peers, run on seeded inputs."""

import json
from pathlib import Path

import numpy as np
import pytest

from espressivo.eval.emotion.dimensional import ccc, pcc, rmse, sagr
from espressivo.eval.face.vertices import dynamics_deviation, lip_vertex_error, mean_vertex_error
from espressivo.eval.metric import Pooled
from espressivo.eval.quality.fidelity import fidelity
from espressivo.eval.quality.frechet import EMAGE_EPS, frechet_distance
from espressivo.eval.quality.niqe import niqe

FOLDER = Path(__file__).parents[1] / "fixtures" / "metrics_quality"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
with np.load(FOLDER / "inputs.npz") as archive:
    INPUTS = dict(archive)
CLIPS = [name.removeprefix("faces.gt.") for name in INPUTS if name.startswith("faces.gt.")]
FACES = [(INPUTS[f"faces.pred.{clip}"], INPUTS[f"faces.gt.{clip}"]) for clip in CLIPS]


def _pooled(parts: list[Pooled]) -> float:
    return sum(part.total for part in parts) / sum(part.weight for part in parts)


@pytest.mark.parametrize(("convention", "eps"), [("emage", EMAGE_EPS), ("pytorch_fid", None)])
def test_frechet_distance(convention: str, eps: float | None) -> None:
    ours = frechet_distance(INPUTS["frechet.a"], INPUTS["frechet.b"], eps)
    assert ours == pytest.approx(EXPECTED[f"frechet.{convention}"], rel=1e-6)


@pytest.mark.parametrize("peer", ["codetalker", "facediffuser"])
def test_lip_vertex_error(peer: str) -> None:
    ours = _pooled([lip_vertex_error(*pair, INPUTS["faces.mouth"]) for pair in FACES])
    assert ours == pytest.approx(EXPECTED[f"faces.{peer}.LVE_sq"], rel=1e-9)


def test_mean_vertex_error() -> None:
    ours = _pooled([mean_vertex_error(*pair) for pair in FACES])
    assert ours == pytest.approx(EXPECTED["faces.facediffuser.MVE"], rel=1e-9)


def test_dynamics_deviation() -> None:
    each = [
        dynamics_deviation(*pair, INPUTS[f"faces.tmpl.{clip.split('.')[0]}"], INPUTS["faces.upper"])
        for clip, pair in zip(CLIPS, FACES, strict=True)
    ]
    assert np.mean(each) == pytest.approx(EXPECTED["faces.codetalker.FDD"], rel=1e-9)
    assert np.mean(np.abs(each)) == pytest.approx(EXPECTED["faces.facediffuser.FDD_abs"], rel=1e-9)


@pytest.mark.parametrize("figure", [ccc, pcc, rmse, sagr])
def test_valence_and_arousal(figure) -> None:
    expected = EXPECTED[f"va.{figure.__name__.upper()}"]
    assert figure(INPUTS["va.p"], INPUTS["va.y"]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("picture", "name"), [("image", "f1_noise"), ("image_blur", "f1_noise_blur")])
def test_niqe(picture: str, name: str) -> None:
    assert niqe(INPUTS[f"niqe.{picture}"].astype(np.float32)) == pytest.approx(EXPECTED[f"niqe.{name}"], rel=1e-4)


def test_psnr_and_ssim_of_scikit_image() -> None:
    """Expected: scikit-image's peak_signal_noise_ratio and structural_similarity(channel_axis=2)."""
    y, x = np.mgrid[:40, :56]
    real = np.stack([128 + 100 * np.sin(x / 5) * np.cos(y / 7), 2.0 * x + y, 255 * (x > y)], -1).astype(np.uint8)
    ours = np.clip(real.astype(int) + ((7 * x + 13 * y) % 41 - 20)[..., None], 0, 255).astype(np.uint8)
    values = fidelity([ours], [real])
    assert values["psnr_db"] == pytest.approx(27.480483494637603, rel=1e-9)
    assert values["ssim"] == pytest.approx(0.6105233738256982, rel=1e-9)

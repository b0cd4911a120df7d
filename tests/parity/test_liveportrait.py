"""LivePortrait's networks against the authors' own, run with weights that follow from a seed (golden/liveportrait)."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from espressivo.conditioning.faces.crops import Square
from espressivo.generators.portrait.checkpoints import load_net
from espressivo.generators.portrait.liveportrait.appearance import AppearanceFeatureExtractor
from espressivo.generators.portrait.liveportrait.config import (
    AppearanceSize,
    DenseMotionSize,
    GeneratorSize,
    LivePortraitSize,
    WarpingSize,
)
from espressivo.generators.portrait.liveportrait.drawing import SpadeGenerator
from espressivo.generators.portrait.liveportrait.keypoints import ImplicitMotion, read_motion
from espressivo.generators.portrait.liveportrait.motion import MotionExtractor, RawMotion, degrees
from espressivo.generators.portrait.liveportrait.portrait import LivePortrait, Source
from espressivo.generators.portrait.liveportrait.retargeting import RetargetingNetwork
from espressivo.generators.portrait.liveportrait.warping import WarpingModule
from tests.portrait_checkpoints import LIVE_PORTRAIT
from tests.seeded import ready

FIXTURES = Path(__file__).parents[1] / "fixtures" / "liveportrait"
CONFIG = json.loads((FIXTURES / "config.json").read_text())
TINY = json.loads((FIXTURES / "config_tiny.json").read_text())
KEYS = json.loads((FIXTURES / "official_keys.json").read_text())
INPUTS = load_file(FIXTURES / "inputs.safetensors")
OUTPUTS = load_file(FIXTURES / "outputs.safetensors")
TINY_INPUTS = load_file(FIXTURES / "inputs_tiny.safetensors")
TINY_OUTPUTS = load_file(FIXTURES / "outputs_tiny.safetensors")
SIZE = LivePortraitSize()


def expect(found: Tensor, name: str, atol: float = 1e-4) -> None:
    stride = CONFIG["strides"].get(name)
    compared = found.flatten()[::stride] if stride else found
    torch.testing.assert_close(compared, OUTPUTS[name].reshape(compared.shape), atol=atol, rtol=0)


@pytest.fixture(scope="module", autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def volume() -> Tensor:
    return ready(lambda: AppearanceFeatureExtractor(SIZE.appearance), CONFIG["seed"])(INPUTS["image"])


@pytest.fixture(scope="module")
def generator() -> nn.Module:
    return ready(lambda: SpadeGenerator(SIZE.generator), CONFIG["seed"])


def test_appearance(volume: Tensor) -> None:
    assert list(volume.shape) == OUTPUTS["F_shape"].tolist()
    expect(volume, "F_sub", 2e-5)


def test_motion() -> None:
    raw = ready(lambda: MotionExtractor(SIZE.motion), CONFIG["seed"])(INPUTS["image_m"])
    for name in ("pitch", "yaw", "roll", "t", "exp", "scale", "kp"):
        expect(getattr(raw, name), f"M_{name}", 2e-5)


def test_keypoints() -> None:
    raw = RawMotion(**{name: INPUTS[f"kpinfo_{name}"] for name in ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")})
    for name in ("pitch", "yaw", "roll"):
        expect(degrees(OUTPUTS[f"M_{name}"]), f"deg_{name}", 2e-5)
    motion = read_motion(raw)
    expect(torch.from_numpy(motion.rotation), "rotation", 2e-5)
    expect(torch.from_numpy(motion.keypoints), "x_transformed", 2e-5)
    assert motion.keypoints.dtype == np.float32


def test_warping_and_drawing(volume: Tensor, generator: nn.Module) -> None:
    warping = ready(lambda: WarpingModule(SIZE.warping), CONFIG["seed"])
    warped = warping(volume, INPUTS["kp_source"], INPUTS["kp_driving"])
    expect(warped.feature, "W_out_sub")
    expect(warped.occlusion, "W_occlusion")
    expect(warped.deformation, "W_deformation_sub")
    image = generator(warped.feature)
    assert list(image.shape) == OUTPUTS["image_out_shape"].tolist()
    expect(image, "image_out_sub")


def test_drawing_of_any_feature(generator: nn.Module) -> None:
    expect(generator(INPUTS["g_feature"]), "G_image")


def test_stitching_and_retargeting() -> None:
    source, driving = INPUTS["kp_source"].flatten(1), INPUTS["kp_driving"].flatten(1)
    for size, name, read in (
        (SIZE.stitching, "stitch_delta", torch.cat([source, driving], 1)),
        (SIZE.lip, "lip_delta", torch.cat([source, INPUTS["lip_ratio"]], 1)),
        (SIZE.eye, "eye_delta", torch.cat([source, INPUTS["eye_ratio"]], 1)),
    ):
        expect(ready(partial(RetargetingNetwork, size), CONFIG["seed"])(read), name, 2e-5)


def test_stitched_keypoints() -> None:
    at_rest = torch.eye(3)[None].numpy(), np.ones((1, 1), np.float32), np.zeros((1, 3), np.float32)
    source = Source(
        image=np.zeros((4, 4, 3), np.uint8),
        square=Square(2.0, 2.0, 4.0),
        volume=torch.zeros(1),
        motion=ImplicitMotion(INPUTS["kp_source"].numpy(), np.zeros((1, 21, 3), np.float32), *at_rest),
    )
    portrait = LivePortrait(
        appearance=AppearanceFeatureExtractor(LIVE_PORTRAIT.appearance),
        motion=MotionExtractor(LIVE_PORTRAIT.motion),
        warping=WarpingModule(LIVE_PORTRAIT.warping),
        generator=SpadeGenerator(LIVE_PORTRAIT.generator),
        stitching=ready(lambda: RetargetingNetwork(SIZE.stitching), CONFIG["seed"]),
        lip=RetargetingNetwork(SIZE.lip),
        eye=RetargetingNetwork(SIZE.eye),
    )
    expect(torch.from_numpy(portrait.stitched(source, INPUTS["kp_driving"].numpy())), "x_stitched", 2e-5)


def test_full_size_checkpoints_fit_key_for_key() -> None:
    builds: dict[str, Callable[[], nn.Module]] = {
        "appearance_feature_extractor": lambda: AppearanceFeatureExtractor(SIZE.appearance),
        "motion_extractor": lambda: MotionExtractor(SIZE.motion),
        "warping_module": lambda: WarpingModule(SIZE.warping),
        "spade_generator": lambda: SpadeGenerator(SIZE.generator),
        "stitching": lambda: RetargetingNetwork(SIZE.stitching),
        "lip": lambda: RetargetingNetwork(SIZE.lip),
        "eye": lambda: RetargetingNetwork(SIZE.eye),
    }
    assert builds.keys() == KEYS.keys()
    for name, build in builds.items():
        weights = {key: torch.empty(shape) for key, shape in KEYS[name].items()}
        net = load_net(build, weights, Path(name), name)
        assert {key: list(tensor.shape) for key, tensor in net.state_dict().items()} == KEYS[name]


def test_other_sizes() -> None:
    sizes = TINY["tiny"]
    appearance = dict(sizes["appearance_feature_extractor"])
    warping = dict(sizes["warping_module"])
    assert appearance.pop("image_channel") == 3
    assert warping.pop("estimate_occlusion_map")
    dense = DenseMotionSize(**warping.pop("dense_motion_params"))
    volume = ready(lambda: AppearanceFeatureExtractor(AppearanceSize(**appearance)), TINY["seed"])(TINY_INPUTS["image"])
    warp = ready(lambda: WarpingModule(WarpingSize(**warping, dense_motion=dense)), TINY["seed"])
    warped = warp(volume, TINY_INPUTS["kp_source"], TINY_INPUTS["kp_driving"])
    image = ready(lambda: SpadeGenerator(GeneratorSize(**sizes["spade_generator"])), TINY["seed"])(warped.feature)
    found = {
        "F": volume,
        "W_out": warped.feature,
        "W_occlusion": warped.occlusion,
        "W_deformation": warped.deformation,
        "image_out": image,
    }
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, TINY_OUTPUTS[name], atol=1e-4, rtol=0)

"""Checkpoint folders with small random networks, laid out as the authors lay out theirs."""

from pathlib import Path

import torch
from torch import nn

from espressivo.generators.portrait.liveportrait.appearance import AppearanceFeatureExtractor
from espressivo.generators.portrait.liveportrait.config import (
    AppearanceSize,
    DenseMotionSize,
    GeneratorSize,
    LivePortraitSize,
    MotionSize,
    WarpingSize,
)
from espressivo.generators.portrait.liveportrait.drawing import SpadeGenerator
from espressivo.generators.portrait.liveportrait.motion import MotionExtractor
from espressivo.generators.portrait.liveportrait.retargeting import RetargetingNetwork
from espressivo.generators.portrait.liveportrait.warping import WarpingModule
from tests.seeded import seeded_state

LIVE_PORTRAIT = LivePortraitSize(
    appearance=AppearanceSize(block_expansion=4, max_features=32, reshape_channel=4, reshape_depth=8, num_resblocks=1),
    motion=MotionSize(depths=(1, 1, 1, 1), widths=(8, 8, 8, 8)),
    warping=WarpingSize(
        block_expansion=4,
        max_features=16,
        reshape_channel=4,
        dense_motion=DenseMotionSize(block_expansion=4, max_features=16, num_blocks=2, reshape_depth=8, compress=2),
    ),
    generator=GeneratorSize(block_expansion=4, max_features=16, out_channels=8),
)
"""All seven networks at a size that draws a frame in a blink."""
INPUT_PX = 64


def write_live_portrait(folder: Path, size: LivePortraitSize = LIVE_PORTRAIT, seed: int = 5) -> None:
    """Write the files of LivePortrait into `folder`."""
    nets: dict[str, nn.Module] = {
        "appearance_feature_extractor": AppearanceFeatureExtractor(size.appearance),
        "motion_extractor": MotionExtractor(size.motion),
        "warping_module": WarpingModule(size.warping),
        "spade_generator": SpadeGenerator(size.generator),
    }
    small = {"retarget_shoulder": size.stitching, "retarget_mouth": size.lip, "retarget_eye": size.eye}
    (folder / "base_models").mkdir(parents=True)
    (folder / "retargeting_models").mkdir()
    for name, net in nets.items():
        torch.save(seeded_state(net, seed), folder / "base_models" / f"{name}.pth")
    parts = {
        name: {f"module.{key}": tensor for key, tensor in seeded_state(RetargetingNetwork(each), seed).items()}
        for name, each in small.items()
    }
    torch.save(parts, folder / "retargeting_models" / "stitching_retargeting_module.pth")

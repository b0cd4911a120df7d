"""Checkpoint folders with small random networks, laid out as the authors lay out theirs."""

from argparse import Namespace
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
from espressivo.generators.portrait.pctalk.network.audio import AudioVisualEncoder
from espressivo.generators.portrait.pctalk.network.config import MotionDecoderSize, StyleSize
from espressivo.generators.portrait.pctalk.network.emotion import EmotionDecoder
from espressivo.generators.portrait.pctalk.network.lips import LipDecoder, LipRefinement
from espressivo.generators.portrait.pctalk.network.style import StyleEncoder
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

LIPS = MotionDecoderSize(feature_dim=16, period=10, person_num=3)
FACE = MotionDecoderSize(coordinates=63, feature_dim=16, period=10, person_num=2, person_bias=True)
STYLE = StyleSize(feature_dim=16, period=30, person_num=3)


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


def write_talker(folder: Path, seed: int = 6) -> None:
    """Write the files of PC-Talk into `folder`, wrapped in all the ways that its authors wrap them."""
    lips, fine = LipDecoder(LIPS), LipRefinement(LIPS.coordinates)
    settings = Namespace(T=LIPS.period, lr=1e-4)
    stored = {"model": seeded_state(lips, seed), "args": settings, "model_ft": seeded_state(fine, seed)}
    torch.save(stored, folder / "lac.pth")
    torch.save({"model": seeded_state(EmotionDecoder(FACE), seed)}, folder / "emc.pth")
    heard = seeded_state(AudioVisualEncoder(), seed)
    bare = {f"module.{key.removeprefix('audio_encoder.')}": tensor for key, tensor in heard.items()}
    torch.save({"state_dict": bare}, folder / "audio_encoder.pth")
    style = seeded_state(StyleEncoder(STYLE), seed)
    inner = {f"obj_vector.{key}": tensor for key, tensor in style.items()}
    torch.save({**inner, "vertice_map.weight": torch.zeros(1)}, folder / "style_encoder.pth")

"""DICE-Talk's released files of its conditioning, and where they lie in a folder."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.portrait.checkpoints import (
    Net,
    System,
    choose_device,
    load_net,
    read_checkpoint,
    require_files,
    tensors_in,
)
from espressivo.generators.portrait.dicetalk.network.config import AudioSize, EmotionSize, PoseSize
from espressivo.generators.portrait.dicetalk.network.emotion import EmotionModel
from espressivo.generators.portrait.dicetalk.network.pose import PoseGuider
from espressivo.generators.portrait.dicetalk.network.projector import AudioProjector

if TYPE_CHECKING:
    from espressivo.generators.portrait.dicetalk.network.unet import ConditionedUNet

SYSTEM = System("DICE-Talk", "the authors' release (huggingface.co/EEEELY/DICE-Talk)", "CC BY-NC-SA 4.0")
_AUDIO, _EMOTION, _POSE = "audio_linear.pth", "emo_model.pth", "pose_guider.pth"
FILES = (_AUDIO, _EMOTION, _POSE)

VIDEO_SYSTEM = System(
    "Stable Video Diffusion",
    "Stability AI's release (huggingface.co/stabilityai/stable-video-diffusion-img2vid-xt)",
    "Stability AI's community licence",
)
_UNET, _SETTINGS = "unet.pth", "unet/config.json"
_STOCK = ("unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.fp16.safetensors")
_ADAPTER = "_ip."
"""In the names of tensors that Stable Video Diffusion does not have."""


@dataclass(frozen=True, eq=False)
class Conditioning:
    """The networks that tell DICE-Talk's diffusion model what is said, how it is felt, and where the face is."""

    audio: AudioProjector
    emotion: EmotionModel
    pose: PoseGuider


def load_conditioning(
    folder: Path,
    device: str = "auto",
    audio: AudioSize | None = None,
    emotion: EmotionSize | None = None,
    pose: PoseSize | None = None,
) -> Conditioning:
    """Load the networks from the folder that holds the authors' files; sizes are the published ones by default.

    Raises:
        InputError: there is no such folder, or a file does not fit.
        MissingDependencyError: files are missing.
    """
    require_files(folder, FILES, SYSTEM)
    target = choose_device(device)

    def net(name: str, build: Callable[[], Net], what: str) -> Net:
        path = folder / name
        return load_net(build, tensors_in(read_checkpoint(path, SYSTEM), path, SYSTEM), path, what).to(target)

    return Conditioning(
        audio=net(_AUDIO, lambda: AudioProjector(audio or AudioSize()), "DICE-Talk's projector of sound"),
        emotion=net(_EMOTION, lambda: EmotionModel(emotion or EmotionSize()), "DICE-Talk's emotion model"),
        pose=net(_POSE, lambda: PoseGuider(pose or PoseSize()), "DICE-Talk's pose guider"),
    )


def load_unet(
    folder: Path, video_folder: Path, device: str = "auto", precision: torch.dtype = torch.float32
) -> "ConditionedUNet":
    """Load the diffusion model: Stable Video Diffusion's tensors, and over them those of unet.pth.

    Args:
        folder: with DICE-Talk's unet.pth.
        video_folder: of Stable Video Diffusion, with its unet/.
        device: "auto", "cpu" or a GPU.
        precision: of its numbers; in half it needs 3.3 GB.

    Raises:
        InputError: there is no such folder, or a file does not fit; an adapter that unet.pth lacks is an error, while
            other tensors may come from Stable Video Diffusion.
        MissingDependencyError: files are missing, or diffusers is not installed.
    """
    try:
        from diffusers.models.unets.unet_spatio_temporal_condition import (
            UNetSpatioTemporalConditionModel,
        )

        from espressivo.generators.portrait.dicetalk.network.unet import ConditionedUNet
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"DICE-Talk's diffusion model needs {error.name}; install it with pip install 'espressivo[diffusion]'."
        ) from error
    require_files(folder, [_UNET], SYSTEM)
    stock = next((name for name in _STOCK if (video_folder / name).is_file()), _STOCK[0])
    require_files(video_folder, [_SETTINGS, stock], VIDEO_SYSTEM)
    try:
        settings = json.loads((video_folder / _SETTINGS).read_text(encoding="utf-8"))
        with torch.device("meta"):
            stocked = UNetSpatioTemporalConditionModel.from_config(settings)
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise InputError(f"{video_folder / _SETTINGS} holds no settings of {VIDEO_SYSTEM.name}'s UNet.") from error
    assert isinstance(stocked, UNetSpatioTemporalConditionModel)
    own = tensors_in(read_checkpoint(folder / _UNET, SYSTEM), folder / _UNET, SYSTEM)
    plain = tensors_in(read_checkpoint(video_folder / stock, VIDEO_SYSTEM), video_folder / stock, VIDEO_SYSTEM)
    tensors: dict[str, Tensor] = {name: each for name, each in plain.items() if _ADAPTER not in name} | own
    what = "all of DICE-Talk's diffusion model, with Stable Video Diffusion's below it"
    net = load_net(lambda: ConditionedUNet(stocked), tensors, folder / _UNET, what, precision)
    return net.to(choose_device(device))

"""DICE-Talk's released files of its conditioning, and where they lie in a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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

SYSTEM = System("DICE-Talk", "the authors' release (huggingface.co/EEEELY/DICE-Talk)", "CC BY-NC-SA 4.0")
_AUDIO, _EMOTION, _POSE = "audio_linear.pth", "emo_model.pth", "pose_guider.pth"
FILES = (_AUDIO, _EMOTION, _POSE)


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

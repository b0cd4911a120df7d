"""The motion encoder behind our own FGD: windows of 32 frames in, 32 numbers each out. Trained by `train_encoder`."""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn

from espressivo.generators.gesture.joints import BODY_JOINTS
from espressivo.generators.gesture.motion import BodyMotion
from espressivo.generators.gesture.rotations import matrices_from, six_numbers, without_heading
from espressivo.weights.manifest import FOLDER

FPS = 30.0
WINDOW_FRAMES = 32
FEATURES = 32
ENCODER_FILE = FOLDER / "motion-encoder" / "encoder.safetensors"

_NUMBERS = len(BODY_JOINTS) * 6
_CHANNELS = 128
_CONVOLUTIONS = 4


class MotionEncoder(nn.Module):
    """Poses and their changes, normalised, through convolutions over time that halve it four times."""

    pose_mean: Tensor
    pose_std: Tensor
    change_std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("pose_mean", torch.zeros(_NUMBERS))
        self.register_buffer("pose_std", torch.ones(_NUMBERS))
        self.register_buffer("change_std", torch.ones(_NUMBERS))
        widths = [2 * _NUMBERS] + [_CHANNELS] * _CONVOLUTIONS
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, kernel_size=4, stride=2, padding=1) for before, after in pairwise(widths)
        )
        self.mean = nn.Linear(_CHANNELS * (WINDOW_FRAMES >> _CONVOLUTIONS), FEATURES)

    def normalised(self, poses: Float[Tensor, "windows frames 132"]) -> Float[Tensor, "windows frames 264"]:
        """Return poses and frame-to-frame changes in units of their deviation in training; the first change is 0."""
        changes = torch.diff(poses, dim=1, prepend=poses[:, :1])
        return torch.cat([(poses - self.pose_mean) / self.pose_std, changes / self.change_std], dim=2)

    def hidden(self, poses: Float[Tensor, "windows frames 132"]) -> Float[Tensor, "windows hidden"]:
        """Return what the last convolution gives."""
        x = self.normalised(poses).transpose(1, 2)
        for convolution in self.convolutions:
            x = nn.functional.leaky_relu(convolution(x), 0.2)
        return x.flatten(1)

    def forward(self, poses: Float[Tensor, "windows frames 132"]) -> Float[Tensor, "windows features"]:
        """Return the features of each window."""
        return self.mean(self.hidden(poses))


def pose_numbers(motion: BodyMotion) -> Float[np.ndarray, "frames 132"]:
    """Return the 6-D rotations of the 22 joints of the body at 30 fps, turned to face the front in each frame."""
    at_rate = motion.resampled(FPS)
    matrices = matrices_from(at_rate.poses_rad[:, : len(BODY_JOINTS)])
    matrices[:, 0] = without_heading(matrices[:, 0])
    return six_numbers(matrices).reshape(len(at_rate), -1).astype(np.float32)


def windows_of(numbers: Float[np.ndarray, "frames 132"]) -> Float[np.ndarray, "windows 32 132"]:
    """Cut into windows that do not overlap; the frames left over at the end are dropped, as EMAGE does."""
    count = len(numbers) // WINDOW_FRAMES
    return numbers[: count * WINDOW_FRAMES].reshape(count, WINDOW_FRAMES, numbers.shape[1])


def read_encoder(path: Path) -> MotionEncoder:
    """Load an encoder that `train_encoder` wrote."""
    encoder = MotionEncoder()
    encoder.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
    return encoder.eval()


@cache
def shipped_encoder() -> MotionEncoder:
    """Return the encoder that ships."""
    return read_encoder(ENCODER_FILE)


@torch.no_grad()
def encode(
    numbers: Iterable[Float[np.ndarray, "frames 132"]], encoder: MotionEncoder
) -> list[Float[np.ndarray, "windows features"]]:
    """Return the features of each clip's windows; none for a clip of fewer than 32 frames."""
    return [encoder(torch.from_numpy(windows_of(clip))).numpy().astype(np.float64) for clip in numbers]

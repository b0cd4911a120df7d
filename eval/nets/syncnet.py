"""SyncNet: puts a mouth in five frames and the sound of the same 200 ms into one space (Chung & Zisserman 2016).

Layers and names of tensors are those of `SyncNetModel.py` in joonson/syncnet_python (MIT), so its file
`syncnet_v2.model` loads name by name. The file does not ship: see `espressivo.eval.brought`.
"""

from copy import deepcopy

import numpy as np
import torch
from jaxtyping import Float, Int16, UInt8
from torch import nn

from espressivo.conditioning.judging import judging
from espressivo.eval.nets.mfcc import mfcc

FPS = 25
SIDE_PX = 224
FRAMES = 5
"""Frames in a window."""
SAMPLES_PER_FRAME = 640
_STEPS_PER_FRAME = 4
_STEPS = 20
# A window takes about 20 MB on its way through the network.
_BATCH = 8


class SyncNet(nn.Module):
    """Two towers, for sound and for lips, that end in 1024 features each."""

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_block2d(1, 64, 3, padding=1),
            nn.Identity(),  # the peer has a pooling of 1 x 1 here, which only takes an index
            *_block2d(64, 192, 3, padding=1),
            nn.MaxPool2d(3, stride=(1, 2)),
            *_block2d(192, 384, 3, padding=1),
            *_block2d(384, 256, 3, padding=1),
            *_block2d(256, 256, 3, padding=1),
            nn.MaxPool2d(3, stride=2),
            *_block2d(256, 512, (5, 4)),
        )
        self.netfcaud = _to_features()
        self.netfclip = _to_features()
        self.netcnnlip = nn.Sequential(
            *_block3d(3, 96, (5, 7, 7), stride=2),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2)),
            *_block3d(96, 256, (1, 5, 5), stride=2, padding=1),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
            *_block3d(256, 256, (1, 3, 3), padding=1),
            *_block3d(256, 256, (1, 3, 3), padding=1),
            *_block3d(256, 256, (1, 3, 3), padding=1),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2)),
            *_block3d(256, 512, (1, 6, 6)),
        )

    def hearing(self) -> nn.Sequential:
        """The tower from cepstra (batch, 1, 13, 20) to features of sound (batch, 1024), which are not normalised."""
        return nn.Sequential(self.netcnnaud, nn.Flatten(), self.netfcaud)

    def seeing(self) -> nn.Sequential:
        """The tower from pictures (batch, 3, 5, 224, 224) to features of lips (batch, 1024), not normalised."""
        return nn.Sequential(self.netcnnlip, nn.Flatten(), self.netfclip)


def windows_of(frames: int, samples: int) -> int:
    """Return how many windows a clip has: one less than would fit, as in the peer's loop; 0 if it is too short."""
    return max(0, min(frames, samples // SAMPLES_PER_FRAME) - FRAMES)


def embed_lips(
    net: SyncNet, frames_bgr: UInt8[np.ndarray, "frames 224 224 3"], windows: int
) -> Float[np.ndarray, "windows 1024"]:
    """Return features of frames t to t+4 for each t below `windows`. Pixels stay at 0 to 255, in the order BGR."""
    sliding = np.lib.stride_tricks.sliding_window_view(frames_bgr, FRAMES, axis=0)[:windows]
    tower = net.seeing()
    with judging():
        parts = [
            # (batch, height, width, colour, time) as the view has it; the network wants colour and time first.
            tower(torch.from_numpy(sliding[start : start + _BATCH].transpose(0, 3, 4, 1, 2).astype(np.float32)))
            for start in range(0, windows, _BATCH)
        ]
    return torch.cat(parts).numpy()


def embed_audio(net: SyncNet, samples: Int16[np.ndarray, "samples"], windows: int) -> Float[np.ndarray, "windows 1024"]:
    """Return features of the 200 ms of sound that begin with frame t, for each t below `windows`.

    In double precision, which costs little here: in single precision the last digit of a cepstrum moves distances by
    more than the 1e-4 to which figures should repeat.
    """
    tower = deepcopy(net.hearing()).double()
    sliding = np.lib.stride_tricks.sliding_window_view(mfcc(samples), _STEPS, axis=0)[::_STEPS_PER_FRAME][:windows]
    with judging():
        return tower(torch.from_numpy(np.ascontiguousarray(sliding[:, np.newaxis]))).float().numpy()


def _block2d(inputs: int, outputs: int, kernel: int | tuple[int, int], padding: int = 0) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, padding=padding), nn.BatchNorm2d(outputs), nn.ReLU()]


def _block3d(
    inputs: int, outputs: int, kernel: tuple[int, int, int], stride: int = 1, padding: int = 0
) -> list[nn.Module]:
    """Stride and padding hold in the picture, not in time."""
    convolution = nn.Conv3d(inputs, outputs, kernel, (1, stride, stride), (0, padding, padding))
    return [convolution, nn.BatchNorm3d(outputs), nn.ReLU()]


def _to_features() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 1024))

"""M, the motion extractor: a portrait becomes keypoints, the turn of the head and an expression (ConvNeXt V2)."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from espressivo.generators.portrait.liveportrait.config import MotionSize

_EPSILON = 1e-6
_BIN_DEG = 3.0
_FIRST_BIN_DEG = -97.5


@dataclass(frozen=True, eq=False)
class RawMotion:
    """What the heads of the network say."""

    pitch: Float[Tensor, "n bins"]
    """Logits over bins, as yaw and roll."""
    yaw: Float[Tensor, "n bins"]
    roll: Float[Tensor, "n bins"]
    t: Float[Tensor, "n 3"]
    exp: Float[Tensor, "n 3*k"]
    scale: Float[Tensor, "n 1"]
    kp: Float[Tensor, "n 3*k"]


class MotionExtractor(nn.Module):
    """The backbone under the name that checkpoints give it."""

    def __init__(self, size: MotionSize) -> None:
        super().__init__()
        self.detector = _Detector(size)

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> RawMotion:
        """Return the motion of pictures in [0, 1]."""
        return self.detector(image)


def degrees(logits: Float[Tensor, "n bins"]) -> Float[Tensor, "n"]:
    """Return the expected angle over bins of 3 degrees."""
    places = torch.arange(logits.shape[-1], dtype=logits.dtype, device=logits.device)
    return (logits.softmax(-1) * places).sum(-1) * _BIN_DEG + _FIRST_BIN_DEG


class _Detector(nn.Module):
    def __init__(self, size: MotionSize) -> None:
        super().__init__()
        widths = size.widths
        self.downsample_layers = nn.ModuleList(
            [nn.Sequential(nn.Conv2d(3, widths[0], 4, stride=4), _ChannelNorm(widths[0], eps=_EPSILON))]
        )
        for inputs, outputs in pairwise(widths):
            halving = nn.Conv2d(inputs, outputs, 2, stride=2)
            self.downsample_layers.append(nn.Sequential(_ChannelNorm(inputs, eps=_EPSILON), halving))
        self.stages = nn.ModuleList(
            nn.Sequential(*(_Block(width) for _ in range(depth)))
            for width, depth in zip(widths, size.depths, strict=True)
        )
        self.norm = nn.LayerNorm(widths[-1], eps=_EPSILON)
        self.fc_kp = nn.Linear(widths[-1], 3 * size.num_kp)
        self.fc_scale = nn.Linear(widths[-1], 1)
        self.fc_pitch = nn.Linear(widths[-1], size.num_bins)
        self.fc_yaw = nn.Linear(widths[-1], size.num_bins)
        self.fc_roll = nn.Linear(widths[-1], size.num_bins)
        self.fc_t = nn.Linear(widths[-1], 3)
        self.fc_exp = nn.Linear(widths[-1], 3 * size.num_kp)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> RawMotion:
        for shrink, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(shrink(x))
        x = self.norm(x.mean((-2, -1)))
        return RawMotion(
            pitch=self.fc_pitch(x),
            yaw=self.fc_yaw(x),
            roll=self.fc_roll(x),
            t=self.fc_t(x),
            exp=self.fc_exp(x),
            scale=self.fc_scale(x),
            kp=self.fc_kp(x),
        )


class _ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of pictures."""

    def forward(self, input: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:  # noqa: A002 - nn.LayerNorm's
        return super().forward(input.movedim(1, -1)).movedim(-1, 1)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=_EPSILON)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.grn = _ResponseNorm(4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        inner = self.norm(self.dwconv(x).movedim(1, -1))
        inner = self.pwconv2(self.grn(functional.gelu(self.pwconv1(inner))))
        return x + inner.movedim(-1, 1)


class _ResponseNorm(nn.Module):
    """Global response normalisation (Woo et al. 2023): a channel counts by its share of all channels' responses."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1, 1, 1, width))
        self.beta = nn.Parameter(torch.zeros(1, 1, 1, width))

    def forward(self, x: Float[Tensor, "n h w c"]) -> Float[Tensor, "n h w c"]:
        response = x.norm(dim=(1, 2), keepdim=True)
        share = response / (response.mean(-1, keepdim=True) + _EPSILON)
        return x + self.gamma * (x * share) + self.beta

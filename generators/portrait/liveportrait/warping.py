"""W, the warping module: the source's volume is moved to where the driving keypoints are."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from espressivo.generators.portrait.liveportrait.config import DenseMotionSize, WarpingSize
from espressivo.generators.portrait.liveportrait.layers import ConvBlock, Hourglass

_KEYPOINT_VARIANCE = 0.01
_SLOPE = 0.01

Volume = Float[Tensor, "n c d h w"]
Keypoints = Float[Tensor, "n k 3"]
Field = Float[Tensor, "n d h w 3"]
"""Where each place of a volume comes from: x, y, z from -1 to 1."""


class Warped(NamedTuple):
    """A moved feature, and how it was moved."""

    feature: Float[Tensor, "n c h w"]
    occlusion: Float[Tensor, "n 1 h w"]
    """1 where the source shows what is seen, 0 where it has to be made up."""
    deformation: Field


class WarpingModule(nn.Module):
    """Dense motion between keypoints, the volume moved by it, and its depth folded into channels."""

    def __init__(self, size: WarpingSize) -> None:
        super().__init__()
        folded = size.reshape_channel * size.dense_motion.reshape_depth
        self.dense_motion_network = DenseMotion(size.num_kp, size.reshape_channel, size.dense_motion)
        self.third = ConvBlock(folded, size.width, _SLOPE)
        self.fourth = nn.Conv2d(size.width, size.width, 1)

    def forward(self, volume: Volume, kp_source: Keypoints, kp_driving: Keypoints) -> Warped:
        """Return the feature that the generator draws."""
        deformation, occlusion = self.dense_motion_network(volume, kp_source, kp_driving)
        moved = _sample(volume, deformation).flatten(1, 2)
        return Warped(self.fourth(self.third(moved)) * occlusion, occlusion, deformation)


class DenseMotion(nn.Module):
    """Every keypoint proposes to move the whole volume with it; a network chooses between them, place by place."""

    def __init__(self, num_kp: int, channels: int, size: DenseMotionSize) -> None:
        super().__init__()
        self.compress = nn.Conv3d(channels, size.compress, 1)
        self.norm = nn.BatchNorm3d(size.compress)
        proposals = num_kp + 1
        self.hourglass = Hourglass(
            proposals * (size.compress + 1), size.block_expansion, size.num_blocks, size.max_features
        )
        self.mask = nn.Conv3d(self.hourglass.out_channels, proposals, 7, padding=3)
        self.occlusion = nn.Conv2d(self.hourglass.out_channels * size.reshape_depth, 1, 7, padding=3)

    def forward(
        self, volume: Volume, kp_source: Keypoints, kp_driving: Keypoints
    ) -> tuple[Field, Float[Tensor, "n 1 h w"]]:
        """Return where the volume comes from, and what of it is seen."""
        reduced = functional.relu(self.norm(self.compress(volume)))
        proposals = _proposals(volume, kp_source, kp_driving)
        batch, count = proposals.shape[:2]
        repeated = reduced[:, None].expand(-1, count, -1, -1, -1, -1).flatten(0, 1)
        moved = _sample(repeated, proposals.flatten(0, 1)).unflatten(0, (batch, count))
        change = _blobs(volume, kp_driving) - _blobs(volume, kp_source)
        still = torch.zeros_like(change[:, :1])
        seen = torch.cat([torch.cat([still, change], dim=1)[:, :, None], moved], dim=2).flatten(1, 2)
        guess = self.hourglass(seen)
        shares = self.mask(guess).softmax(1)
        deformation = (shares[..., None] * proposals).sum(1)
        return deformation, torch.sigmoid(self.occlusion(guess.flatten(1, 2)))


def _proposals(volume: Volume, kp_source: Keypoints, kp_driving: Keypoints) -> Float[Tensor, "n k+1 d h w 3"]:
    """Return the field that leaves all in its place, then one per keypoint that brings it from source to driving."""
    grid = _grid(volume)
    shift = (kp_source - kp_driving)[:, :, None, None, None]
    return torch.cat([grid.expand(len(kp_source), 1, *grid.shape), grid + shift], dim=1)


def _blobs(volume: Volume, keypoints: Keypoints) -> Float[Tensor, "n k d h w"]:
    """Return a Gaussian around each keypoint."""
    away = _grid(volume) - keypoints[:, :, None, None, None]
    return torch.exp(-0.5 * away.square().sum(-1) / _KEYPOINT_VARIANCE)


def _grid(volume: Volume) -> Float[Tensor, "d h w 3"]:
    """Return x, y, z of every place, -1 and 1 at the centres of the outermost ones."""
    axes = [
        torch.arange(length, device=volume.device, dtype=volume.dtype) * (2 / (length - 1)) - 1
        for length in volume.shape[2:]
    ]
    z, y, x = torch.meshgrid(*axes, indexing="ij")
    return torch.stack([x, y, z], dim=-1)


def _sample(volume: Volume, field: Field) -> Volume:
    """Sample with -1 and 1 at the outer edges, unlike `_grid`: the published network learnt to live with it."""
    return functional.grid_sample(volume, field, align_corners=False)

"""The pose guider: where the face is becomes a feature that is added to the diffusion model's first one."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from espressivo.generators.portrait.dicetalk.network.config import PoseSize


class PoseGuider(nn.Module):
    """Convolutions that halve the picture between widths."""

    def __init__(self, size: PoseSize) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(3, size.widths[0], 3, padding=1)
        self.blocks = nn.ModuleList()
        for narrow, wide in pairwise(size.widths):
            self.blocks.append(nn.Conv2d(narrow, narrow, 3, padding=1))
            self.blocks.append(nn.Conv2d(narrow, wide, 3, stride=2, padding=1))
        self.conv_out = nn.Conv2d(size.widths[-1], size.outputs, 3, padding=1)

    def forward(self, mask: Float[Tensor, "batch 3 frames h w"]) -> Float[Tensor, "batch outputs frames h/8 w/8"]:
        """Return the feature of face masks, 1 in the face and 0 around it."""
        x = functional.silu(self.conv_in(mask.transpose(1, 2).flatten(0, 1)))
        for block in self.blocks:
            x = functional.silu(block(x))
        return self.conv_out(x).unflatten(0, (len(mask), -1)).transpose(1, 2)

"""F, the appearance feature extractor: a portrait becomes a volume of features."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from espressivo.generators.portrait.liveportrait.config import AppearanceSize
from espressivo.generators.portrait.liveportrait.layers import ConvBlock, DownBlock, ResBlock3d


class AppearanceFeatureExtractor(nn.Module):
    """Convolutions of the picture, whose channels are then read as channels and depth."""

    def __init__(self, size: AppearanceSize) -> None:
        super().__init__()
        self.size = size
        widths = [min(size.max_features, size.block_expansion * 2**k) for k in range(size.num_down_blocks + 1)]
        self.first = ConvBlock(3, widths[0])
        pairs = pairwise(widths)
        self.down_blocks = nn.ModuleList(DownBlock(inputs, outputs) for inputs, outputs in pairs)
        self.second = nn.Conv2d(widths[-1], size.max_features, 1)
        self.resblocks_3d = nn.Sequential()
        for k in range(size.num_resblocks):
            self.resblocks_3d.add_module(f"3dr{k}", ResBlock3d(size.reshape_channel))

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n c d h/4 w/4"]:
        """Return the volume of pictures in [0, 1]."""
        x = self.first(image)
        for block in self.down_blocks:
            x = block(x)
        x = self.second(x)
        return self.resblocks_3d(x.unflatten(1, (self.size.reshape_channel, self.size.reshape_depth)))

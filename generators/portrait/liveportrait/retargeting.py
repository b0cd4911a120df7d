"""S and R: small networks that mend keypoints, so that shoulders stay, lips close and eyes open as far as asked."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from espressivo.generators.portrait.liveportrait.config import RetargetingSize


class RetargetingNetwork(nn.Module):
    """Linear layers with ReLU between them."""

    def __init__(self, size: RetargetingSize) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise((size.input_size, *size.hidden_sizes, size.output_size)):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.mlp = nn.Sequential(*layers[:-1])

    def forward(self, x: Float[Tensor, "n inputs"]) -> Float[Tensor, "n outputs"]:
        """Return what has to be added to the driving keypoints (and for stitching to their place)."""
        return self.mlp(x)

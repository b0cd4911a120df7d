"""The style encoder: in which manner a person moves the lips, read from a video of them."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from espressivo.generators.portrait.pctalk.network.attention import PeriodicPositions
from espressivo.generators.portrait.pctalk.network.config import LIPS, StyleSize
from espressivo.generators.portrait.pctalk.network.lips import Deformation


class Style(NamedTuple):
    """A manner of speaking, and whose it resembles."""

    manner: Float[Tensor, "batch width"]
    """What `LipDecoder` takes in the place of a person."""
    persons: Float[Tensor, "batch persons"]
    """Logits over the persons of the training data."""


class StyleEncoder(nn.Module):
    """A transformer over frames of lips, pooled by attention."""

    def __init__(self, size: StyleSize) -> None:
        super().__init__()
        self.size = size
        width = size.feature_dim
        self.vertice_map = nn.Linear(3 * len(LIPS), width)
        self.PPE = PeriodicPositions(width, size.period)
        layer = nn.TransformerEncoderLayer(width, size.heads, size.feed_forward, batch_first=True)
        self.transformer_encoder = nn.TransformerEncoder(layer, size.layers, enable_nested_tensor=False)
        self.vertice_map_r = nn.Linear(width, width)
        self.pooling = _Pooling(width)
        self.cls = _Classifier(width, size.person_num)

    def forward(self, lips: Deformation) -> Style:
        """Read the style of about `StyleSize.period` frames of deformed lips."""
        encoded = self.vertice_map_r(self.transformer_encoder(self.PPE(self.vertice_map(lips))))
        manner = self.pooling(encoded)
        return Style(manner, self.cls(manner))


class _Pooling(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.W = nn.Sequential(nn.Linear(width, width), nn.Mish(), nn.Linear(width, 1))

    def forward(self, x: Float[Tensor, "batch frames width"]) -> Float[Tensor, "batch width"]:
        return (self.W(x).softmax(1) * x).sum(1)


class _Classifier(nn.Module):
    def __init__(self, width: int, persons: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, persons)

    def forward(self, x: Float[Tensor, "batch width"]) -> Float[Tensor, "batch persons"]:
        return self.out_proj(self.dense(x).tanh())

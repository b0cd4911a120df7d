"""MusER's regulariser: each part of the latent orders pieces as its musical element does (section 3.3).

The authors tell each part by a transformer of 50 million parameters; their ablation MEAN pools it over time, as here.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from espressivo.generators.music.muser.elements import ELEMENTS, SLICES

WEIGHT = 0.1
"""Of this loss beside that of reconstruction."""


def pooled(
    latent: Float[Tensor, "batch length 112"], kept: Bool[Tensor, "batch length"]
) -> dict[str, Float[Tensor, "batch 16"]]:
    """Return the mean of each element's part of the latent over the positions that are `kept`."""
    mean = _mean(latent, kept.unsqueeze(-1).expand_as(latent))
    return {name: mean[:, SLICES[name]] for name in ELEMENTS}


def pooled_values(
    values: Float[Tensor, "batch length"], stated: Bool[Tensor, "batch length"]
) -> Float[Tensor, "batch 1"]:
    """Return the mean of an element over the positions where it is `stated`."""
    return _mean(values, stated).unsqueeze(-1)


def pair_loss(latent: Float[Tensor, "batch d"], values: Float[Tensor, "batch #d"]) -> Float[Tensor, ""]:
    """Return how far differences of latents are from the signs of the differences of values, over all pairs."""
    found = torch.tanh(latent[:, None] - latent[None])
    return (found - torch.sign(values[:, None] - values[None])).abs().mean()


def _mean(x: Tensor, kept: Tensor) -> Tensor:
    return (x * kept).sum(1) / kept.sum(1).clamp(min=1)

"""A codebook that follows what it quantises by moving averages (van den Oord et al. 2017, appendix A.1)."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import mse_loss, one_hot

_DECAY, _COMMITMENT, _EPS = 0.99, 0.25, 1e-5
_DEAD = 0.5
"""Latents per batch of a code that is in use."""

Latent = Float[Tensor, "batch length latent"]
Codes = Int[Tensor, "batch length"]


class Quantised(NamedTuple):
    """Latents replaced by codes."""

    vectors: Latent
    """Of the codebook; gradients pass straight through to the latents."""
    codes: Codes
    commitment: Float[Tensor, ""]
    """Loss that keeps latents near their codes."""


class Quantiser(nn.Module):
    """The codebook and its moving averages.

    The official quantiser moves its codebook in every forward pass, in evaluation too; this one in training only. Its
    count of updates is not among the official tensors, so that averages of a loaded codebook would be corrected for
    their start from zero once more: `updates` is public for a training that goes on to keep it.
    """

    embeddings: Tensor

    def __init__(self, codes: int, latent: int) -> None:
        super().__init__()
        self.register_buffer("embeddings", torch.empty(codes, latent).uniform_(-1.0, 1.0) * 3.0**0.5)
        self.ema_dw, self.ema_cluster_size = _Average(codes, latent), _Average(codes)
        self.updates = 0

    def forward(self, latent: Latent) -> Quantised:
        """Quantise, and move the codebook if in training."""
        codes = self.nearest(latent)
        vectors = self.embeddings[codes]
        commitment = _COMMITMENT * mse_loss(latent, vectors)
        if self.training:
            self.update(latent.detach(), codes)
        return Quantised(latent + (vectors - latent).detach(), codes, commitment)

    def nearest(self, latent: Latent) -> Codes:
        """Return the nearest codes by Euclidean distance; the first one of several."""
        distance = (
            latent.square().sum(-1, keepdim=True) - 2 * latent @ self.embeddings.T + self.embeddings.square().sum(-1)
        )
        return distance.argmin(-1)

    @torch.no_grad()
    def update(self, latent: Latent, codes: Codes) -> None:
        """Move every code towards the mean of the latents that chose it."""
        self.updates += 1
        chosen = one_hot(codes.flatten(), len(self.embeddings)).to(latent.dtype)
        size = self.ema_cluster_size.follow(chosen.sum(0), self.updates)
        total = self.ema_dw.follow(chosen.T @ latent.flatten(0, 1), self.updates)
        # So that a code that nobody chose is not divided by zero.
        size = (size + _EPS) / (size.sum() + len(size) * _EPS) * size.sum()
        self.embeddings.copy_(total / size.unsqueeze(1))

    @torch.no_grad()
    def revive(self, latent: Latent) -> int:
        """Put codes that hardly any latent chooses onto latents, so that none is lost; return how many.

        Not part of the official training: there a code that the first batch does not choose falls to zero.
        """
        grown = 1.0 - _DECAY**self.updates
        dead = self.ema_cluster_size.hidden < _DEAD * grown
        latents = latent.flatten(0, 1)
        drawn = latents[torch.randint(len(latents), (int(dead.sum()),), device=latent.device)]
        self.embeddings[dead] = drawn
        self.ema_dw.hidden[dead] = drawn * grown
        self.ema_cluster_size.hidden[dead] = grown
        return len(drawn)


class _Average(nn.Module):
    hidden: Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.register_buffer("hidden", torch.zeros(*shape))

    def follow(self, value: Tensor, updates: int) -> Tensor:
        """Return the average after `updates`, this one included, corrected for its start from zero."""
        self.hidden.lerp_(value, 1.0 - _DECAY)
        return self.hidden / (1.0 - _DECAY**updates)

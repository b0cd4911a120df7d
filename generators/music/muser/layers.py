"""Stacks of post-norm transformer layers with linear attention; tensors are named as in fast-transformers (idiap)."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import gelu

from espressivo.generators.music.linear_attention import (
    Sums,
    attend_causally,
    attend_to,
    join_heads,
    past_of,
    split_heads,
)


class Encoder(nn.Module):
    """Self-attention, causal or over everything, and a last norm."""

    def __init__(
        self, width: int, layers: int, heads: int, feed_forward: int, dropout: float, *, causal: bool = False
    ) -> None:
        super().__init__()
        self._causal = causal
        self.layers = nn.ModuleList(_EncoderLayer(width, heads, feed_forward, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Float[Tensor, "batch length width"]) -> Float[Tensor, "batch length width"]:
        """Return all positions at once."""
        for layer in self.layers:
            x = layer(x, self._causal)
        return self.norm(x)


class Decoder(nn.Module):
    """Causal self-attention, attention to all of a memory, and a last norm."""

    def __init__(self, width: int, layers: int, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_DecoderLayer(width, heads, feed_forward, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(
        self, x: Float[Tensor, "batch length width"], memory: list[Sums]
    ) -> Float[Tensor, "batch length width"]:
        """Return all positions at once; `memory` is what `remember` gives."""
        for layer, remembered in zip(self.layers, memory, strict=True):
            x = layer(x, remembered)
        return self.norm(x)

    def remember(self, memory: Float[Tensor, "batch length width"]) -> list[Sums]:
        """Sum up a memory for every layer: all that attention to it needs."""
        return [layer.cross_attention.remember(memory) for layer in self.layers]  # pyright: ignore


class Attention(nn.Module):
    """Linear attention of several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.query_projection = nn.Linear(width, width)
        self.key_projection = nn.Linear(width, width)
        self.value_projection = nn.Linear(width, width)
        self.out_projection = nn.Linear(width, width)

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        """Attend to all positions, or to those up to one's own."""
        if not causal:
            return self.attend(x, self.remember(x))
        return self.out_projection(join_heads(attend_causally(self._queries(x), *self._keys_and_values(x))))

    def attend(self, x: Tensor, memory: Sums) -> Tensor:
        """Attend to all of a memory."""
        return self.out_projection(join_heads(attend_to(self._queries(x), memory)))

    def remember(self, memory: Tensor) -> Sums:
        """Sum up keys and values of a memory."""
        return past_of(*self._keys_and_values(memory))

    def _queries(self, x: Tensor) -> Tensor:
        return split_heads(self.query_projection(x), self._heads)

    def _keys_and_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return split_heads(self.key_projection(x), self._heads), split_heads(self.value_projection(x), self._heads)


class ScaledEmbedding(nn.Module):
    """An embedding times the square root of its width."""

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self._scale = math.sqrt(width)
        self.lut = nn.Embedding(classes, width)

    def forward(self, ids: Int[Tensor, "*shape"]) -> Float[Tensor, "*shape width"]:
        """Embed ids."""
        return self._scale * self.lut(ids)

    def mixed(self, shares: Float[Tensor, "*shape last"]) -> Float[Tensor, "*shape width"]:
        """Embed mixtures of the last ids, as many as there are shares."""
        return self._scale * (shares @ self.lut.weight[-shares.shape[-1] :])


def positions(first: int, length: int, width: int, device: torch.device) -> Float[Tensor, "length width"]:
    """Return sines in even and cosines in odd columns, for `length` positions from `first` on."""
    frequencies = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10_000.0) / width))
    angles = torch.arange(first, first + length, device=device).unsqueeze(1) * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


class _EncoderLayer(nn.Module):
    def __init__(self, width: int, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.linear1, self.linear2 = nn.Linear(width, feed_forward), nn.Linear(feed_forward, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self._dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        return self._fed_forward(self.norm1(x + self._dropout(self.attention(x, causal))))

    def _fed_forward(self, x: Tensor) -> Tensor:
        hidden = self._dropout(gelu(self.linear1(x)))
        return self.norm2(x + self._dropout(self.linear2(hidden)))


class _DecoderLayer(nn.Module):
    def __init__(self, width: int, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.self_attention, self.cross_attention = Attention(width, heads), Attention(width, heads)
        self.linear1, self.linear2 = nn.Linear(width, feed_forward), nn.Linear(feed_forward, width)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self._dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, memory: Sums) -> Tensor:
        x = self.norm1(x + self._dropout(self.self_attention(x, causal=True)))
        return self._after_self_attention(x, memory)

    def _after_self_attention(self, x: Tensor, memory: Sums) -> Tensor:
        x = self.norm2(x + self._dropout(self.cross_attention.attend(x, memory)))
        hidden = self._dropout(gelu(self.linear1(x)))
        return self.norm3(x + self._dropout(self.linear2(hidden)))

"""EmoGen's second stage: a language model of music tokens that follows attributes (Kang et al. 2023, section 3.3).

A pre-norm transformer with linear attention; the attributes' embedding is added at every position. Names of tensors
are those of the official checkpoints (microsoft/muzic, emogen), with `decoder.` before them.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import gelu

from espressivo.generators.music.linear_attention import (
    Sums,
    attend_causally,
    attend_next,
    join_heads,
    past_of,
    split_heads,
)

PAD, END = 1, 2
"""Tokens: padding, and the end of a piece, which is also what a piece begins with."""
UNSET = -1
"""Of an attribute that may be anything."""
FIRST_POSITION = PAD + 1
"""Number of a piece's first position."""


@dataclass(frozen=True)
class EmoGenSize:
    """How large the model is; the defaults are the authors' (20.2 million parameters for 462 tokens)."""

    vocabulary: int = 462
    width: int = 512
    feed_forward: int = 2048
    layers: int = 6
    heads: int = 8
    attributes: int = 100
    buckets: int = 2
    """Values that an attribute can have."""
    attribute_width: int = 16
    dropout: float = 0.1
    half_lives: tuple[float, ...] = ()
    """Of what each head remembers, in tokens; by default none forgets."""


class EmoGenLanguageModel(nn.Module):
    """Tokens and attributes in, logits of the next token out."""

    def __init__(self, size: EmoGenSize) -> None:
        super().__init__()
        self.size = size
        self.decoder = _Decoder(size)

    def forward(
        self, tokens: Int[Tensor, "batch length"], attributes: Int[Tensor, "batch attributes"]
    ) -> Float[Tensor, "batch length vocabulary"]:
        """Return logits at all positions at once.

        Args:
            tokens: beginning with `END`, padded at their end with `PAD`.
            attributes: the bucket of each attribute, or `UNSET`.
        """
        return self.decoder(tokens, attributes)

    def step(
        self,
        token: Int[Tensor, "batch"],
        command: Float[Tensor, "batch width"],
        position: int | Int[Tensor, "batch"],
        past: list[Sums] | None,
    ) -> tuple[Float[Tensor, "batch vocabulary"], list[Sums]]:
        """Return the logits after one more token, and what the next step needs; in constant time.

        Args:
            token: the newest token of each piece.
            command: what `command` gives.
            position: how many tokens came before, in all pieces or in each.
            past: what the step before returned; None at the first.
        """
        return self.decoder.step(token, command, position, past)

    def read(self, tokens: Int[Tensor, "batch length"], command: Float[Tensor, "batch width"]) -> list[Sums]:
        """Read the beginning of pieces all at once, and return what the next step needs.

        Args:
            tokens: beginning with `END`, without padding.
            command: what `command` gives.
        """
        return self.decoder.read(tokens, command)

    def command(self, attributes: Int[Tensor, "batch attributes"]) -> Float[Tensor, "batch width"]:
        """Embed attributes: what is added at every position."""
        return self.decoder.command(attributes)


class _Decoder(nn.Module):
    def __init__(self, size: EmoGenSize) -> None:
        super().__init__()
        self._scale = math.sqrt(size.width)
        self._width = size.width
        self.embed_tokens = nn.Embedding(size.vocabulary, size.width, PAD)
        self.feature_embedding_layer_list = nn.ModuleList(
            nn.Embedding(size.buckets, size.attribute_width) for _ in range(size.attributes)
        )
        self.command_project = nn.Linear(size.attributes * size.attribute_width, size.width)
        self.layers = nn.ModuleList(_Layer(size) for _ in range(size.layers))
        self.layer_norm = nn.LayerNorm(size.width)
        self.output_projection = nn.Linear(size.width, size.vocabulary, bias=False)
        self._dropout = nn.Dropout(size.dropout)
        nn.init.normal_(self.embed_tokens.weight, std=size.width**-0.5)
        nn.init.normal_(self.output_projection.weight, std=size.width**-0.5)
        with torch.no_grad():
            self.embed_tokens.weight[PAD].zero_()

    def forward(self, tokens: Tensor, attributes: Tensor) -> Tensor:
        kept = tokens != PAD
        positions = torch.cumsum(kept, dim=1) * kept + PAD
        x = self._scale * self.embed_tokens(tokens) + self.command(attributes)[:, None]
        x = self._dropout(x + _positions(positions, self._width))
        for layer in self.layers:
            x = layer(x, kept.to(x.dtype))
        return self.output_projection(self.layer_norm(x))

    def step(
        self, token: Tensor, command: Tensor, position: int | Tensor, past: list[Sums] | None
    ) -> tuple[Tensor, list[Sums]]:
        place = _positions(torch.zeros_like(token) + position + FIRST_POSITION, self._width)
        x = (self._scale * self.embed_tokens(token) + command + place)[:, None]
        now: list[Sums] = []
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, _Layer)
            x, sums = layer.step(x, past[number] if past else None)
            now.append(sums)
        return self.output_projection(self.layer_norm(x))[:, 0], now

    def read(self, tokens: Tensor, command: Tensor) -> list[Sums]:
        places = torch.arange(tokens.shape[1], device=tokens.device) + FIRST_POSITION
        x = self._scale * self.embed_tokens(tokens) + command[:, None] + _positions(places, self._width)
        now: list[Sums] = []
        for layer in self.layers:
            assert isinstance(layer, _Layer)
            x, sums = layer.read(x)
            now.append(sums)
        return now

    def command(self, attributes: Tensor) -> Tensor:
        parts = [
            embedding(bucket.clamp(min=0)) * (bucket != UNSET).unsqueeze(-1)
            for embedding, bucket in zip(self.feature_embedding_layer_list, attributes.unbind(1), strict=True)
        ]
        return self.command_project(torch.cat(parts, dim=-1))


class _Layer(nn.Module):
    def __init__(self, size: EmoGenSize) -> None:
        super().__init__()
        self.self_attn = _Attention(size)
        self.self_attn_layer_norm = nn.LayerNorm(size.width)
        self.fc1 = nn.Linear(size.width, size.feed_forward)
        self.fc2 = nn.Linear(size.feed_forward, size.width)
        self.final_layer_norm = nn.LayerNorm(size.width)
        self._dropout = nn.Dropout(size.dropout)

    def forward(self, x: Tensor, kept: Tensor) -> Tensor:
        x = x + self._dropout(self.self_attn(self.self_attn_layer_norm(x), kept))
        return x + self._dropout(self._fed_forward(x))

    def step(self, x: Tensor, past: Sums | None) -> tuple[Tensor, Sums]:
        attended, now = self.self_attn.step(self.self_attn_layer_norm(x), past)
        x = x + attended
        return x + self._fed_forward(x), now

    def read(self, x: Tensor) -> tuple[Tensor, Sums]:
        attended, now = self.self_attn.read(self.self_attn_layer_norm(x))
        x = x + attended
        return x + self._fed_forward(x), now

    def _fed_forward(self, x: Tensor) -> Tensor:
        return self.fc2(self._dropout(gelu(self.fc1(self.final_layer_norm(x)))))


class _Attention(nn.Module):
    def __init__(self, size: EmoGenSize) -> None:
        super().__init__()
        self._heads = size.heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(size.width, size.width) for _ in range(4))
        self._decay = 0.5 ** (1 / torch.tensor(size.half_lives)) if size.half_lives else None

    def forward(self, x: Tensor, kept: Tensor) -> Tensor:
        return self.out_proj(join_heads(attend_causally(*self._heads_of(x), kept, self._decay)))

    def step(self, x: Tensor, past: Sums | None) -> tuple[Tensor, Sums]:
        attended, now = attend_next(*self._heads_of(x), past, self._decay)
        return self.out_proj(join_heads(attended)), now

    def read(self, x: Tensor) -> tuple[Tensor, Sums]:
        q, k, v = self._heads_of(x)
        return self.out_proj(join_heads(attend_causally(q, k, v, decay=self._decay))), past_of(k, v, self._decay)

    def _heads_of(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = (split_heads(project(x), self._heads) for project in (self.q_proj, self.k_proj, self.v_proj))
        return q, k, v


def frequencies(width: int) -> Float[Tensor, "half_width"]:
    """Return what positions are multiplied with for their sines and cosines."""
    half = width // 2
    return torch.exp(torch.arange(half) * (-math.log(10_000) / (half - 1)))


def _positions(positions: Int[Tensor, "*shape"], width: int) -> Float[Tensor, "*shape width"]:
    """Sines of all frequencies, then cosines; nothing at the position of padding (fairseq's table, computed)."""
    angles = positions.unsqueeze(-1) * frequencies(width).to(positions.device)
    return torch.cat([angles.sin(), angles.cos()], dim=-1) * (positions != PAD).unsqueeze(-1)

"""Linear attention, in one place for every music model: whole, chunked for training, and step by step for decoding.

A. Katharopoulos et al., "Transformers are RNNs", ICML 2020: with phi(x) = elu(x) + 1,

    out_l = phi(q_l) . sum_s phi(k_s) v_s^T / (phi(q_l) . sum_s phi(k_s) + eps)

over all s, or over s <= l where attention is causal. Queries are not scaled by 1/sqrt(d).

Sums cannot tell what is near from what is far. In our own small models each head may therefore forget: what lies n
positions back counts decay^n (Y. Sun et al., "Retentive Network", 2023), with another decay for each head.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import elu, pad

EPS = 1e-6
CHUNK = 64
"""Positions that are attended to as a matrix; longer ones meet through running sums. Fast at widths of 16 to 64."""

Heads = Float[Tensor, "batch heads length d"]
Decay = Float[Tensor, "heads"]
"""What a position back counts, for each head; 1 forgets nothing."""


class Sums(NamedTuple):
    """All of the past that causal attention needs, of the same size however long it was."""

    key_values: Float[Tensor, "batch heads d d"]
    """sum phi(k) v^T"""
    keys: Float[Tensor, "batch heads d"]
    """sum phi(k)"""


def phi(x: Tensor) -> Tensor:
    """The feature map of queries and keys."""
    return elu(x) + 1.0


def split_heads(x: Float[Tensor, "batch length width"], heads: int) -> Heads:
    """Cut the last axis into heads."""
    batch, length, width = x.shape
    return x.view(batch, length, heads, width // heads).transpose(1, 2)


def join_heads(x: Heads) -> Float[Tensor, "batch length width"]:
    """Undo `split_heads`."""
    return x.transpose(1, 2).flatten(2)


def past_of(k: Heads, v: Heads, decay: Decay | None = None) -> Sums:
    """Sum up keys (before `phi`) and values, as the position after the last one remembers them."""
    mapped = phi(k)
    if decay is not None:
        mapped = mapped * _powers(decay, torch.arange(k.shape[-2]).flip(0)).unsqueeze(-1)
    return Sums(mapped.transpose(-1, -2) @ v, mapped.sum(dim=-2))


def attend_to(q: Heads, past: Sums) -> Heads:
    """Attend to everything in `past`, wherever the query stands: full attention, or cross-attention to a memory."""
    mapped = phi(q)
    return (mapped @ past.key_values) / ((mapped @ past.keys.unsqueeze(-1)) + EPS)


def attend_causally(
    q: Heads, k: Heads, v: Heads, kept: Float[Tensor, "batch length"] | None = None, decay: Decay | None = None
) -> Heads:
    """Attend from each position to itself and those before it.

    Work and memory grow linearly with the length: within a chunk positions meet as a matrix, chunks through sums.

    Args:
        q: queries, before `phi`.
        k: keys, before `phi`.
        v: values.
        kept: 1 for a position that may be attended to, 0 for padding.
        decay: how each head forgets; by default none does.
    """
    length = q.shape[-2]
    missing = -length % CHUNK
    mapped_q, mapped_k = phi(q), phi(k)
    if kept is not None:
        mapped_k = mapped_k * kept[:, None, :, None]
    mapped_q, mapped_k, v = (pad(x, (0, 0, 0, missing)).unflatten(-2, (-1, CHUNK)) for x in (mapped_q, mapped_k, v))
    within = torch.tril(mapped_q @ mapped_k.transpose(-1, -2))
    if decay is not None:
        places = torch.arange(CHUNK)
        within = within * _powers(decay, (places[:, None] - places).clamp(min=0)).unsqueeze(1).to(within.dtype)
        mapped_q = mapped_q * _powers(decay, places).view(-1, 1, CHUNK, 1).to(mapped_q.dtype)
        mapped_k = mapped_k * _powers(decay, CHUNK - places).view(-1, 1, CHUNK, 1).to(mapped_k.dtype)
    earlier = _sums_before(mapped_k.transpose(-1, -2) @ v, decay)
    earlier_keys = _sums_before(mapped_k.sum(dim=-2, keepdim=True).transpose(-1, -2), decay)
    out = within @ v + mapped_q @ earlier
    norm = within.sum(dim=-1, keepdim=True) + mapped_q @ earlier_keys
    return (out / (norm + EPS)).flatten(-3, -2)[..., :length, :]


def attend_next(
    q: Float[Tensor, "batch heads 1 d"],
    k: Float[Tensor, "batch heads 1 d"],
    v: Float[Tensor, "batch heads 1 d"],
    past: Sums | None,
    decay: Decay | None = None,
) -> tuple[Float[Tensor, "batch heads 1 d"], Sums]:
    """Attend from one more position, in constant time, and return the past with it."""
    now = past_of(k, v)
    if past is not None:
        kept = torch.ones(1) if decay is None else decay
        now = Sums(kept.view(-1, 1, 1) * past.key_values + now.key_values, kept.view(-1, 1) * past.keys + now.keys)
    return attend_to(q, now), now


def _sums_before(
    x: Float[Tensor, "batch heads chunks a b"], decay: Decay | None
) -> Float[Tensor, "batch heads chunks a b"]:
    """For each chunk the sum over those before it, as its first position remembers them."""
    if decay is None:
        return torch.cumsum(x, dim=2) - x
    chunks = torch.arange(x.shape[2])
    back = chunks[:, None] - chunks - 1
    weights = torch.where(back >= 0, _powers(decay, CHUNK * back.clamp(min=0)), 0.0).to(x.dtype)
    return (weights @ x.flatten(-2)).unflatten(-1, x.shape[-2:])


def _powers(decay: Decay, exponents: Tensor) -> Float[Tensor, "heads *exponents"]:
    return decay.view(-1, *(1 for _ in exponents.shape)) ** exponents.to(decay.device)

"""One linear attention for all music models, against its definition."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from espressivo.generators.music.linear_attention import (
    CHUNK,
    EPS,
    Sums,
    attend_causally,
    attend_next,
    attend_to,
    join_heads,
    past_of,
    phi,
    split_heads,
)


def heads(length: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    q, k, v = torch.randn(3, 2, 4, length, 8, generator=generator, dtype=torch.float64)
    return q, k, v


def by_definition(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Tensor:
    """The formula with its matrix of weights; `seen` says who may attend to whom."""
    weights = phi(q) @ phi(k).transpose(-1, -2) * seen
    return weights @ v / (weights.sum(-1, keepdim=True) + EPS)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3 * CHUNK + 1), st.integers(0, 100))
def test_chunks_are_the_definition(length: int, seed: int) -> None:
    q, k, v = heads(length, seed)
    causal = torch.ones(length, length, dtype=torch.float64).tril()
    assert torch.allclose(attend_causally(q, k, v), by_definition(q, k, v, causal), atol=1e-12)


DECAY = torch.tensor([0.5, 0.9, 0.999, 1.0], dtype=torch.float64)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3 * CHUNK + 1), st.integers(0, 100))
def test_what_is_forgotten_is_the_definition(length: int, seed: int) -> None:
    q, k, v = heads(length, seed)
    places = torch.arange(length)
    back = places[:, None] - places
    counts = torch.where(back >= 0, DECAY.view(-1, 1, 1) ** back.clamp(min=0), 0.0)
    assert torch.allclose(attend_causally(q, k, v, decay=DECAY), by_definition(q, k, v, counts), atol=1e-12)


def test_a_read_past_is_that_of_single_steps() -> None:
    q, k, v = heads(CHUNK + 9, 6)
    past: Sums | None = None
    for place in range(q.shape[2]):
        at = slice(place, place + 1)
        _, past = attend_next(q[:, :, at], k[:, :, at], v[:, :, at], past, DECAY)
    assert past is not None
    for stepped, read in zip(past, past_of(k, v, DECAY), strict=True):
        assert torch.allclose(stepped, read, atol=1e-10)


@pytest.mark.parametrize("decay", [None, DECAY])
def test_step_by_step_is_the_whole(decay: Tensor | None) -> None:
    q, k, v = heads(CHUNK + 9, 1)
    whole = attend_causally(q, k, v, decay=decay)
    past: Sums | None = None
    for place in range(q.shape[2]):
        at = slice(place, place + 1)
        out, past = attend_next(q[:, :, at], k[:, :, at], v[:, :, at], past, decay)
        assert torch.allclose(out, whole[:, :, at], atol=1e-12)
    assert past is not None
    assert [sums.numel() for sums in past] == [2 * 4 * 8 * 8, 2 * 4 * 8]  # however long the piece was


def test_the_future_does_not_matter() -> None:
    q, k, v = heads(CHUNK + 9, 2)
    before = attend_causally(q, k, v)
    v[:, :, CHUNK:] += 1.0
    k[:, :, CHUNK:] += 1.0
    after = attend_causally(q, k, v)
    assert torch.equal(after[:, :, :CHUNK], before[:, :, :CHUNK])
    assert not torch.allclose(after[:, :, CHUNK:], before[:, :, CHUNK:])


def test_padding_is_not_attended_to() -> None:
    q, k, v = heads(20, 3)
    kept = torch.ones(2, 20, dtype=torch.float64)
    kept[1, 15:] = 0.0
    padded = attend_causally(q, k, v, kept)
    v[1, :, 15:] = 1e3
    assert torch.equal(attend_causally(q, k, v, kept), padded)
    assert torch.allclose(padded[1:, :, :15], attend_causally(q[1:, :, :15], k[1:, :, :15], v[1:, :, :15]))


def test_memory_is_attended_to_from_everywhere() -> None:
    q, k, v = heads(11, 4)
    everyone = torch.ones(11, 11, dtype=torch.float64)
    assert torch.allclose(attend_to(q, past_of(k, v)), by_definition(q, k, v, everyone), atol=1e-12)
    order = torch.randperm(11)
    assert torch.allclose(attend_to(q, past_of(k[:, :, order], v[:, :, order])), attend_to(q, past_of(k, v)))


def test_gradients_are_those_of_the_definition() -> None:
    q, k, v = tensors = heads(CHUNK + 5, 5)
    for tensor in tensors:
        tensor.requires_grad_()
    causal = torch.ones(CHUNK + 5, CHUNK + 5, dtype=torch.float64).tril()
    chunked = torch.autograd.grad(attend_causally(q, k, v).square().sum(), tensors)
    defined = torch.autograd.grad(by_definition(q, k, v, causal).square().sum(), tensors)
    for ours, theirs in zip(chunked, defined, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_heads_are_slices_of_the_width(count: int) -> None:
    x = torch.arange(24.0).view(1, 2, 12)
    assert torch.equal(join_heads(split_heads(x, count)), x)
    assert torch.equal(split_heads(x, count)[0, -1, 0], x[0, 0, -12 // count :])

"""Weights that follow from a seed and their names alone, as the parity fixtures of the portrait's networks were made.

The rule is told in tests/fixtures/liveportrait/README.md.
"""

import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from espressivo.generators.portrait.checkpoints import Net, load_net


def ready(build: Callable[[], Net], seed: int) -> Net:
    """Build a network without positions around such weights; its own first ones are never computed."""
    with torch.device("meta"):
        shapes = build()
    return load_net(build, seeded_state(shapes, seed), Path(str(seed)), type(shapes).__name__)


def seeded_state(net: nn.Module, seed: int) -> dict[str, Tensor]:
    """Return weights for every tensor of `net`; positions (`...pe`) are kept, counters are 0."""
    state: dict[str, Tensor] = {}
    for key, kept in net.state_dict().items():
        last = key.rsplit(".", 1)[-1]
        if last == "pe" or not kept.is_floating_point():
            state[key] = kept if last == "pe" else torch.zeros(kept.shape, dtype=kept.dtype)
        elif last not in ("weight_u", "weight_v"):
            state[key] = torch.from_numpy(_numbers(key, last, tuple(kept.shape), seed).astype(np.float32))
    for key in [key for key in state if key.endswith("weight_orig")]:
        left, right = _singular_pair(key, tuple(state[key].shape), seed)
        state[key.replace("weight_orig", "weight_u")] = torch.from_numpy(left.astype(np.float32))
        state[key.replace("weight_orig", "weight_v")] = torch.from_numpy(right.astype(np.float32))
    return state


def _numbers(key: str, last: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    chance = np.random.default_rng([seed, zlib.crc32(key.encode())])
    normal = chance.standard_normal(shape)
    if last == "running_var":
        return 0.5 + chance.random(shape)
    if last in ("running_mean", "bias", "gamma", "beta"):
        return 0.1 * normal
    if len(shape) > 1:
        return normal / np.sqrt(prod(shape[1:]))
    return 1 + 0.1 * normal if last == "weight" else 0.5 * normal


def _singular_pair(key: str, shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of the old spectral norm after one step of power iteration."""
    matrix = _numbers(key, "weight_orig", shape, seed).reshape(shape[0], -1)
    right_key = key.replace("weight_orig", "weight_v")
    right = np.random.default_rng([seed, zlib.crc32(right_key.encode())]).standard_normal(matrix.shape[1])
    right /= np.linalg.norm(right)
    left = matrix @ right
    left /= np.linalg.norm(left)
    right = matrix.T @ left
    right /= np.linalg.norm(right)
    left = matrix @ right
    return left / np.linalg.norm(left), right

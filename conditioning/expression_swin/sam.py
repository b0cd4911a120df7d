"""Sharpness-aware minimisation: step by the gradient found where the loss nearby is worst.

Foret et al. 2021, "Sharpness-aware minimization for efficiently improving generalization", algorithm 1 and eq. 2.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn


def sam_gradients(model: nn.Module, loss_of: Callable[[], Float[Tensor, ""]], rho: float) -> Float[Tensor, ""]:
    """Leave in the parameters of `model` the gradient of the loss at the top of the hill within `rho` of them.

    Goes up by `rho` along the gradient, takes the gradient there, and comes back: the parameters are what they were, to
    the bit, and the caller's optimiser steps down. Both passes draw the same random numbers, and only the first counts
    for running statistics, so that they see one and the same function.

    Args:
        model: what the loss depends on.
        loss_of: the loss of one batch; called twice.
        rho: radius of the neighbourhood, in the parameters' Euclidean norm; .05 in the paper.

    Returns:
        The loss before the climb.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    dice = torch.get_rng_state()
    loss = _backward(parameters, loss_of)
    slopes = [(parameter, parameter.grad) for parameter in parameters if parameter.grad is not None]
    length = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(slope) for _, slope in slopes]))
    before = [parameter.detach().clone() for parameter, _ in slopes]
    with torch.no_grad():
        for parameter, slope in slopes:
            parameter.add_(slope, alpha=float(rho / (length + 1e-12)))
    torch.set_rng_state(dice)
    with _still_statistics(model):
        _backward(parameters, loss_of)
    with torch.no_grad():
        for (parameter, _), value in zip(slopes, before, strict=True):
            parameter.copy_(value)
    return loss


def _backward(parameters: list[nn.Parameter], loss_of: Callable[[], Float[Tensor, ""]]) -> Float[Tensor, ""]:
    for parameter in parameters:
        parameter.grad = None
    loss = loss_of()
    loss.backward()
    return loss.detach()


@contextmanager
def _still_statistics(model: nn.Module) -> Iterator[None]:
    """Keep batch normalisation from counting what passes meanwhile."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    pace = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, pace, strict=True):
            norm.momentum = momentum

"""The networks as they are trained: three encoders, a decoder that says a clip with the vectors of others, and judges.

Needs torch. `train` folds the result into arrays that `encoder` runs in numpy.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

DIMENSIONS = {"content": 32, "emotion": 16, "style": 32}
CODES = {"content": 32, "emotion": 10}
"""Entries of the codebooks; style is not a choice among codes while it is trained."""

_HIDDEN = {"content": 128, "emotion": 256, "style": 192}
_DROPOUT = {"content": (0.2, 0.3), "emotion": (0.2, 0.5), "style": (0.2, 0.4)}
"""Of what goes in, and of the hidden layer."""
_NOISE = 0.3
"""Added to what the decoder gets in training, so that small differences carry nothing."""


class Codes(nn.Module):
    """A choice among learned vectors: the likeliest one goes on, gradients pass as if all went on by their share.

    After A. van den Oord et al., "Neural discrete representation learning" (NeurIPS 2017) and the straight-through
    estimator (Y. Bengio et al., 2013). What is no difference between codes cannot leak.
    """

    def __init__(self, count: int, dimensions: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(count, dimensions))

    def forward(self, log_odds: Float[Tensor, "batch codes"]) -> Float[Tensor, "batch dimensions"]:
        """Return the chosen vectors."""
        share = log_odds.softmax(1)
        chosen = functional.one_hot(share.argmax(1), share.shape[1]).to(share.dtype)
        return (chosen + share - share.detach()) @ self.vectors


class Encoder(nn.Module):
    """Numbers of a clip to one vector."""

    def __init__(self, name: str, inputs: int) -> None:
        super().__init__()
        before, inside = _DROPOUT[name]
        outputs = CODES.get(name, DIMENSIONS[name])
        self.layers = nn.Sequential(
            nn.Dropout(before),
            nn.Linear(inputs, _HIDDEN[name]),
            nn.ReLU(),
            nn.Dropout(inside),
            nn.Linear(_HIDDEN[name], outputs),
        )
        self.codes = Codes(outputs, DIMENSIONS[name]) if name in CODES else None

    def forward(self, numbers: Float[Tensor, "batch inputs"]) -> Float[Tensor, "batch dimensions"]:
        """Return the vectors."""
        encoded = self.layers(numbers)
        return encoded if self.codes is None else self.codes(encoded)


class Decoder(nn.Module):
    """Three vectors to the sound on the sentence's clock, as a sum of learned shapes."""

    def __init__(self, inputs: int, outputs: int, shapes: Float[Tensor, "outputs shapes"]) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, 256), nn.ReLU(), nn.Linear(256, shapes.shape[1]), nn.Linear(shapes.shape[1], outputs)
        )
        last: Any = self.layers[-1]
        with torch.no_grad():
            last.weight.copy_(shapes)
            last.bias.zero_()

    def forward(self, vectors: Float[Tensor, "batch inputs"]) -> Float[Tensor, "batch outputs"]:
        """Return rows of the clock, one after the other."""
        return self.layers(vectors + _NOISE * torch.randn_like(vectors) if self.training else vectors)


class Judge(nn.Module):
    """Tries to read from a vector what should not be in it; the gradient is turned round.

    Y. Ganin et al., "Domain-adversarial training of neural networks", JMLR 17, 2016. One of content or emotion knows
    the vector's own label (`known` classes, 0 for none): it cannot tell speakers by how often each is angry, only by
    how angry they sound.
    """

    def __init__(self, inputs: int, known: int, classes: int) -> None:
        super().__init__()
        self.known = known
        self.layers = nn.Sequential(nn.Linear(inputs + known, 128), nn.ReLU(), nn.Linear(128, classes))

    def forward(
        self, vectors: Float[Tensor, "batch inputs"], own: Int[Tensor, "batch"], weight: float
    ) -> Float[Tensor, "batch classes"]:
        """Return log-odds; `weight` scales what flows back into the encoder."""
        turned: Any = _Turned.apply(vectors, weight)
        if self.known:
            turned = torch.cat([turned, functional.one_hot(own, self.known).to(vectors.dtype)], 1)
        return self.layers(turned)


class _Turned(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: float) -> Tensor:  # type: ignore[override]
        ctx.weight = weight
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return -ctx.weight * gradient, None

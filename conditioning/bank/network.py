"""The bank as it is trained: rows, the query of a state, two decoders; and one encoder for each modality.

After DICE-Talk (arXiv 2504.18087): learnable bank vectors, nearest-row quantisation in training with commitment, soft
attention over the whole bank afterwards. Sizes, losses and the query from a state are ours.
"""

import torch  # pyright: ignore[reportMissingImports] - the `train` extra
from jaxtyping import Float
from torch import Tensor, nn  # pyright: ignore[reportMissingImports]

from espressivo.conditioning.bank.query import INPUTS
from espressivo.conditioning.vocabulary import CATEGORIES

ROWS, WIDTH = 48, 128
QUERY_HIDDEN, ENCODER_HIDDEN = 64, 64
REACH = 4.0
"""Standardised features are cut off here."""

_DROPOUT = 0.3
_SHARPNESS = 4.0


class BankNetwork(nn.Module):
    """Rows of the bank. A query is a point of the same space; it attends to rows by how near they are."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.randn(ROWS, WIDTH) / WIDTH**0.5)
        self.log_sharpness = nn.Parameter(torch.tensor(_SHARPNESS).log())
        self.query_in = nn.Linear(len(INPUTS), QUERY_HIDDEN)
        self.query_out = nn.Linear(QUERY_HIDDEN, WIDTH)
        self.vad = nn.Linear(WIDTH, 3)
        self.category = nn.Linear(WIDTH, len(CATEGORIES))

    def query(self, inputs: Float[Tensor, "n inputs"]) -> Float[Tensor, "n width"]:
        """Ask for states (`query.query_inputs`)."""
        return self.query_out(torch.tanh(self.query_in(inputs)))

    def attention(self, query: Float[Tensor, "n width"]) -> Float[Tensor, "n rows"]:
        """Softmax over negative squared distances; as sharpness grows this becomes the nearest row."""
        nearness = 2 * query @ self.rows.T - (self.rows**2).sum(1)
        return torch.softmax(self.log_sharpness.exp() * nearness, dim=1)

    def nearest(self, query: Float[Tensor, "n width"]) -> Float[Tensor, "n width"]:
        """The row nearest to each query; gradients reach the rows."""
        return self.rows[torch.cdist(query.detach(), self.rows.detach()).argmin(dim=1)]


class Encoder(nn.Module):
    """Features of a recording -> query. `mean` and `deviation` of the features come from the training rows."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Float[Tensor, "features"], deviation: Float[Tensor, "features"]) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        self.hidden = nn.Linear(len(mean), ENCODER_HIDDEN)
        self.out = nn.Linear(ENCODER_HIDDEN, WIDTH)

    def forward(self, features: Float[Tensor, "n features"]) -> Float[Tensor, "n width"]:
        """Queries; dropout while training."""
        x = ((features - self.mean) / self.deviation).clamp(-REACH, REACH)
        x = nn.functional.dropout(x, _DROPOUT / 3, self.training)
        x = nn.functional.dropout(torch.tanh(self.hidden(x)), _DROPOUT, self.training)
        return self.out(x)


class Reversed(torch.autograd.Function):
    """Identity forwards, gradient times -`weight` backwards (Ganin and Lempitsky 2015)."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: float) -> Tensor:
        """Pass on."""
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx, *gradients: Tensor) -> tuple[Tensor, None]:
        """Turn round."""
        return -ctx.weight * gradients[0], None

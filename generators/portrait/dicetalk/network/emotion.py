"""The emotion model: an emotion's mean asks a bank of learned vectors for tokens, so that relatives lend to each other.

A second way, retrieval, asks only the one vector of the bank that is nearest (vector quantisation, van den Oord et al.
2017). A classifier, used in training, tells emotions from features of the diffusion model.
"""

from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from espressivo.generators.portrait.dicetalk.network.config import EmotionSize, ProjectorSize
from espressivo.generators.portrait.dicetalk.network.projector import Projector

_COMMITMENT = 0.25

Means = Float[Tensor, "batch frames inputs"]
Tokens = Float[Tensor, "batch frames tokens width"]


class Retrieved(NamedTuple):
    """The nearest vector of the bank."""

    vectors: Float[Tensor, "batch frames width"]
    """Gradients pass straight through to what was asked."""
    indices: Int[Tensor, "batch frames"]
    loss: Float[Tensor, ""]
    """Pulls the bank to what is asked of it, and a quarter as strongly the other way."""


class EmotionModel(nn.Module):
    """Queries from an emotion, keys and values from the bank."""

    def __init__(self, size: EmotionSize) -> None:
        super().__init__()
        self.emo_linear = Projector(ProjectorSize(size.inputs, size.width, size.width, size.tokens))
        self.kv_tokens_linear = Projector(ProjectorSize(size.width, size.width, size.width, size.tokens))
        self.codebook = EmotionBank(size)
        self.attention = _Attention(size.width, size.heads)
        self.classifier = EmotionClassifier(size.classifier)

    def forward(self, means: Means) -> Tokens:
        """Return tokens of emotions, gathered from the whole bank; zeros stand for no emotion being given."""
        tokens = self.kv_tokens_linear(self.codebook.codebook.weight).flatten(0, 1)
        return self.attention(self.emo_linear(means), tokens.expand(*means.shape[:2], -1, -1))

    def retrieve(self, means: Means) -> tuple[Tokens, Retrieved]:
        """Return tokens gathered from the nearest vector of the bank alone, and which it is."""
        nearest = self.codebook(means)
        return self.attention(self.emo_linear(means), self.kv_tokens_linear(nearest.vectors)), nearest


class EmotionBank(nn.Module):
    """Learned vectors, shared by all emotions."""

    def __init__(self, size: EmotionSize) -> None:
        super().__init__()
        self.fc = nn.Linear(size.inputs, size.width)
        self.codebook = nn.Embedding(size.bank, size.width)
        nn.init.uniform_(self.codebook.weight, -1 / size.bank, 1 / size.bank)

    def forward(self, means: Means) -> Retrieved:
        """Return the vector nearest to each mean."""
        asked = self.fc(means)
        bank = self.codebook.weight
        distances = asked.square().sum(-1, keepdim=True) + bank.square().sum(1) - 2 * asked @ bank.T
        indices = distances.argmin(-1)
        found = self.codebook(indices)
        loss = functional.mse_loss(found, asked.detach()) + _COMMITMENT * functional.mse_loss(found.detach(), asked)
        return Retrieved(asked + (found - asked).detach(), indices, loss)


class EmotionClassifier(nn.Module):
    """Says which emotion a feature of the diffusion model shows."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.fc1 = nn.Linear(widths[0], widths[1])
        self.fc2 = nn.Linear(widths[1], widths[2])
        self.fc3 = nn.Linear(widths[2], widths[3])
        self.dropout = nn.Dropout(0.1)

    def forward(self, feature: Float[Tensor, "n channels h w"]) -> Float[Tensor, "n classes"]:
        """Return logits."""
        x = feature.mean((2, 3))
        x = self.dropout(functional.relu(self.fc1(x)))
        return self.fc3(self.dropout(functional.relu(self.fc2(x))))


class _Attention(nn.Module):
    """Attention of several heads, side by side: nothing is mapped or added after it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.fc_q = nn.Linear(width, width)
        self.fc_k = nn.Linear(width, width)
        self.fc_v = nn.Linear(width, width)
        self._heads = heads

    def forward(self, asking: Tokens, told: Tokens) -> Tokens:
        query, key, value = (
            layer(x).unflatten(-1, (self._heads, -1)).transpose(-2, -3)
            for layer, x in ((self.fc_q, asking), (self.fc_k, told), (self.fc_v, told))
        )
        return functional.scaled_dot_product_attention(query, key, value).transpose(-2, -3).flatten(-2)

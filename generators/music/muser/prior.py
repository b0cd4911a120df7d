"""MusER's prior: a language model of the codes of pieces, begun by an emotion (Ji & Yang, AAAI 2024, section 3.4)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from espressivo.generators.music.muser.layers import Encoder, ScaledEmbedding, positions

EMOTIONS = 5
"""Ids after the codes: none, then the four quadrants of valence and arousal."""
PRIOR_TEMPERATURE = 0.3
"""By which the authors divide the prior's logits, in training and sampling alike."""
_EMBEDDING = 256


@dataclass(frozen=True)
class PriorSize:
    """How large the prior is; the defaults are the authors' (6.6 million parameters at 512 codes)."""

    codes: int = 512
    """Codes that were used in training; they are numbered anew without those that were not."""
    width: int = 256
    layers: int = 8
    heads: int = 8
    feed_forward: int = 4
    dropout: float = 0.1
    steady_emotion: bool = False
    """Whether the emotion is added to every code; the authors let it begin them, no more."""

    def start(self, quadrant: int) -> int:
        """Return the id that begins the codes of a piece of quadrant 1..4, or of no known emotion (0)."""
        return self.codes + quadrant


class Prior(nn.Module):
    """Codes in, logits of the next code out, before `PRIOR_TEMPERATURE`."""

    def __init__(self, size: PriorSize) -> None:
        super().__init__()
        self.size = size
        self.emb = ScaledEmbedding(size.codes + EMOTIONS, _EMBEDDING)
        self.input_linear = nn.Linear(_EMBEDDING, size.width)
        self.transformer_encoder = Encoder(
            size.width, size.layers, size.heads, size.feed_forward * size.width, size.dropout, causal=True
        )
        self.predict_fc = nn.Linear(size.width, size.codes)
        self._dropout = nn.Dropout(size.dropout)

    def forward(self, codes: Int[Tensor, "batch length"]) -> Float[Tensor, "batch length codes"]:
        """Return logits at all positions; `codes` begin with `PriorSize.start`."""
        embedded = self.emb(codes)
        if self.size.steady_emotion:
            embedded = torch.cat([embedded[:, :1], embedded[:, 1:] + embedded[:, :1]], dim=1)
        return self.predict_fc(self.transformer_encoder(self._placed(embedded, 0)))

    def emotion(self, shares: Float[Tensor, "batch 5"]) -> Float[Tensor, "batch 256"]:
        """Return the embedding of a mixture of emotions: no emotion, then quadrants 1 to 4."""
        return self.emb.mixed(shares)

    def _placed(self, embedded: Tensor, place: int) -> Tensor:
        x = self.input_linear(embedded)
        return self._dropout(x + positions(place, x.shape[1], x.shape[2], x.device))

"""MusER's prior: a language model of the codes of pieces, begun by an emotion (Ji & Yang, AAAI 2024, section 3.4)."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor, nn

from espressivo.generators.music.linear_attention import Sums
from espressivo.generators.music.muser.layers import Encoder, ScaledEmbedding, positions

EMOTIONS = 5
"""Ids after the codes: none, then the four quadrants of valence and arousal."""
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

    def start(self, quadrant: int) -> int:
        """Return the id that begins the codes of a piece of quadrant 1..4."""
        return self.codes + quadrant


class Prior(nn.Module):
    """Codes in, logits of the next code out; the authors divide them by .3 in training and sampling alike."""

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
        return self.predict_fc(self.transformer_encoder(self._embedded(codes, 0)))

    def step(
        self, code: Int[Tensor, "batch"], place: int, past: list[Sums] | None
    ) -> tuple[Float[Tensor, "batch codes"], list[Sums]]:
        """Return logits after one more code, and what the next step needs; in constant time.

        Args:
            code: the newest id of each piece.
            place: how many came before.
            past: what the step before returned; None at the first.
        """
        x, now = self.transformer_encoder.step(self._embedded(code[:, None], place), past)
        return self.predict_fc(x)[:, 0], now

    def _embedded(self, codes: Tensor, place: int) -> Tensor:
        x = self.input_linear(self.emb(codes))
        return self._dropout(x + positions(place, x.shape[1], x.shape[2], x.device))

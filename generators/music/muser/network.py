"""MusER's network: a piece becomes codes, and codes and an emotion become a piece (Ji & Yang, AAAI 2024, section 3).

The decoder has two levels: one transformer for compound words, then a small one for each musical element, which sees
that element's part of the latent. Tensors are named as in the official checkpoints (Tayjsl97/MusER).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from espressivo.generators.music.linear_attention import Sums
from espressivo.generators.music.muser.elements import COLUMN, ELEMENTS, EMBEDDED, FIELDS, LATENT, SLICE_WIDTH, SLICES
from espressivo.generators.music.muser.layers import Decoder, Encoder, ScaledEmbedding, positions
from espressivo.generators.music.muser.quantiser import Quantised, Quantiser

Tokens = Int[Tensor, "batch length 8"]
Hidden = dict[str, Float[Tensor, "batch length width"]]
"""What each element's sub-decoder says, by the element's name."""
Logits = dict[str, Float[Tensor, "batch length classes"]]
"""Of each element, by name."""


@dataclass(frozen=True)
class MusERSize:
    """How large the model is; the defaults are the authors' (17.7 million parameters)."""

    encoder_width: int = 128
    encoder_layers: int = 8
    decoder_width: int = 256
    decoder_layers: int = 4
    subdecoder_layers: int = 2
    heads: int = 8
    feed_forward: int = 4
    """Width of the layers between attentions, in widths of the model."""
    codes: int = 512
    dropout: float = 0.1
    steady_emotion: bool = False
    """Whether every token that is read says the emotion; in the authors' model the first one alone does."""


class MusER(nn.Module):
    """Encoder, codebook, and decoder of two levels."""

    def __init__(self, size: MusERSize) -> None:
        super().__init__()
        self.size = size
        classes = {field.name: field.classes for field in FIELDS}
        widths = {field.name: field.width for field in FIELDS}
        for field in FIELDS:
            self.add_module(f"{_snake(field.name)}_emb", ScaledEmbedding(field.classes, field.width))
        embedded, inner = sum(widths.values()), size.decoder_width
        self.input_y_linear = nn.Linear(embedded - widths["emotion"], size.encoder_width)
        self.transformer_encoder = Encoder(
            size.encoder_width,
            size.encoder_layers,
            size.heads,
            size.feed_forward * size.encoder_width,
            size.dropout,
        )
        self.latent_linear = nn.Linear(size.encoder_width, LATENT)
        self.VQ = Quantiser(size.codes, LATENT)
        self.input_x_linear_emo = nn.Linear(embedded, inner)
        self.decoder_cross_linear = nn.Linear(LATENT, inner)
        self.transformer_decoder = Decoder(
            inner, size.decoder_layers, size.heads, size.feed_forward * inner, size.dropout
        )
        self.subDecoder_linear = nn.Linear(SLICE_WIDTH, inner)
        for name in ELEMENTS:
            decoder = Encoder(
                inner, size.subdecoder_layers, size.heads, size.feed_forward * inner, size.dropout, causal=True
            )
            self.add_module(f"{_short(name)}_decoder", decoder)
            self.add_module(f"predict_{_snake(name)}", nn.Linear(inner, classes[name]))
        self.project_concat_type = nn.Linear(inner + widths["type"], inner)
        self._dropout = nn.Dropout(size.dropout)

    def forward(self, x: Tokens, y: Tokens) -> tuple[Logits, Quantised]:
        """Encode a piece and decode it again.

        Args:
            x: the piece without its last token; begins with the token that has the emotion.
            y: the piece without its first token: what is encoded and to be predicted.
        """
        quantised = self.quantise(y)
        return self.predict(self.decode(x, quantised.vectors), y[..., COLUMN["type"]]), quantised

    def quantise(self, y: Tokens) -> Quantised:
        """Encode a piece as one code per token."""
        return self.VQ(self.latent_linear(self.encode(y)))

    def encode(self, y: Tokens) -> Float[Tensor, "batch length encoder_width"]:
        """Return what the encoder makes of a piece, before the codebook."""
        return self.transformer_encoder(self._placed(self.input_y_linear(self.embed(y)[..., : -FIELDS[-1].width])))

    def decode(self, x: Tokens, latent: Float[Tensor, "batch length 112"]) -> Hidden:
        """Decode all positions at once, up to what `predict` needs."""
        decoded = self.transformer_decoder(self._placed(self.input_x_linear_emo(self.embed(x))), self.remember(latent))
        return {
            name: self.subdecoder(name)(self._placed(decoded + self.subDecoder_linear(latent[..., SLICES[name]])))
            for name in ELEMENTS
        }

    def predict(self, hidden: Hidden, types: Int[Tensor, "batch length"]) -> Logits:
        """Return logits of all elements; those of all but the type depend on `types`, the tokens' own types."""
        others = {name: self.predict_element(name, hidden, types) for name in ELEMENTS[1:]}
        return {"type": self.predict_types(hidden), **others}

    def predict_element(
        self, name: str, hidden: Hidden, types: Int[Tensor, "batch length"]
    ) -> Float[Tensor, "batch length classes"]:
        """Return logits of one element other than the type."""
        joined = self.project_concat_type(torch.cat([hidden[name], self.embedding("type")(types)], dim=-1))
        return self.head(name)(joined)

    def predict_types(self, hidden: Hidden) -> Float[Tensor, "batch length 4"]:
        """Return logits of the type, which is chosen first."""
        return self.head("type")(hidden["type"])

    def remember(self, latent: Float[Tensor, "batch length 112"]) -> list[Sums]:
        """Sum up the latents of a whole piece for the decoder: all that a position needs of them but its own."""
        return self.transformer_decoder.remember(self.decoder_cross_linear(latent))

    def emotion(self, shares: Float[Tensor, "batch 5"]) -> Float[Tensor, "batch 128"]:
        """Return the embedding of a mixture of emotions: no emotion, then quadrants 1 to 4."""
        return self.embedding("emotion").mixed(shares)

    def embed(self, tokens: Tokens) -> Float[Tensor, "batch length 1376"]:
        """Return embeddings of all fields side by side, the emotion last."""
        return torch.cat([self.embedding(name)(tokens[..., COLUMN[name]]) for name in EMBEDDED], dim=-1)

    def head(self, name: str) -> nn.Module:
        """Return the layer that predicts an element."""
        return self.get_submodule(f"predict_{_snake(name)}")

    def embedding(self, name: str) -> ScaledEmbedding:
        """Return the embedding of a field."""
        module = self.get_submodule(f"{_snake(name)}_emb")
        assert isinstance(module, ScaledEmbedding)
        return module

    def subdecoder(self, name: str) -> Encoder:
        """Return the sub-decoder of an element."""
        module = self.get_submodule(f"{_short(name)}_decoder")
        assert isinstance(module, Encoder)
        return module

    def _placed(self, x: Tensor) -> Tensor:
        return self._dropout(x + positions(0, x.shape[1], x.shape[2], x.device))


def _snake(name: str) -> str:
    return name.replace("-", "_")


def _short(name: str) -> str:
    """The authors call the sub-decoder of bars and beats after the beat alone."""
    return name.rsplit("-", 1)[-1]

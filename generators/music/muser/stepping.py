"""MusER's decoder word by word, in constant time: what `network` computes at once, arranged for one position.

The seven sub-decoders are of one shape: here they run as one batch. Embeddings are multiplied by the layer that reads
them beforehand, so that a word is a sum of rows.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear

from espressivo.generators.music.linear_attention import Sums, attend_next
from espressivo.generators.music.muser.elements import COLUMN, ELEMENTS, EMBEDDED, FIELDS, SLICES
from espressivo.generators.music.muser.layers import Encoder, positions
from espressivo.generators.music.muser.network import MusER

Hidden = Float[Tensor, "7 batch width"]
"""What each element's sub-decoder says, in the order of `ELEMENTS`."""
_FURTHEST = 2000
"""Positions, as in the authors' tables."""


class Past(NamedTuple):
    """What decoding needs of the steps before; of the same size however many they were."""

    place: int
    """How many there were."""
    decoder: list[Sums]
    elements: list[Sums]


class Stepper:
    """The decoder of a network, as its weights are now."""

    @torch.no_grad()
    def __init__(self, network: MusER) -> None:
        self._network = network
        self._positions = positions(0, _FURTHEST, network.size.decoder_width, torch.device("cpu"))
        widths = {field.name: field.width for field in FIELDS}
        columns = network.input_x_linear_emo.weight.split([widths[name] for name in EMBEDDED], dim=1)
        self._read_emotion = columns[-1]
        tables = {
            name: network.embedding(name)(torch.arange(FIELDS[COLUMN[name]].classes)) @ column.T
            for name, column in zip(EMBEDDED, columns, strict=True)
        }
        self._tables = torch.cat([tables[field.name] for field in FIELDS])
        self._offsets = torch.tensor([0, *(field.classes for field in FIELDS[:-1])]).cumsum(0)
        width, told = network.size.decoder_width, network.project_concat_type
        self._read_hidden = told.weight[:, :width]
        self._types = linear(network.embedding("type")(torch.arange(4)), told.weight[:, width:], told.bias)
        self._slices = torch.cat([torch.arange(SLICES[name].start, SLICES[name].stop) for name in ELEMENTS])
        self._layers = _stacked([network.subdecoder(name) for name in ELEMENTS], network.size.heads)
        norms = [network.subdecoder(name).norm for name in ELEMENTS]
        self._norm = _Norm(torch.stack([norm.weight for norm in norms]), torch.stack([norm.bias for norm in norms]))

    @property
    def emotion_is_steady(self) -> bool:
        """Whether every token that is read says the emotion."""
        return self._network.size.steady_emotion

    def step(
        self,
        token: Int[Tensor, "batch 8"],
        latent: Float[Tensor, "batch 112"],
        memory: list[Sums],
        past: Past | None,
        emotion: Float[Tensor, "batch 128"] | None = None,
    ) -> tuple[Hidden, Past]:
        """Decode one more position.

        Args:
            token: the newest token of each piece.
            latent: of the token to be predicted.
            memory: what `MusER.remember` gives.
            past: what the step before returned; None at the first.
            emotion: what `MusER.emotion` gives, to be read instead of the token's own.
        """
        place = past.place if past else 0
        rows = self._tables[token + self._offsets]
        if emotion is None:
            x = rows.sum(1) + self._network.input_x_linear_emo.bias
        else:
            x = rows[:, :-1].sum(1) + linear(emotion, self._read_emotion, self._network.input_x_linear_emo.bias)
        here = self._positions[place]
        decoder = self._network.transformer_decoder
        decoded, sums = decoder.step((x + here)[:, None], memory, past.decoder if past else None)
        parts = latent[:, self._slices].unflatten(1, (len(ELEMENTS), -1)).transpose(0, 1)
        x = decoded[:, 0] + self._network.subDecoder_linear(parts) + here
        now: list[Sums] = []
        for number, layer in enumerate(self._layers):
            x, each = layer.step(x, past.elements[number] if past else None)
            now.append(each)
        return self._norm(x), Past(place + 1, sums, now)

    def types(self, hidden: Hidden) -> Float[Tensor, "batch 4"]:
        """Return logits of the type, which is chosen first."""
        return self._network.head("type")(hidden[0])

    def element(self, name: str, hidden: Hidden, kinds: Int[Tensor, "batch"] | int) -> Float[Tensor, "batch classes"]:
        """Return logits of another element of tokens of these types."""
        return self._network.head(name)(linear(hidden[ELEMENTS.index(name)], self._read_hidden) + self._types[kinds])


class _Norm(NamedTuple):
    weight: Float[Tensor, "7 width"]
    bias: Float[Tensor, "7 width"]

    def __call__(self, x: Tensor) -> Tensor:
        return layer_norm(x, x.shape[-1:]) * self.weight[:, None] + self.bias[:, None]


class _Linear(NamedTuple):
    weight: Float[Tensor, "7 inner outer"]
    bias: Float[Tensor, "7 1 outer"]

    def __call__(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x, self.weight)


class _StackedLayer(NamedTuple):
    """The same layer of all sub-decoders."""

    heads: int
    project: _Linear
    """To queries, keys and values side by side."""
    out: _Linear
    linear1: _Linear
    linear2: _Linear
    norm1: _Norm
    norm2: _Norm

    def step(self, x: Hidden, past: Sums | None) -> tuple[Hidden, Sums]:
        elements, batch, width = x.shape
        projected = self.project(x).view(elements * batch, 3, self.heads, 1, width // self.heads)
        attended, now = attend_next(projected[:, 0], projected[:, 1], projected[:, 2], past)
        x = self.norm1(x + self.out(attended.reshape(elements, batch, width)))
        return self.norm2(x + self.linear2(gelu(self.linear1(x)))), now


def _stacked(decoders: list[Encoder], heads: int) -> list[_StackedLayer]:
    """Stack layer by layer."""
    weights = [dict(decoder.named_parameters()) for decoder in decoders]

    def stack(name: str) -> Tensor:
        return torch.stack([each[name].detach() for each in weights])

    def stack_linear(*names: str) -> _Linear:
        weight = torch.cat([stack(f"{name}.weight") for name in names], dim=1)
        bias = torch.cat([stack(f"{name}.bias") for name in names], dim=1)
        return _Linear(weight.transpose(1, 2).contiguous(), bias[:, None])

    def stack_layer(layer: str) -> _StackedLayer:
        attention = f"{layer}.attention"
        norm1, norm2 = (_Norm(stack(f"{layer}.{n}.weight"), stack(f"{layer}.{n}.bias")) for n in ("norm1", "norm2"))
        return _StackedLayer(
            heads,
            stack_linear(*(f"{attention}.{what}_projection" for what in ("query", "key", "value"))),
            stack_linear(f"{attention}.out_projection"),
            stack_linear(f"{layer}.linear1"),
            stack_linear(f"{layer}.linear2"),
            norm1,
            norm2,
        )

    return [stack_layer(f"layers.{number}") for number in range(len(decoders[0].layers))]

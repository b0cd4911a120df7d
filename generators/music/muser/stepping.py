"""MusER word by word, its prior code by code, in constant time: what the networks compute at once, for one position.

Embeddings are multiplied by the layer that reads them beforehand, so that a word is a sum of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from espressivo.generators.music.compiled import add_product, attend_next, attend_to, compiled, gelu, standardise
from espressivo.generators.music.muser.elements import COLUMN, ELEMENTS, EMBEDDED, FIELDS, SLICES
from espressivo.generators.music.muser.layers import Decoder, Encoder, positions
from espressivo.generators.music.muser.network import MusER
from espressivo.generators.music.muser.prior import Prior

Hidden = Float[np.ndarray, "7 rows width"]
"""What each element's sub-decoder says, in the order of `ELEMENTS`."""
_FURTHEST = 2000
"""Positions, as in the authors' tables."""


class Remembered(NamedTuple):
    """`linear_attention.Sums` of all layers of a stack, for each row."""

    key_values: Float[np.ndarray, "layers rows heads d d"]
    keys: Float[np.ndarray, "layers rows heads d"]


@dataclass
class Past:
    """What a step needs of those before it; of the same size however many they were. Changed in place."""

    place: int
    """How many there were."""
    stacks: Sequence[Remembered]


class WordStepper:
    """The decoder of a network, as its weights are now."""

    @torch.no_grad()
    def __init__(self, network: MusER) -> None:
        self._network = network
        self._positions = _positions(network.size.decoder_width)
        widths = {field.name: field.width for field in FIELDS}
        columns = network.input_x_linear_emo.weight.split([widths[name] for name in EMBEDDED], dim=1)
        tables = {
            name: network.embedding(name)(torch.arange(FIELDS[COLUMN[name]].classes)) @ column.T
            for name, column in zip(EMBEDDED, columns, strict=True)
        }
        self._read_emotion = columns[-1].T.numpy()
        self._tables = torch.cat([tables[field.name] for field in FIELDS]).numpy()
        self._bias = network.input_x_linear_emo.bias.numpy()
        self._offsets = np.cumsum([0, *(field.classes for field in FIELDS[:-1])])
        width, told = network.size.decoder_width, network.project_concat_type
        self._read_hidden = told.weight[:, :width].T.numpy()
        self._types = (network.embedding("type")(torch.arange(4)) @ told.weight[:, width:].T + told.bias).numpy()
        self._slices = np.concatenate([np.arange(SLICES[name].start, SLICES[name].stop) for name in ELEMENTS])
        self._read_part = _plain(network.subDecoder_linear)
        self._heads = {name: _plain(network.head(name)) for name in ELEMENTS}
        self._decoder = _Stack.of(network.transformer_decoder)
        self._elements = [_Stack.of(network.subdecoder(name)) for name in ELEMENTS]

    @property
    def emotion_is_steady(self) -> bool:
        """Whether every token that is read says the emotion."""
        return self._network.size.steady_emotion

    def past(self, rows: int) -> Past:
        """Return a past in which nothing was."""
        heads = self._network.size.heads
        return Past(0, [stack.nothing(rows, heads) for stack in (self._decoder, *self._elements)])

    @torch.no_grad()
    def memory(self, latent: Float[Tensor, "batch length 112"], rows: int) -> Remembered:
        """Sum up the latents of a whole piece (see `MusER.remember`), of which there are as many as rows, or one."""
        sums = self._network.remember(latent)
        return Remembered(*(np.stack([_repeated(each[part], rows) for each in sums]) for part in (0, 1)))

    def step(
        self,
        words: Int[np.ndarray, "rows 8"],
        latent: Float[np.ndarray, "rows 112"],
        memory: Remembered,
        past: Past,
        emotion: Float[np.ndarray, "rows 128"] | None = None,
    ) -> Hidden:
        """Decode one more position.

        Args:
            words: the newest of each piece.
            latent: of the word to be predicted.
            memory: see `memory`.
            past: changed in place.
            emotion: what `MusER.emotion` gives, to be read instead of the word's own.
        """
        read = self._tables[words + self._offsets]
        here = self._positions[past.place]
        told = read[:, -1] if emotion is None else emotion @ self._read_emotion
        x = read[:, :-1].sum(axis=1) + told + self._bias + here
        _pass(x, *past.stacks[0], *memory, *self._decoder)
        matrix, bias = self._read_part
        parts = latent[:, self._slices].reshape(len(latent), len(ELEMENTS), -1).swapaxes(0, 1)
        hidden = x + parts @ matrix + bias + here
        for row, remembered, stack in zip(hidden, past.stacks[1:], self._elements, strict=True):
            _pass(row, *remembered, *_NO_MEMORY, *stack)
        past.place += 1
        return hidden

    def types(self, hidden: Hidden) -> Float[np.ndarray, "rows 4"]:
        """Return logits of the type, which is chosen first."""
        matrix, bias = self._heads["type"]
        return hidden[0] @ matrix + bias

    def element(
        self, name: str, hidden: Hidden, kinds: Int[np.ndarray, "rows"] | int
    ) -> Float[np.ndarray, "rows classes"]:
        """Return logits of another element of words of these types."""
        matrix, bias = self._heads[name]
        return (hidden[ELEMENTS.index(name)] @ self._read_hidden + self._types[kinds]) @ matrix + bias


class CodeStepper:
    """A prior, as its weights are now."""

    @torch.no_grad()
    def __init__(self, prior: Prior) -> None:
        self._size = prior.size
        self._positions = _positions(prior.size.width)
        self._codes = prior.emb(torch.arange(len(prior.emb.lut.weight))).numpy()
        self._read, self._predict = _plain(prior.input_linear), _plain(prior.predict_fc)
        self._stack = _Stack.of(prior.transformer_encoder)

    @property
    def emotion_is_steady(self) -> bool:
        """Whether the emotion is added to every code."""
        return self._size.steady_emotion

    def past(self, rows: int) -> Past:
        """Return a past in which nothing was."""
        return Past(0, [self._stack.nothing(rows, self._size.heads)])

    def step(
        self,
        codes: Int[np.ndarray, "rows"] | None,
        past: Past,
        emotion: Float[np.ndarray, "rows 256"] | float = 0.0,
    ) -> Float[np.ndarray, "rows codes"]:
        """Return logits after one more code of each piece.

        Args:
            codes: the newest; none at the beginning, which is an emotion alone.
            past: changed in place.
            emotion: what `Prior.emotion` gives, to be added.
        """
        matrix, bias = self._read
        x = ((0.0 if codes is None else self._codes[codes]) + emotion) @ matrix + bias + self._positions[past.place]
        _pass(x, *past.stacks[0], *_NO_MEMORY, *self._stack)
        past.place += 1
        matrix, bias = self._predict
        return x @ matrix + bias


class _Stack(NamedTuple):
    """A stack of layers; matrices multiply from the right, so that they are read row by row."""

    attend: Float[np.ndarray, "layers width 3*width"]
    """Queries, keys and values at once."""
    attend_bias: Float[np.ndarray, "layers 3*width"]
    join: Float[np.ndarray, "layers width width"]
    join_bias: Float[np.ndarray, "layers width"]
    norm: Float[np.ndarray, "layers 2 width"]
    ask: Float[np.ndarray, "layers width width"]
    """Of a memory; no layers where there is none."""
    ask_bias: Float[np.ndarray, "layers width"]
    answer: Float[np.ndarray, "layers width width"]
    answer_bias: Float[np.ndarray, "layers width"]
    memory_norm: Float[np.ndarray, "layers 2 width"]
    widen: Float[np.ndarray, "layers width feed_forward"]
    widen_bias: Float[np.ndarray, "layers feed_forward"]
    narrow: Float[np.ndarray, "layers feed_forward width"]
    narrow_bias: Float[np.ndarray, "layers width"]
    wide_norm: Float[np.ndarray, "layers 2 width"]
    last_norm: Float[np.ndarray, "2 width"]

    @classmethod
    def of(cls, stack: Encoder | Decoder) -> "_Stack":
        """Lay out a stack's weights."""
        weights = {name: tensor.detach().numpy() for name, tensor in stack.named_parameters()}
        remembers = isinstance(stack, Decoder)
        own = "self_attention" if remembers else "attention"

        def layers(*names: str) -> list[np.ndarray]:
            """Of linear layers side by side: matrices, and what is added."""
            matrices = [
                np.concatenate([weights[f"layers.{number}.{name}.weight"] for name in names]).T
                for number in range(len(stack.layers))
            ]
            biases = [
                np.concatenate([weights[f"layers.{number}.{name}.bias"] for name in names])
                for number in range(len(stack.layers))
            ]
            return [np.ascontiguousarray(np.stack(matrices)), np.stack(biases)]

        def norms(prefix: str) -> np.ndarray:
            return np.stack([weights[f"{prefix}.weight"], weights[f"{prefix}.bias"]])

        def layer_norms(name: str) -> np.ndarray:
            return np.stack([norms(f"layers.{number}.{name}") for number in range(len(stack.layers))])

        memory = _NO_LAYERS
        if remembers:
            asking, answering = (layers(f"cross_attention.{what}_projection") for what in ("query", "out"))
            memory = [*asking, *answering, layer_norms("norm2")]
        laid_out = [
            *layers(*(f"{own}.{what}_projection" for what in ("query", "key", "value"))),
            *layers(f"{own}.out_projection"),
            layer_norms("norm1"),
            *memory,
            *layers("linear1"),
            *layers("linear2"),
            layer_norms("norm3" if remembers else "norm2"),
            norms("norm"),
        ]
        return cls._make(laid_out)

    def nothing(self, rows: int, heads: int) -> Remembered:
        """Return sums over nothing."""
        layers, width, _ = self.join.shape
        shape = (layers, rows, heads, width // heads, width // heads)
        return Remembered(np.zeros(shape, np.float32), np.zeros(shape[:-1], np.float32))


_NO_LAYERS = [np.zeros((0,) * axes, np.float32) for axes in (3, 2, 3, 2, 3)]
_NO_MEMORY = Remembered(np.zeros((0,) * 5, np.float32), np.zeros((0,) * 4, np.float32))


def _plain(layer: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    assert isinstance(layer, nn.Linear)
    return np.ascontiguousarray(layer.weight.detach().numpy().T), layer.bias.detach().numpy()


def _positions(width: int) -> np.ndarray:
    return positions(0, _FURTHEST, width, torch.device("cpu")).numpy()


def _repeated(sums: Tensor, rows: int) -> np.ndarray:
    return sums.expand(rows, *sums.shape[1:]).numpy()


@compiled
def _pass(
    x,
    key_values,
    keys,
    memory_key_values,
    memory_keys,
    attend,
    attend_bias,
    join,
    join_bias,
    norm,
    ask,
    ask_bias,
    answer,
    answer_bias,
    memory_norm,
    widen,
    widen_bias,
    narrow,
    narrow_bias,
    wide_norm,
    last_norm,
):
    """Let x go through a stack, in place."""
    rows, width = x.shape
    asked = np.empty((rows, 3 * width), np.float32)
    query = np.empty_like(x)
    heard = np.empty_like(x)
    wide = np.empty((rows, widen.shape[2]), np.float32)
    never = np.ones(keys.shape[2], np.float32)
    for layer in range(len(attend)):
        asked[:] = attend_bias[layer]
        add_product(x, attend[layer], asked)
        attend_next(asked, key_values[layer], keys[layer], never, heard)
        x += join_bias[layer]
        add_product(heard, join[layer], x)
        _normalise(x, norm[layer])
        if len(ask) > 0:
            query[:] = ask_bias[layer]
            add_product(x, ask[layer], query)
            attend_to(query, memory_key_values[layer], memory_keys[layer], heard)
            x += answer_bias[layer]
            add_product(heard, answer[layer], x)
            _normalise(x, memory_norm[layer])
        wide[:] = widen_bias[layer]
        add_product(x, widen[layer], wide)
        gelu(wide)
        x += narrow_bias[layer]
        add_product(wide, narrow[layer], x)
        _normalise(x, wide_norm[layer])
    _normalise(x, last_norm)


@compiled
def _normalise(x, norm):
    standardise(x, x)
    for row in range(len(x)):
        for i in range(x.shape[1]):
            x[row, i] = x[row, i] * norm[0, i] + norm[1, i]

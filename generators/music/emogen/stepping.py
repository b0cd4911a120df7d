"""One step of the language model, compiled: a token of each piece in, the logits of what follows it out.

It is `EmoGenLanguageModel` for one position, whose past is sums of constant size (see `music.linear_attention`). What a
layer's norm multiplies and adds is folded into the weights behind it.
"""

import math
from typing import NamedTuple, Self

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.music.compiled import add_product, attend_next, compiled, gelu, standardise
from espressivo.generators.music.emogen.network import FIRST_POSITION, EmoGenLanguageModel, frequencies


class Past(NamedTuple):
    """What is remembered of each piece: `linear_attention.Sums` of all layers."""

    key_values: Float[np.ndarray, "layers rows heads d d"]
    keys: Float[np.ndarray, "layers rows heads d"]

    def of(self, rows: list[int]) -> Self:
        """Return a copy for these rows only."""
        return self._replace(key_values=self.key_values.take(rows, axis=1), keys=self.keys.take(rows, axis=1))


class _Weights(NamedTuple):
    """Matrices multiply from the right, so that they are read row by row."""

    attend: Float[np.ndarray, "layers width 3*width"]
    """Queries, keys and values at once."""
    attend_bias: Float[np.ndarray, "layers 3*width"]
    join: Float[np.ndarray, "layers width width"]
    join_bias: Float[np.ndarray, "layers width"]
    widen: Float[np.ndarray, "layers width feed_forward"]
    widen_bias: Float[np.ndarray, "layers feed_forward"]
    narrow: Float[np.ndarray, "layers feed_forward width"]
    narrow_bias: Float[np.ndarray, "layers width"]
    say: Float[np.ndarray, "width vocabulary"]
    say_bias: Float[np.ndarray, "vocabulary"]
    decay: Float[np.ndarray, "heads"]


class Stepper:
    """A model's weights, laid out for single steps. It does not follow later changes of the model."""

    def __init__(self, model: EmoGenLanguageModel) -> None:
        size = model.size
        weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
        self._size = size
        self._tokens = math.sqrt(size.width) * weights["decoder.embed_tokens.weight"]
        self._frequencies = frequencies(size.width).numpy()
        layers = [_layer(weights, f"decoder.layers.{number}.") for number in range(size.layers)]
        say, say_bias = _folded(weights, "decoder.layer_norm", "decoder.output_projection")
        decay = 0.5 ** (1 / np.array(size.half_lives or (np.inf,) * size.heads))
        stacked = (np.stack(parts) for parts in zip(*layers, strict=True))
        self._weights = _Weights._make([*stacked, say, say_bias, decay.astype(np.float32)])

    def past(self, rows: int) -> Past:
        """Return a past in which nothing was."""
        size = self._size
        head = size.width // size.heads
        shape = (size.layers, rows, size.heads, head, head)
        return Past(np.zeros(shape, np.float32), np.zeros(shape[:-1], np.float32))

    def step(
        self,
        tokens: Int[np.ndarray, "rows"],
        commands: Float[np.ndarray, "rows width"],
        positions: Int[np.ndarray, "rows"],
        past: Past,
    ) -> Float[np.ndarray, "rows vocabulary"]:
        """Return the logits after one more token of each row, which `past` then holds too.

        Args:
            tokens: the newest of each row.
            commands: what `EmoGenLanguageModel.command` gives.
            positions: how many tokens came before.
            past: changed in place.
        """
        angles = (positions + FIRST_POSITION).astype(np.float32)[:, None] * self._frequencies
        places = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
        return _step(self._tokens[tokens] + commands + places, *past, *self._weights)


def _folded(weights: dict[str, np.ndarray], norm: str, *projections: str) -> tuple[np.ndarray, np.ndarray]:
    """Return matrix and bias of projections side by side, with what the norm before them multiplies and adds."""
    matrix = np.concatenate([weights[f"{name}.weight"] for name in projections])
    bias = matrix @ weights[f"{norm}.bias"]
    if f"{projections[0]}.bias" in weights:
        bias += np.concatenate([weights[f"{name}.bias"] for name in projections])
    return np.multiply(matrix.T, weights[f"{norm}.weight"][:, None], order="C"), bias


def _plain(weights: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray]:
    return np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"]


def _layer(weights: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, ...]:
    queries, keys, values, join = (f"{name}self_attn.{part}_proj" for part in ("q", "k", "v", "out"))
    return (
        *_folded(weights, f"{name}self_attn_layer_norm", queries, keys, values),
        *_plain(weights, join),
        *_folded(weights, f"{name}final_layer_norm", f"{name}fc1"),
        *_plain(weights, f"{name}fc2"),
    )


@compiled
def _step(
    x,
    key_values,
    keys,
    attend,
    attend_bias,
    join,
    join_bias,
    widen,
    widen_bias,
    narrow,
    narrow_bias,
    say,
    say_bias,
    decay,
):
    rows, width = x.shape
    normed = np.empty_like(x)
    asked = np.empty((rows, 3 * width), np.float32)
    heard = np.empty_like(x)
    wide = np.empty((rows, widen.shape[2]), np.float32)
    for layer in range(len(attend)):
        standardise(x, normed)
        asked[:] = attend_bias[layer]
        add_product(normed, attend[layer], asked)
        attend_next(asked, key_values[layer], keys[layer], decay, heard)
        x += join_bias[layer]
        add_product(heard, join[layer], x)
        standardise(x, normed)
        wide[:] = widen_bias[layer]
        add_product(normed, widen[layer], wide)
        gelu(wide)
        x += narrow_bias[layer]
        add_product(wide, narrow[layer], x)
    standardise(x, normed)
    logits = np.empty((rows, len(say_bias)), np.float32)
    logits[:] = say_bias
    add_product(normed, say, logits)
    return logits

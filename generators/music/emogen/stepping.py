"""One step of the language model, compiled: a token of each piece in, the logits of what follows it out.

It is `EmoGenLanguageModel` for one position, whose past is sums of constant size (see `music.linear_attention`). At one
position a network is bound by how fast its weights come from memory: each is read once for all pieces, in the order in
which it lies there. What a layer's norm multiplies and adds is folded into the weights behind it.

Numbers of one piece never meet those of another, and are added in the same order however many there are: a piece is
the same, bit by bit, whichever pieces are written beside it. One thread is used: waiting for a second one at each of
some 30 products would take longer than they do.
"""

import math
from typing import NamedTuple, Self

import numba
import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.music.emogen.network import FIRST_POSITION, EmoGenLanguageModel, frequencies
from espressivo.generators.music.linear_attention import EPS

_NORM_EPS = 1e-5


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


# Sums may be contracted to fused multiply-adds; they are never put into another order.
_compiled = numba.njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")


@_compiled
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
        _standardise(x, normed)
        asked[:] = attend_bias[layer]
        _add_product(normed, attend[layer], asked)
        _attend(asked, key_values[layer], keys[layer], decay, heard)
        x += join_bias[layer]
        _add_product(heard, join[layer], x)
        _standardise(x, normed)
        wide[:] = widen_bias[layer]
        _add_product(normed, widen[layer], wide)
        _gelu(wide)
        x += narrow_bias[layer]
        _add_product(wide, narrow[layer], x)
    _standardise(x, normed)
    logits = np.empty((rows, len(say_bias)), np.float32)
    logits[:] = say_bias
    _add_product(normed, say, logits)
    return logits


@_compiled
def _add_product(x, matrix, out):
    """Add x @ matrix: eight rows of the matrix at a time, for all rows of x, while they lie in the cache."""
    rows, inner = x.shape
    for i in range(0, inner - 7, 8):
        for row in range(rows):
            a, b, c, d = x[row, i], x[row, i + 1], x[row, i + 2], x[row, i + 3]
            e, f, g, h = x[row, i + 4], x[row, i + 5], x[row, i + 6], x[row, i + 7]
            for o in range(matrix.shape[1]):
                first = a * matrix[i, o] + b * matrix[i + 1, o] + c * matrix[i + 2, o] + d * matrix[i + 3, o]
                second = e * matrix[i + 4, o] + f * matrix[i + 5, o] + g * matrix[i + 6, o] + h * matrix[i + 7, o]
                out[row, o] += first + second
    for i in range(inner - inner % 8, inner):
        for row in range(rows):
            for o in range(matrix.shape[1]):
                out[row, o] += x[row, i] * matrix[i, o]


@_compiled
def _standardise(x, out):
    """Take away each row's mean, and divide by its deviation."""
    rows, width = x.shape
    for row in range(rows):
        mean = np.float64(0.0)
        for i in range(width):
            mean += x[row, i]
        mean /= width
        variance = np.float64(0.0)
        for i in range(width):
            variance += (x[row, i] - mean) ** 2
        scale = 1.0 / np.sqrt(variance / width + _NORM_EPS)
        for i in range(width):
            out[row, i] = (x[row, i] - mean) * scale


@_compiled
def _attend(asked, key_values, keys, decay, out):
    """Remember keys and values in the sums, and attend to these (see `linear_attention.attend_next`)."""
    rows, heads, d = keys.shape
    width = heads * d
    heard = np.empty(d, np.float32)
    for row in range(rows):
        for head in range(heads):
            begin = head * d
            heard[:] = 0
            norm = np.float32(EPS)
            for i in range(d):
                query = _phi(asked[row, begin + i])
                key = _phi(asked[row, width + begin + i])
                keys[row, head, i] = decay[head] * keys[row, head, i] + key
                norm += query * keys[row, head, i]
                for j in range(d):
                    value = asked[row, 2 * width + begin + j]
                    key_values[row, head, i, j] = decay[head] * key_values[row, head, i, j] + key * value
                    heard[j] += query * key_values[row, head, i, j]
            for j in range(d):
                out[row, begin + j] = heard[j] / norm


@_compiled
def _phi(x):
    return x + np.float32(1) if x > 0 else np.exp(x)


@_compiled
def _gelu(x):
    """x Phi(x); the error function is a quotient of polynomials (Eigen's, to about 1e-7), which needs no branches."""
    flat = x.reshape(-1)
    for i in range(len(flat)):
        z = min(max(flat[i] * _ROOT_HALF, -_FOUR), _FOUR)
        s = z * z
        top = _A13
        for coefficient in (_A11, _A9, _A7, _A5, _A3, _A1):
            top = top * s + coefficient
        bottom = _B8
        for coefficient in (_B6, _B4, _B2, _B0):
            bottom = bottom * s + coefficient
        flat[i] *= _HALF + _HALF * z * top / bottom


_HALF, _FOUR, _ROOT_HALF = (np.float32(number) for number in (0.5, 4.0, math.sqrt(0.5)))
_A13, _A11, _A9, _A7 = map(
    np.float32, (-2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5)
)
_A5, _A3, _A1 = map(np.float32, (-7.34990630326855e-4, -2.95459980854025e-3, -1.60960333262415e-2))
_B8, _B6, _B4 = map(np.float32, (-1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3))
_B2, _B0 = map(np.float32, (-7.37332916720468e-3, -1.42647390514189e-2))

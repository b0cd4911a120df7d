"""Parts of a step that are compiled: what a network does to one position of each piece.

At one position a network is bound by how fast its weights come from memory: each is read once for all pieces, in the
order in which it lies there.

Numbers of one piece never meet those of another, and are added in the same order however many there are: a piece is
the same, bit by bit, whichever pieces are written beside it. One thread is used: waiting for a second one at each of
some 30 products would take longer than they do.
"""

import math

import numba
import numpy as np

from espressivo.generators.music.linear_attention import EPS

NORM_EPS = 1e-5

# Sums may be contracted to fused multiply-adds; they are never put into another order.
compiled = numba.njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")


@compiled
def add_product(x, matrix, out):
    """Add x @ matrix: eight rows of the matrix at a time, for all rows of x, while they lie in the cache.

    Rows of x go through by fours and twos, so that what is read of the matrix serves several; the sums of each are the
    same as if it went alone.
    """
    rows, inner = x.shape
    width = matrix.shape[1]
    for i in range(0, inner - 7, 8):
        row = 0
        # numba makes vectors of such loops only if they count by `while`.
        while row + 4 <= rows:
            a, b, c, d = _eight(x, row, i), _eight(x, row + 1, i), _eight(x, row + 2, i), _eight(x, row + 3, i)
            for o in range(width):
                column = _column(matrix, i, o)
                out[row, o] += _dot(a, column)
                out[row + 1, o] += _dot(b, column)
                out[row + 2, o] += _dot(c, column)
                out[row + 3, o] += _dot(d, column)
            row += 4
        while row + 2 <= rows:
            a, b = _eight(x, row, i), _eight(x, row + 1, i)
            for o in range(width):
                column = _column(matrix, i, o)
                out[row, o] += _dot(a, column)
                out[row + 1, o] += _dot(b, column)
            row += 2
        while row < rows:
            a = _eight(x, row, i)
            for o in range(width):
                out[row, o] += _dot(a, _column(matrix, i, o))
            row += 1
    for i in range(inner - inner % 8, inner):
        for row in range(rows):
            for o in range(width):
                out[row, o] += x[row, i] * matrix[i, o]


@compiled
def _eight(x, row, i):
    return (
        x[row, i], x[row, i + 1], x[row, i + 2], x[row, i + 3],
        x[row, i + 4], x[row, i + 5], x[row, i + 6], x[row, i + 7],
    )  # fmt: skip


@compiled
def _column(matrix, i, o):
    return (
        matrix[i, o], matrix[i + 1, o], matrix[i + 2, o], matrix[i + 3, o],
        matrix[i + 4, o], matrix[i + 5, o], matrix[i + 6, o], matrix[i + 7, o],
    )  # fmt: skip


@compiled
def _dot(x, y):
    first = x[0] * y[0] + x[1] * y[1] + x[2] * y[2] + x[3] * y[3]
    second = x[4] * y[4] + x[5] * y[5] + x[6] * y[6] + x[7] * y[7]
    return first + second


@compiled
def standardise(x, out):
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
        scale = 1.0 / np.sqrt(variance / width + NORM_EPS)
        for i in range(width):
            out[row, i] = (x[row, i] - mean) * scale


@compiled
def attend_next(asked, key_values, keys, decay, out):
    """Remember keys and values in the sums, and attend to these (see `linear_attention.attend_next`)."""
    rows, heads, d = keys.shape
    width = heads * d
    heard = np.empty(d, np.float32)
    for row in range(rows):
        for head in range(heads):
            begin, fade = head * d, decay[head]
            values = asked[row, 2 * width + begin : 2 * width + begin + d]
            heard[:] = 0
            norm = np.float32(EPS)
            for i in range(d):
                query = phi(asked[row, begin + i])
                key = phi(asked[row, width + begin + i])
                keys[row, head, i] = fade * keys[row, head, i] + key
                norm += query * keys[row, head, i]
                sums = key_values[row, head, i]
                for j in range(d):
                    sums[j] = key * values[j] + fade * sums[j]
                    heard[j] += query * sums[j]
            for j in range(d):
                out[row, begin + j] = heard[j] / norm


@compiled
def attend_to(asked, key_values, keys, out):
    """Attend to sums that stay as they are (see `linear_attention.attend_to`)."""
    rows, heads, d = keys.shape
    heard = np.empty(d, np.float32)
    for row in range(rows):
        for head in range(heads):
            begin = head * d
            heard[:] = 0
            norm = np.float32(EPS)
            for i in range(d):
                query = phi(asked[row, begin + i])
                norm += query * keys[row, head, i]
                for j in range(d):
                    heard[j] += query * key_values[row, head, i, j]
            for j in range(d):
                out[row, begin + j] = heard[j] / norm


@compiled
def phi(x):
    """The feature map of queries and keys (see `linear_attention.phi`)."""
    return x + np.float32(1) if x > 0 else np.exp(x)


@compiled
def gelu(x):
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

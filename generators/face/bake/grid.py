"""Triangles of a grid of points."""

import numpy as np
from jaxtyping import Int


def grid_triangles(rows: int, columns: int, closed: bool = False) -> Int[np.ndarray, "triangles 3"]:
    """Triangles between rows that run to the right, listed from the top down, seen from the front.

    Args:
        rows: how many rows; point (row, column) is number `row * columns + column`.
        columns: points of a row.
        closed: whether the last column meets the first again.
    """
    row, column = np.mgrid[: rows - 1, : columns if closed else columns - 1]
    right = (column + 1) % columns
    a, b = row * columns + column, row * columns + right
    c, d = a + columns, b + columns
    return np.stack([np.stack([a, c, d], -1), np.stack([a, d, b], -1)], 2).reshape(-1, 3)

"""A line's phones as a fixed count of numbers: shares of each phone in twenty equal parts of it."""

import numpy as np
from jaxtyping import Float

COUNT = 20


def parts_of(phones: Float[np.ndarray, "steps phones"]) -> Float[np.ndarray, "count*phones"]:
    """Means over equal parts, steps on a border divided between both; one step or more."""
    steps = len(phones)
    summed = np.concatenate([np.zeros((1, phones.shape[1])), np.cumsum(phones, axis=0, dtype=np.float64)])
    borders = np.linspace(0.0, steps, COUNT + 1)
    low = np.minimum(borders.astype(int), steps - 1)
    share = (borders - low)[:, None]
    reached = summed[low] * (1.0 - share) + summed[low + 1] * share
    return (np.diff(reached, axis=0) * (COUNT / steps)).astype(np.float32).ravel()

"""Speech of any length in windows that a decoder can hold, each started with the end of the one before."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float

from espressivo.progress import ProgressCallback, track

Coordinates = Float[np.ndarray, "frames coordinates"]
Predict = Callable[[int, int, Coordinates | None], Coordinates]
"""(first frame, frame after the last, what the first frames are if that is known) -> all frames of the window."""


def in_windows(
    frames: int, period: int, predict: Predict, stage: str = "", progress: ProgressCallback | None = None
) -> Coordinates:
    """Return predictions for all frames; windows overlap by a fifth, which is the start that the later one is given.

    Args:
        frames: how many there are.
        period: frames of a window.
        predict: a decoder, which returns the given frames as well.
        stage: what `progress` is told.
        progress: how far it has come.
    """
    made: list[Coordinates] = []
    before: Coordinates | None = None
    spans = list(_spans(frames, period))
    for first, last in track(spans, stage, len(spans), progress):
        predicted = predict(first, last, before)
        made.append(predicted[0 if before is None else len(before) :])
        before = predicted[len(predicted) - period // 5 :] if last < frames else None
    return np.concatenate(made)


def _spans(frames: int, period: int) -> Iterator[tuple[int, int]]:
    first = 0
    while first + period < frames:
        yield first, first + period
        first += period - period // 5
    yield first, frames

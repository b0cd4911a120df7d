"""One progress callback for CLI bar, studio bar and batch log. A callback cancels by raising `Cancelled`."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class ProgressEvent:
    """How far a stage has come: `fraction` in [0, 1], `eta_s` seconds to its end (None while unknown)."""

    stage: str
    fraction: float
    eta_s: float | None = None


ProgressCallback = Callable[[ProgressEvent], None]


def track(
    items: Iterable[T], stage: str, total: int, progress: ProgressCallback | None, every_s: float = 0.1
) -> Iterator[T]:
    """Yield `items`, reporting `stage` at most every `every_s` seconds and once at its end."""
    if progress is None:
        yield from items
        return
    started = last = time.monotonic()
    progress(ProgressEvent(stage, 0.0))
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= every_s and done < total:
            last = now
            progress(ProgressEvent(stage, done / total, (now - started) * (total - done) / done))
    progress(ProgressEvent(stage, 1.0, 0.0))

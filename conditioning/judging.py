"""How networks are run here: without gradients, on one thread."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def judging() -> Iterator[None]:
    """Run what is inside without gradients and on one thread; the setting of threads is put back.

    These networks are so small that threads spend their time waiting for each other: two of them save a third of the
    time on an idle machine, and on a busy one take ten times as long as one.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(threads)

"""The two TFLite networks of `weights/face-mesh`, run on one core by ai-edge-litert (the `portrait` extra)."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from espressivo.errors import MissingDependencyError
from espressivo.weights.manifest import FOLDER as WEIGHTS

FOLDER = WEIGHTS / "face-mesh"
"""BlazeFace (short range) and the plain face mesh, with `config.json`, notice and card."""


class TfliteNetwork:
    """A network with one input and several outputs; may be shared by threads, which then wait for each other."""

    def __init__(self, file: Path) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            raise MissingDependencyError(
                "Reading faces needs ai-edge-litert: pip install 'espressivo[portrait]'."
            ) from None
        with _quiet():
            self._interpreter = Interpreter(str(file), num_threads=1)
            self._interpreter.allocate_tensors()
        self._input: int = self._interpreter.get_input_details()[0]["index"]
        self._outputs: list[int] = [row["index"] for row in self._interpreter.get_output_details()]
        self._lock = threading.Lock()

    def __call__(self, values: Float32[np.ndarray, "1 h w 3"]) -> list[Float32[np.ndarray, "..."]]:
        """Run the network once."""
        with self._lock:
            self._interpreter.set_tensor(self._input, values)
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(index) for index in self._outputs]


@cache
def load_network(name: str) -> TfliteNetwork:
    """Load `name`.tflite of `FOLDER`, once per process.

    Raises:
        MissingDependencyError: ai-edge-litert is not installed.
    """
    return TfliteNetwork(FOLDER / f"{name}.tflite")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what native code writes to standard error off the terminal: LiteRT announces its delegate, and no setting
    of LiteRT 2.3 prevents it.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)

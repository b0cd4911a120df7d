"""Files of tensors that others have written, read without running them.

A checkpoint of torch is a pickle, and a pickle is a program. Only tensors and plain settings are read; whatever else a
file holds is refused before any of it runs.
"""

import argparse
import pickle
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from espressivo.errors import InputError

# What reading a file that is not what it seems raises, in torch, pickle, zip and safetensors.
_UNREADABLE = (
    *(OSError, RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, AssertionError),
    *(ArithmeticError, pickle.UnpicklingError, struct.error, SafetensorError),
)


def read_stored(path: Path, refused: Callable[[Exception], InputError]) -> Any:
    """Return what a file holds: tensors, dictionaries, lists, numbers, texts and plain namespaces of them.

    Args:
        path: of torch, or of safetensors by its name.
        refused: makes the error, of what was raised.

    Raises:
        InputError: it cannot be read, or holds anything else.
    """
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals([argparse.Namespace, SimpleNamespace]):
            warnings.simplefilter("ignore")  # what torch would warn of (old pickles, programs) is refused or harmless
            if path.suffix == ".safetensors":
                return load_file(path)
            return torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        raise refused(error) from None

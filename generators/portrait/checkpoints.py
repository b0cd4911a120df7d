"""The authors' own checkpoints of portrait systems: found in a folder, read, and loaded key for key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.stored_tensors import read_stored

_NAMED = 3
Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class System:
    """Whose checkpoints they are, for sentences about missing and wrong files."""

    name: str
    source: str
    """Where the authors offer them."""
    licence: str


def require_files(folder: Path, names: Sequence[str], system: System) -> None:
    """Refuse a folder that lacks some of a system's files.

    Raises:
        InputError: there is no such folder.
        MissingDependencyError: files are missing; the sentence names each, its place and its licence.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give the one that holds the checkpoints of {system.name}.")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise MissingDependencyError(
            f"{system.name} needs {', '.join(missing)} in {folder}; get the files from {system.source} "
            f"(licence: {system.licence}) and put them there under these names."
        )


def read_checkpoint(path: Path, system: System) -> Any:
    """Return what a file holds: tensors, dictionaries, lists, numbers, texts and plain namespaces of them.

    Raises:
        InputError: it cannot be read, or holds anything else.
    """
    return read_stored(
        path,
        lambda error: InputError(
            f"{path} cannot be read as a checkpoint ({type(error).__name__}): it is damaged, or a program, which is "
            f"not run; give the file of {system.name}."
        ),
    )


def tensors_in(stored: Any, path: Path, system: System, inside: Sequence[str] = ()) -> dict[str, Tensor]:
    """Return the named tensors of a checkpoint.

    Args:
        stored: what `read_checkpoint` returned, or a part of it.
        path: of the file, for the error.
        system: likewise.
        inside: names of dictionaries that may hold the tensors; the first that is there is used.

    Raises:
        InputError: it is something else.
    """
    if isinstance(stored, Mapping):
        stored = next((stored[name] for name in inside if isinstance(stored.get(name), Mapping)), stored)
    if not isinstance(stored, Mapping) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) and _is_plain(tensor) for name, tensor in stored.items()
    ):
        raise InputError(f"{path} holds something else than named tensors; give the file of {system.name}.")
    return dict(stored)


def without_prefixes(tensors: Mapping[str, Tensor], prefixes: Sequence[str]) -> dict[str, Tensor]:
    """Take off prefixes that wrappers of training left, one after the other, where all names have them."""
    for prefix in prefixes:
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return dict(tensors)


def load_net(
    build: Callable[[], Net],
    tensors: Mapping[str, Tensor],
    path: Path,
    what: str,
    precision: torch.dtype = torch.float32,
) -> Net:
    """Build a network around tensors, each in its place, ready to run.

    Args:
        build: makes the network; its own first weights are never computed.
        tensors: by the network's names.
        path: of the file, for the error.
        what: what the file should hold, for the error.
        precision: of its numbers.

    Raises:
        InputError: tensors are missing, unexpected or of other shapes; the sentence names the first of each.
    """
    with torch.device("meta"):
        net = build()
    expected = net.state_dict()
    common = expected.keys() & tensors.keys()
    faults = [
        _few("lacks", [name for name in expected if name not in tensors]),
        _few("has unexpected", [name for name in tensors if name not in expected]),
        _few(
            "has other shapes at",
            [
                f"{name} {tuple(tensors[name].shape)} instead of {tuple(expected[name].shape)}"
                for name in expected
                if name in common and tensors[name].shape != expected[name].shape
            ],
        ),
    ]
    if any(faults):
        raise InputError(f"{path} does not hold {what}: it {', '.join(fault for fault in faults if fault)}.")
    net.load_state_dict(tensors, strict=True, assign=True)
    return net.to(precision).eval().requires_grad_(requires_grad=False)


def choose_device(device: str) -> torch.device:
    """Return the device that a name stands for; "auto" is the first GPU, or the CPU where there is none.

    Raises:
        InputError: torch knows no such device, or the machine has none.
    """
    try:
        chosen = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"Device {device!r} cannot be used here; give auto, cpu or cuda.") from error
    return chosen


def _is_plain(tensor: Tensor) -> bool:
    """Whether it is a table of numbers; sparse, quantised and nested tensors and those without content are not."""
    return tensor.layout == torch.strided and not (tensor.is_quantized or tensor.is_meta or tensor.is_nested)


def _few(verb: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{verb} {', '.join(names[:_NAMED])}{more}"

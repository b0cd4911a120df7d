"""Evaluators that cannot ship: which files a user may bring in a folder, and how they are opened without running them.

Checkpoints are often pickles, and a pickle is a program. Only tensors are read here: a file that holds anything else is
refused before any of it runs. One network comes as a program only; its file is found only where the user trusts it.
"""

import struct
import warnings
from collections.abc import Callable, Mapping
from hashlib import sha256
from math import isfinite
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, TypeVar

from espressivo.errors import InputError, MissingDependencyError
from espressivo.eval.brought_slots import SLOTS, Slot
from espressivo.eval.evaluators import Evaluator, brought_evaluator
from espressivo.eval.metric import NotMeasured

if TYPE_CHECKING:
    from torch import Tensor, nn

OPTION = "--evaluators"
TRUST_OPTION = "--trust-programs"

_FEW = 3
# What reading a file that is not what it seems raises, in torch, pickle, zip and safetensors.
_NOT_TENSORS = (
    *(UnpicklingError, RuntimeError, EOFError, OSError, ValueError, LookupError, TypeError, AttributeError),
    *(AssertionError, ArithmeticError, struct.error),
)
_Net = TypeVar("_Net", bound="nn.Module")


def find_brought(folder: Path | None, trust_programs: bool = False) -> Mapping[str, Path]:
    """Find evaluators in a folder, by id of their slot. Files of other names are left alone.

    So are those of networks that no metric needs yet, and programs unless `trust_programs`.

    Raises:
        InputError: the folder does not exist, or holds none of the files.
    """
    if folder is None:
        return {}
    measuring = [slot for slot in SLOTS.values() if slot.metrics]
    looked_for = "; ".join(f"{slot.files[0]} ({slot.gives})" for slot in measuring)
    if not folder.is_dir():
        raise InputError(f"{OPTION} {folder} is no folder; make one that holds any of: {looked_for}.")
    found = {
        slot.id: path
        for slot in measuring
        for path in [next((folder / name for name in slot.files if (folder / name).is_file()), None)]
        if path is not None
    }
    if not found:
        raise InputError(f"{OPTION} {folder} holds no evaluator; it may hold any of: {looked_for}.")
    return {slot_id: path for slot_id, path in found.items() if trust_programs or not SLOTS[slot_id].program}


def why_missing(slot_id: str) -> NotMeasured:
    """Say what a metric needs that was not brought."""
    slot = SLOTS[slot_id]
    trust = f" and {TRUST_OPTION}, because it is a program" if slot.program else ""
    return NotMeasured(f"needs {slot.files[0]} in {OPTION} DIR{trust} ({slot.name}, {slot.project}, {slot.licence})")


def brought_network(slot_id: str, found: Mapping[str, Path], build: Callable[[], _Net]) -> _Net | NotMeasured:
    """Build a network and give it the weights that were brought, ready to judge; or say what it needs.

    Raises:
        InputError: the file is there and does not fit.
        MissingDependencyError: torch is not installed.
    """
    if slot_id not in found:
        return why_missing(slot_id)
    net = build()
    expected = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    # Names were checked; only counters may be missing.
    net.load_state_dict(load_state(SLOTS[slot_id], found[slot_id], expected), strict=False)
    return net.eval()


def load_state(slot: Slot, path: Path, expected: Mapping[str, tuple[int, ...]]) -> "dict[str, Tensor]":
    """Read tensors and hold their names and shapes against those of the network.

    Counters of batches (`num_batches_tracked`), which only training needs, may be missing: old files have none. Numbers
    that are not finite are refused, because whatever follows from them would stand in a report.

    Raises:
        InputError: it is no file of plain tensors, or has not exactly the network's; nothing in it was run.
        MissingDependencyError: torch is not installed.
    """
    state = _stripped(_tensors(slot, path), slot.prefixes)
    needed = {name for name in expected if not name.endswith("num_batches_tracked")}
    fitting = [name for name in sorted(needed & set(state)) if tuple(state[name].shape) == expected[name]]
    faults = [
        _few("lacks", sorted(needed - set(state))),
        _few("has unexpected", sorted(set(state) - set(expected))),
        _few(
            "has other shapes at",
            [
                f"{name} {tuple(tensor.shape)} instead of {expected[name]}"
                for name, tensor in state.items()
                if name in expected and tuple(tensor.shape) != expected[name]
            ],
        ),
        _few("has no usable numbers at", [name for name in fitting if not _usable(name, state[name])]),
    ]
    if any(faults):
        told = ", ".join(fault for fault in faults if fault)
        raise InputError(f"{path} does not hold the weights of {slot.name}: it {told}; bring those of {slot.project}.")
    return state


def evaluators_of(found: Mapping[str, Path]) -> tuple[Evaluator, ...]:
    """Describe the evaluators that were brought, for a report."""
    return tuple(_described(SLOTS[slot_id], path) for slot_id, path in found.items())


def _described(slot: Slot, path: Path) -> Evaluator:
    note = slot.note
    if slot.sha256_begins and path.suffix != ".safetensors":
        digest = sha256(path.read_bytes()).hexdigest()
        if not digest.startswith(slot.sha256_begins):
            note = f"{note} Not the released file, whose SHA-256 begins with {slot.sha256_begins}."
    return brought_evaluator(slot.id, slot.name, f"{slot.project}, {path.name}", path, slot.licence, note)


def _tensors(slot: Slot, path: Path) -> "dict[str, Tensor]":
    try:
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise MissingDependencyError(f"{slot.name} needs torch: pip install 'espressivo[evaluate]'.") from None
    try:
        with warnings.catch_warnings():
            # What torch would warn of (old pickles, programs) is refused or harmless.
            warnings.simplefilter("ignore")
            content: Any = (
                load_file(path)
                if path.suffix == ".safetensors"
                else torch.load(path, map_location="cpu", weights_only=True)
            )
    except (*_NOT_TENSORS, SafetensorError):
        raise InputError(
            f"{path} cannot be read as weights of {slot.name}: it is damaged, or a program, which is not run; bring "
            f"the file of {slot.project}, or its tensors saved as .safetensors."
        ) from None
    for name in slot.inside:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    if not isinstance(content, Mapping) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) and _is_dense(value)
        for name, value in content.items()
    ):
        raise InputError(
            f"{path} holds something else than named, dense tensors; bring the weights of {slot.name} from "
            f"{slot.project}."
        )
    return dict(content)


def _is_dense(tensor: "Tensor") -> bool:
    """Whether it is a plain table of numbers; sparse, quantised or nested tensors and those without content are not."""
    import torch

    special = tensor.is_quantized or tensor.is_meta or tensor.is_nested
    return tensor.layout == torch.strided and not special


def _usable(name: str, tensor: "Tensor") -> bool:
    """Whether a network can hold these numbers: floating, finite, and none below 0 where they are variances."""
    if not tensor.is_floating_point():
        return False
    lowest, highest = (float(end) for end in tensor.float().aminmax()) if tensor.numel() else (0.0, 0.0)
    return isfinite(lowest) and isfinite(highest) and (lowest >= 0 or not name.endswith("running_var"))


def _stripped(state: "dict[str, Tensor]", prefixes: tuple[str, ...]) -> "dict[str, Tensor]":
    """Take a prefix off if every name has it."""
    for prefix in prefixes:
        if state and all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return state


def _few(verb: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return f"{verb} {', '.join(names[:_FEW])}{more}"

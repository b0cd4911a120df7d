"""Who judged: name, version, hash and licence of every network or table that a figure depends on."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from espressivo.weights.manifest import read_manifest


@dataclass(frozen=True)
class Evaluator:
    """A network or table that gives figures, as a report names it."""

    id: str
    """What metrics refer to."""
    name: str
    version: str
    sha256: str
    licence: str
    note: str = ""
    """What a reader has to know: measured ceiling, what it was trained on, what it cannot see."""


@cache
def shipped_evaluator(weights_id: str, name: str, version: str, note: str = "") -> Evaluator:
    """Describe an evaluator whose weights ship, from their row in the manifest.

    Raises:
        KeyError: the manifest has no such row.
    """
    rows = {entry.id: entry for entry in read_manifest()}
    entry = rows[weights_id]
    model = max(entry.files, key=lambda file: file.bytes)
    return Evaluator(weights_id, name, version, model.sha256, entry.licence, note)


def brought_evaluator(weights_id: str, name: str, version: str, file: Path, licence: str, note: str = "") -> Evaluator:
    """Describe an evaluator whose weights the user brought as `file`."""
    digest = sha256(file.read_bytes()).hexdigest()
    return Evaluator(weights_id, name, version, digest, licence, note)

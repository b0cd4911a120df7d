"""The weights manifest: one row per set of weights, with hash, licence, provenance and measured figures."""

import hashlib
import json
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent


class WeightFile(BaseModel):
    """One file, relative to `weights/`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    path: str
    sha256: str
    bytes: int


class WeightEntry(BaseModel):
    """One set of weights."""

    model_config = ConfigDict(frozen=True, extra="allow")
    id: str
    files: tuple[WeightFile, ...]
    licence: str
    trained_on: Any
    command: str
    commit: str
    figures: dict[str, Any]


@cache
def read_manifest() -> tuple[WeightEntry, ...]:
    """Return every row of `weights/manifest.json`."""
    rows = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["weights"]
    return tuple(WeightEntry.model_validate(row) for row in rows)


def licences_of(ids: Collection[str]) -> dict[str, str]:
    """Return the licences of some of the weights by id."""
    return {entry.id: entry.licence for entry in read_manifest() if entry.id in ids}


def damaged_files(entry: WeightEntry) -> list[str]:
    """Return the paths of `entry` that are missing or whose hash is not the manifest's."""
    return [file.path for file in entry.files if _sha256(FOLDER / file.path) != file.sha256]


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None

"""The manifest tells the truth about what ships."""

from pathlib import Path

import pytest

from espressivo.weights.manifest import FOLDER, WeightEntry, WeightFile, damaged_files, read_manifest

LARGEST_BYTES = 40_000_000


@pytest.mark.parametrize("entry", read_manifest(), ids=lambda entry: entry.id)
def test_every_file_is_whole_small_and_explained(entry: WeightEntry) -> None:
    assert damaged_files(entry) == []
    assert all((FOLDER / file.path).stat().st_size == file.bytes < LARGEST_BYTES for file in entry.files)
    assert (FOLDER / entry.id / "CARD.md").is_file()
    assert entry.licence
    assert entry.trained_on
    assert "python -m" in entry.command or entry.command.startswith("none: files as published"), "how is it made?"
    assert entry.figures


def test_no_weights_ship_unlisted() -> None:
    listed = {file.path for entry in read_manifest() for file in entry.files}
    weights = [path for pattern in ("*.safetensors", "*.tflite") for path in Path(FOLDER).rglob(pattern)]
    assert {str(path.relative_to(FOLDER)) for path in weights} <= listed
    assert not [path for pattern in ("*.pt", "*.pth", "*.ckpt", "*.pkl", "*.bin") for path in FOLDER.rglob(pattern)]


def test_a_damaged_file_is_noticed() -> None:
    entry = read_manifest()[0]
    wrong = entry.files[0].model_copy(update={"sha256": "0" * 64})
    missing = WeightFile(path="no/such/file", sha256="0" * 64, bytes=1)
    assert damaged_files(entry.model_copy(update={"files": (wrong, missing)})) == [wrong.path, missing.path]

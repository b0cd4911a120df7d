"""Files of tensors from elsewhere: what is no table of numbers is refused, and nothing in a file is run."""

import pickle
import warnings
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from espressivo.errors import InputError  # noqa: E402
from espressivo.generators.registry import load_generator  # noqa: E402
from espressivo.generators.stored_tensors import read_stored  # noqa: E402


class _Program:
    def __reduce__(self) -> tuple:
        return print, ("I was run",)


def _refused(error: Exception) -> InputError:
    return InputError(f"It is no checkpoint ({type(error).__name__}).")


def _hostile(folder: Path) -> list[Path]:
    whole = folder / "whole.pt"
    torch.save({"model": {"a": torch.zeros(3)}}, whole)
    contents = {
        "program.pt": pickle.dumps(_Program()),
        "text.pt": b"not a checkpoint",
        "empty.pt": b"",
        "half.pt": whole.read_bytes()[:100],
        "noise.pt": b"\x80\x04" + bytes(range(256)),
        "noise.safetensors": bytes(range(256)),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / "nowhere.pt", folder, *(folder / name for name in contents)]


def test_tensors_are_read(tmp_path: Path) -> None:
    torch.save({"a": torch.arange(3)}, tmp_path / "a.pt")
    save_file({"a": torch.arange(3)}, tmp_path / "a.safetensors")
    for name in ("a.pt", "a.safetensors"):
        assert read_stored(tmp_path / name, _refused)["a"].tolist() == [0, 1, 2]


def test_whatever_else_a_file_holds_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Torch's own warnings are no more to be seen than what a program in the file would print."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path in _hostile(tmp_path):
            with pytest.raises(InputError, match="It is no checkpoint"):
                read_stored(path, _refused)
    assert "I was run" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["emogen", "faders"])
def test_music_generators_refuse_what_is_no_checkpoint(name: str, tmp_path: Path) -> None:
    for path in _hostile(tmp_path):
        with pytest.raises(InputError):
            load_generator(name, path)

"""What is packed is what git holds: no file of a root folder is lost on the way into the wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKED = ("conditioning", "generators", "assets", "ui", "eval", "weights")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return set(zipfile.ZipFile(next(folder.glob("*.whl"))).namelist())


def test_wheel_holds_every_tracked_file(wheel: set[str]) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout to compare with")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = [Path(line) for line in listed.stdout.splitlines()]
    expected = {f"espressivo/{path}" for path in tracked if path.parts[0] in PACKED and (ROOT / path).exists()}
    expected |= {
        str(path.relative_to("src"))
        for path in tracked
        if path.is_relative_to("src/espressivo") and not (ROOT / path).is_symlink()
    }
    assert expected - wheel == set()


def test_wheel_holds_nothing_else(wheel: set[str]) -> None:
    strays = {name for name in wheel if "__pycache__" in name or name.startswith(("tests/", "docs/", "espressivo/src"))}
    assert strays == set()

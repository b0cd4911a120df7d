"""Layers import only downwards; listing and importing stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = (
    {"errors", "inputmodel", "progress", "media", "take"},
    {"conditioning", "weights", "assets"},
    {"generators"},
    {"eval"},
    {"performance", "portraiture", "underscore", "generation", "analysis", "demo", "reporting"},
    {"cli", "ui"},
)
HEIGHT = {room: height for height, rooms in enumerate(LAYERS) for room in rooms}


def _modules() -> list[tuple[str, Path]]:
    rooms = [(room, ROOT / room) for room in ("conditioning", "generators", "eval", "ui", "weights", "assets")]
    found = [(room, file) for room, folder in rooms for file in folder.rglob("*.py")]
    package = ROOT / "src" / "espressivo"
    found += [(file.stem, file) for file in package.glob("*.py") if file.stem in HEIGHT]
    return found + [("media", file) for file in (package / "media").glob("*.py")]


def _imported(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[1] for name in names if name.startswith("espressivo.")}


@pytest.mark.parametrize(("room", "file"), _modules(), ids=lambda value: str(value)[-40:])
def test_a_module_imports_nothing_from_above(room: str, file: Path) -> None:
    above = {name for name in _imported(file) if HEIGHT[name] > HEIGHT[room]}
    assert not above, f"{file.relative_to(ROOT)} imports {sorted(above)} from a layer above {room}"


@pytest.mark.parametrize(
    "statement",
    ["import espressivo", "import espressivo.cli", "from espressivo import list_generators; list_generators()"],
)
def test_heavy_packages_wait_until_they_are_needed(statement: str) -> None:
    heavy = ("torch", "numba", "av", "scipy", "pocketsphinx", "moderngl", "pygltflib", "rich.progress", "PIL")
    code = f"import sys; {statement}; print([name for name in {heavy!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_what_is_missing_shows_before_an_evaluation_is_loaded() -> None:
    heavy = ("torch", "numba", "scipy", "matplotlib", "espressivo.eval.evaluation")
    run = "from espressivo.cli import main; code = main(['evaluate', 'nowhere'])"
    code = f"import sys; {run}; print(code, [name for name in {heavy!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "nowhere does not exist" in result.stderr
    assert result.stdout.strip() == "2 []"

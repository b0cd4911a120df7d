"""What `import espressivo` offers: each public name is there, and each is said where type checkers look."""

from pathlib import Path

import pytest

import espressivo


@pytest.mark.parametrize("name", espressivo.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(espressivo, name) is not None
    assert name == "__version__" or f"import {name} as {name}" in Path(espressivo.__file__).read_text(encoding="utf-8")


def test_other_names_are_missing() -> None:
    with pytest.raises(AttributeError, match="nothing_here"):
        espressivo.nothing_here  # noqa: B018 - asking is the test
    assert dir(espressivo) == espressivo.__all__

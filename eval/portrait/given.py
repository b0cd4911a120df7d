"""What every measure of portraits is given: pictures, the size of frames, where results go, how faces are moved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from espressivo.eval.portrait.faces import read_expression
from espressivo.eval.portrait.sitters import Sitter, read_sitters
from espressivo.eval.portrait.sitting import Sitting
from espressivo.eval.portrait.tables import write_json
from espressivo.generators.portrait.avatar.expression import PortraitExpression


@dataclass(frozen=True)
class Given:
    """Options of a measure that plays the whole generator."""

    portraits: tyro.conf.Positional[tuple[Path, ...]]
    """Folders with portraits, or single pictures."""
    size: int | None = None
    """Of the frames, pixels; what the measure was made with if none is given."""
    out: Path | None = None
    """JSON file to write."""

    def sitters(self) -> list[Sitter]:
        """Return the portraits by name.

        Raises:
            InputError: a folder holds no picture, or two pictures have one name.
        """
        return read_sitters(self.portraits)

    def sittings(self, size: int) -> Iterator[Sitting]:
        """Prepare one portrait after the other, `size` pixels wide unless another size was given."""
        for sitter in self.sitters():
            yield Sitting.of(sitter, self.size or size)

    def write(self, content: Mapping[str, Any]) -> None:
        """Write results, if a file was given."""
        if self.out is not None:
            write_json(self.out, content)


@dataclass(frozen=True)
class GivenTable(Given):
    """Options of a measure that holds faces still."""

    expression: Path | None = None
    """Expression table to measure; the one that ships if none is given."""

    @property
    def table(self) -> PortraitExpression:
        """The table.

        Raises:
            InputError: the file cannot be read as one.
        """
        return read_expression(self.expression)

"""The Perform tab: a line, a face and an emotion become a take."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from espressivo.ui.studio import strings

if TYPE_CHECKING:
    from espressivo.ui.studio.studio import Studio

TITLE = strings.PERFORM


@dataclass(frozen=True)
class PerformTab:
    """What other tabs may use."""


def build(studio: "Studio") -> None:
    """Lay the tab out."""
    studio.perform = PerformTab()

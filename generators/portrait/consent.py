"""Portraits of people: whose consent was asked is stated by the user and kept in the take."""

import warnings
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "portraits"
"""Pictures that come with the program, and show nobody."""


def remind_of_consent(portrait: Path, consent: str | None) -> None:
    """Remind of consent where a picture may show somebody and none is stated. Nothing is refused."""
    if consent or portrait.resolve().parent == SHIPPED:
        return
    warnings.warn(
        f"If {portrait.name} shows a real person, ask for their consent and state it with --consent; the take keeps "
        "the statement.",
        UserWarning,
        stacklevel=3,
    )

"""Portraits of people: whose consent was asked is stated by the user and kept in the take."""

import warnings
from pathlib import Path

import numpy as np

from espressivo.errors import MediaError
from espressivo.media.image import read_image

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "portraits"
"""Pictures that come with the program, and show nobody."""


def shows_nobody(portrait: Path) -> bool:
    """Whether a picture is one of ours, or a copy with the same pixels, as takes keep it."""
    if portrait.resolve().parent == SHIPPED:
        return True
    try:
        picture = read_image(portrait)
    except MediaError:  # a video, or nothing that can be used, which is said elsewhere
        return False
    return any(np.array_equal(picture, read_image(ours)) for ours in SHIPPED.glob("*.jpg"))


def remind_of_consent(portrait: Path, consent: str | None) -> None:
    """Remind of consent where a picture may show somebody and none is stated. Nothing is refused."""
    if consent or shows_nobody(portrait):
        return
    warnings.warn(
        f"If {portrait.name} shows a real person, ask for their consent and state it as 'consent'; the take keeps "
        "the statement.",
        UserWarning,
        stacklevel=3,
    )

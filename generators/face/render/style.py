"""What a user may choose of the picture's look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """What a user may choose of the look."""

    backdrop: tuple[float, float, float] = (0.17, 0.19, 0.22)
    """sRGB colour in [0, 1] of the backdrop's middle; it darkens toward the corners."""
    plain_backdrop: bool = False
    """One even colour, as for keying."""
    iris: tuple[float, float, float] | None = None
    """Linear RGB of the iris; None for the head's own."""
    pupil: float = 0.36
    """Radius of the pupil over that of the iris."""


STUDIO = Style()
"""The dark studio."""

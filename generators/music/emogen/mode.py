"""The attribute that our own models know besides the hundred: whether the music is in minor.

Of the hundred few know it, and the published command of the sad quadrant asks for major triads; listeners hear valence
in the mode before anything else (K. Hevner, 1935).
"""

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.music.attributes.attributes import COUNT
from espressivo.generators.music.emogen.emotion import Commands
from espressivo.generators.music.keys import Key, key_of
from espressivo.media.notes import Notes

MODE = COUNT
"""Place of the mode behind the hundred attributes."""
_OF_QUADRANTS = np.array([[0], [1], [1], [0]])


def in_minor(key: Key) -> int:
    """Return 1 for a key with a minor third, else 0."""
    return int((key.tonic + 3) % 12 in key.tonic_chord)


def mode_of(notes: Notes) -> int:
    """Return 1 if the key that fits the music best is minor, else 0."""
    return in_minor(key_of(notes))


def with_mode(commands: Commands) -> Int[np.ndarray, "4 101"] | Float[np.ndarray, "4 101"]:
    """Return commands that ask for major where valence is positive, and for minor where it is negative."""
    return np.hstack([commands, _OF_QUADRANTS])

"""From an emotion to what the language model is told: which attributes, and how strongly it is led by them.

A command is a list of 100 bits, one per attribute. Each quadrant of the plane of valence and arousal has one; between
them, attributes on which the near quadrants disagree are left open. How strong the emotion is becomes the strength of
classifier-free guidance (J. Ho and T. Salimans, 2022), not other bits.
"""

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.music.attributes.attributes import table
from espressivo.generators.music.emogen.network import UNSET
from espressivo.generators.music.moods import SIGNS, Mood

Commands = Int[np.ndarray, "4 attributes"] | Float[np.ndarray, "4 attributes"]
"""Of the quadrants Q1 to Q4 (valence and arousal + +, - +, - -, + -): bits, or how probable it is that a bit is 1."""
_SURE = 0.3
"""Bits on which the quadrants agree less than this are left to the model (estimate)."""
_TELLING = 0.2
"""Bits whose probabilities differ less than this between quadrants say nothing of emotion (estimate)."""
_RHYTHMS = slice(61, 93, 2)
"""Every other attribute of rhythm, but for the density of notes."""


def command_of(mood: Mood, commands: Commands | None = None) -> Int[np.ndarray, "attributes"]:
    """Return the bits of a mood, `UNSET` where the quadrants around it do not agree.

    Each quadrant counts by how near the mood is (bilinear). What all four have in common says nothing of emotion, and
    is left open too.

    Args:
        mood: its direction; its intensity does not matter here.
        commands: of the quadrants; by default those that the authors published (EmoGen, MIT).
    """
    commands = table().commands if commands is None else commands
    shares = np.prod(0.5 * (1.0 + SIGNS * [mood.valence, mood.arousal]), axis=1)
    leaning = 2.0 * (shares @ commands) - 1.0
    told = (np.abs(leaning) >= _SURE) & (np.ptp(commands, axis=0) >= _TELLING)
    return np.where(told, (leaning > 0).astype(int), UNSET)


def with_open_rhythms(commands: Commands) -> Float[np.ndarray, "4 attributes"]:
    """Return commands that leave every other attribute of rhythm to the model.

    Thirty of the hundred say how long notes are. A model that is told all of them at once takes them for thirty
    reasons: its calm music had half as many notes as real calm music.
    """
    fewer = np.array(commands, float)
    fewer[:, _RHYTHMS] = 0.5
    return fewer

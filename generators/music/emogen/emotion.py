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
_UNTRUE = (3, 10, 11, 12, 17, 18, 22, 24, 33, 50, 52, 89)
"""Attributes whose bits in EMOPIA's training clips do not go with the emotion as those of the four lending clips do:
shares of high and low over the axis lie less than .15 apart. Register is among them."""
_OF_PLAYERS = (79, 80, 87, 94, 95, 98, 99)
"""Attributes that say how freely and how loudly a piece was played, or how long it is; music on a grid has its own."""


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


def telling(commands: Commands) -> Float[np.ndarray, "4 attributes"]:
    """Return commands in which only what goes with the sign of valence or of arousal is told.

    A quadrant's command is that of one clip: a bit on which one quadrant stands alone says more of its clip than of
    the emotion. All of them together drew music to the edge of what the model knows, where sad music was low and had
    few pitches, and glad music one length of notes; real music has neither.
    """
    high = np.asarray(commands) > 0.5
    goes = [(high == sign[:, None]).all(axis=0) | (high != sign[:, None]).all(axis=0) for sign in (SIGNS > 0).T]
    told = np.logical_or(*goes)
    told[[*_UNTRUE, *_OF_PLAYERS]] = False
    return np.where(told, commands, 0.5)

"""How loud an emotion is played, by rule.

Data of music that anybody may use was arranged by hand, at one loudness whatever it expresses; players differ by it
before anything else but speed. Listeners told happiness, anger, sadness and tenderness apart when sound levels were 3,
8, -6 and -6 dB off the neutral one (R. Bresin and A. Friberg, "Emotional coloring of computer-controlled music
performances", Computer Music Journal 24(4), 2000): so much are the quadrants. Decibels become velocities by a square
law (R. Dannenberg, "The interpretation of MIDI velocity", 2006). Melodies are louder than what goes with them
(W. Goebl, "Melody lead in piano performance", 2001); how much so is an estimate.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from espressivo.media.notes import Notes

MEZZO_FORTE = 64
"""Mean velocity of music without an emotion."""
_DB = np.array([3.0, 8.0, -6.0, -6.0])
"""Of the quadrants, at full strength."""
_SQUARE_LAW_DB = 40.0
"""Of a velocity that is ten times as great."""
_MELODY, _REST = 6.0, -6.0


def level_db(places: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n"]:
    """Return how much louder than neutral a place of valence and arousal is; 1 and -1 are full strength."""
    valence, arousal = places.T
    high, low = np.maximum(arousal, 0.0), np.maximum(-arousal, 0.0)
    glad = 0.5 * (1.0 + np.clip(valence, -1.0, 1.0))
    aroused = glad * _DB[0] + (1.0 - glad) * _DB[1]
    quiet = glad * _DB[3] + (1.0 - glad) * _DB[2]
    return high * aroused + low * quiet


def played(
    notes: Notes,
    places: Float[np.ndarray, "n 2"],
    strength: float = 1.0,
    velocity: tuple[int, int] = (1, 127),
    neutral: float = MEZZO_FORTE,
    new: Bool[np.ndarray, "n"] | None = None,
) -> Notes:
    """Return `notes` as loud as what they express; how they differ from each other stays.

    Args:
        notes: of a piano.
        places: valence and arousal that each note expresses, -1..1.
        strength: 0..1, of the rule; at 0 notes stay as they are.
        velocity: limits that all notes keep.
        neutral: mean velocity where nothing is expressed.
        new: which notes are played so; by default all.
    """
    new = np.ones(len(notes), bool) if new is None else new
    if not new.any():
        return notes
    own = notes.velocity[new]
    melody = np.where(_on_top(notes)[new], _MELODY, _REST)
    varied = own - own.mean() + melody - melody.mean()
    level = neutral * 10.0 ** (level_db(places[new]) / _SQUARE_LAW_DB)
    low, high = velocity
    room = min(float(varied.std()), (high - low) / 2)
    moved = np.clip(level, low + room, high - room) + varied
    mixed = np.clip(np.round(own + strength * (moved - own)), low, high)
    velocities = notes.velocity.copy()
    velocities[new] = mixed.astype(velocities.dtype)
    return replace(notes, velocity=velocities)


def _on_top(notes: Notes) -> Bool[np.ndarray, "n"]:
    """Which notes are the highest that begin at their time."""
    onsets, stroke = np.unique(notes.start_tick, return_inverse=True)
    top = np.zeros(len(onsets), int)
    np.maximum.at(top, stroke, notes.pitch)
    return notes.pitch == top[stroke]

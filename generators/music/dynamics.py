"""How loud an emotion is played, by rule.

Data of music that anybody may use was arranged by hand, at one loudness whatever it expresses; players differ by it
before anything else but speed (P. Juslin and P. Laukka, "Communication of emotions in vocal expression and music
performance", Psychological Bulletin 129(5), 2003). How far is that of EMOPIA's pianists, whose medians are 76, 81, 54
and 51 over the quadrants, with a melody 1 to 9 above the rest (`benchmarks/music_likeness.py`). Decibels become
velocities by a square law (R. Dannenberg, "The interpretation of MIDI velocity", 2006). Phrases swell towards their
middle (N. Todd, "The dynamics of dynamics", Journal of the Acoustical Society of America 91(6), 1992).
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from espressivo.media.notes import Notes

MEZZO_FORTE = 64
"""Mean velocity of music without an emotion."""
_DB = np.array([3.0, 4.0, -3.0, -4.0])
"""Of the quadrants, at full strength."""
_SQUARE_LAW_DB = 40.0
"""Of a velocity that is ten times as great."""
_LEAD, _LEAD_LESS = 4.5, 2.5
"""By how much melodies are louder than the rest where arousal is neutral, and how much less they are at its highest."""
_SPREAD, _MOST_WIDER = 10.5, 2.0
"""Standard deviation of what is written besides, and by how much it is widened at most to reach that."""
_SWELL, _PHRASE_BARS = 9.0, 4
"""From the edges of a phrase to its middle."""


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
    """Return `notes` as loud as what they express, phrased; how they differ within a phrase besides stays.

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
    own, top, phrase = notes.velocity[new].astype(float), _on_top(notes)[new], _phrases(notes)
    varied = own - _mean_of(2 * phrase.number[new] + top, own)
    varied *= min(_MOST_WIDER, _SPREAD / max(float(varied.std()), 1e-9))
    varied += (_LEAD - _LEAD_LESS * places[new, 1].clip(-1.0, 1.0)) * top + _SWELL * phrase.arch[new]
    varied -= varied.mean()
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


def _mean_of(group: Int[np.ndarray, "n"], velocity: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Of the notes of the same group, for each note."""
    count = np.bincount(group)
    return (np.bincount(group, velocity) / np.maximum(count, 1))[group]


class _Phrases(NamedTuple):
    """Where each note is."""

    number: Int[np.ndarray, "n"]
    arch: Float[np.ndarray, "n"]
    """0 at the edges of the phrase, 1 in its middle."""


def _phrases(notes: Notes) -> _Phrases:
    edges = notes.bar_edges[::_PHRASE_BARS]
    number = np.searchsorted(edges, notes.start_tick, side="right") - 1
    edges = np.append(edges, max(notes.bar_edges[-1], edges[-1] + 1))
    place = (notes.start_tick - edges[number]) / (edges[number + 1] - edges[number])
    return _Phrases(number, 1.0 - (2.0 * place - 1.0) ** 2)

"""The sustaining pedal, by rule: what is written for ten fingers sounds on as pianists let it.

Pianists change the pedal with the harmony: it goes up where a new one begins, and down right after (J. Banowetz, "The
Pianist's Guide to Pedaling", 1985). So notes of a harmony sound until it changes, or until their key is struck again.
Notes that do not belong to it end as they are written: pianists keep them from blurring by half pedals and changes in
between. Music that was arranged on a grid has none of this; half as many notes again sound at once when it is played.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from espressivo.generators.music.muser.chords import QUALITIES, ROOTS, chords_of
from espressivo.media.notes import Notes

_LONGEST_QUARTERS = 8
"""Struck strings fade: no pedal is held for longer."""


class _Hold(NamedTuple):
    """From one change of the pedal to the next."""

    tick: int
    harmony: frozenset[int]
    """Pitch classes that may sound on."""


def pedalled(notes: Notes, begin: int, end: int) -> Notes:
    """Return `notes` as the pedal lets them sound.

    Args:
        notes: of a piano, on its beats.
        begin: tick from which on it is pedalled; notes that begin earlier stay as they are.
        end: tick at which the pedal goes up for good.
    """
    if not len(notes) or begin >= end:
        return notes
    holds = _holds(notes, begin, end)
    changes = np.array([hold.tick for hold in holds])
    number = np.maximum(np.searchsorted(changes, notes.start_tick, side="right") - 1, 0)
    until = np.append(changes[1:], end)[number]
    belongs = np.array(
        [pitch % 12 in holds[place].harmony for pitch, place in zip(notes.pitch.tolist(), number.tolist(), strict=True)]
    )
    held = belongs & (notes.start_tick >= begin) & (notes.start_tick < end)
    return replace(notes, end_tick=np.where(held, np.maximum(notes.end_tick, until), notes.end_tick))


def _holds(notes: Notes, begin: int, end: int) -> Sequence[_Hold]:
    """Find where the harmony changes, beat by beat."""
    beat = notes.ticks_per_quarter
    names = chords_of(notes.pitch, notes.start_tick, notes.end_tick, -(-end // beat), beat)
    holds: list[_Hold] = []
    for number in range(begin // beat, len(names)):
        struck = notes.pitch[(notes.start_tick >= number * beat) & (notes.start_tick < (number + 1) * beat)]
        chord = _CLASSES.get(names[number]) or frozenset((struck % 12).tolist())
        bass = {int(struck.min()) % 12} if len(struck) else set()
        heard = chord if names[number] in _CLASSES else bass
        is_late = holds and number * beat - holds[-1].tick >= _LONGEST_QUARTERS * beat
        if not holds or is_late or not heard <= holds[-1].harmony:
            holds.append(_Hold(max(begin, number * beat), chord))
    return holds


_CLASSES = {
    f"{root}_{quality}": frozenset((place + interval) % 12 for interval in intervals)
    for place, root in enumerate(ROOTS)
    for quality, intervals in QUALITIES.items()
}
"""Of each chord that `muser.chords` names."""

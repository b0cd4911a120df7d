"""How a piece ends: on the tonic, in the second half of its last bar; or open, so that it can be repeated."""

from dataclasses import replace

import numpy as np

from espressivo.generators.music.keys import Key, key_of
from espressivo.generators.music.muser.tokens import BAR
from espressivo.media.notes import Notes

_LOWEST, _HIGHEST_BASS = 28, 59
_RECENT = 2 * BAR


def cut(notes: Notes, end: int) -> Notes:
    """Return a piece of which nothing begins, or sounds, from tick `end` on."""
    begun = notes.where(notes.start_tick < end)
    return replace(begun, end_tick=np.minimum(begun.end_tick, end))


def with_cadence(notes: Notes, bars: int, key_from: int = 0) -> Notes:
    """Return a piece of so many bars with its tonic chord as the second half of the last one.

    The chord stands where the hands are: its bass near the newest low notes, its top near the newest high one, and it
    is as loud as they are.

    Args:
        notes: the piece.
        bars: how long it is to be.
        key_from: tick from which on the piece is in the key that it ends in.
    """
    begin, end = bars * BAR - BAR // 2, bars * BAR
    before = cut(notes, begin)
    # What begins in the last half bar alone is heard all the same, as the chord.
    heard = before if len(before) else cut(notes, end)
    if not len(heard):
        return heard
    recent = heard.where(heard.start_tick >= heard.start_tick.max() - _RECENT)
    low, high = int(np.percentile(recent.pitch, 10)), int(recent.pitch[np.argmax(recent.start_tick)])
    ending = heard.where(heard.start_tick >= key_from)
    pitch = _voiced(key_of(ending if len(ending) else heard), low, high)
    added = {
        "pitch": pitch,
        "velocity": np.full(len(pitch), round(float(recent.velocity.mean()))),
        "start_tick": np.full(len(pitch), begin),
        "end_tick": np.full(len(pitch), end),
        "track": np.zeros(len(pitch), int),
        "is_drum": np.zeros(len(pitch), bool),
    }
    return replace(before, **{name: np.concatenate([getattr(before, name), values]) for name, values in added.items()})


def _voiced(key: Key, low: int, high: int) -> np.ndarray:
    """Return a bass on the tonic near `low`, and the triad with its top near `high`; from low to high."""
    basses = np.arange(_LOWEST, _HIGHEST_BASS + 1)
    basses = basses[basses % 12 == key.tonic]
    bass = int(basses[np.abs(basses - low).argmin()])
    tones = np.array([pitch for pitch in range(bass + 7, 108) if pitch % 12 in key.tonic_chord])
    top = max(int(np.abs(tones - high).argmin()), 2)
    return np.array([bass, *tones[top - 2 : top + 1].tolist()])

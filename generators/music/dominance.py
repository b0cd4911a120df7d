"""Dominance in music, by rule: no data of music has labels for it, so nothing could learn it.

Power sounds loud and low, helplessness soft and high. How much so is an estimate.
"""

from dataclasses import replace

import numpy as np

from espressivo.conditioning.track import EmotionTrack
from espressivo.media.notes import Notes

_VELOCITY = 24.0
"""What a dominance of 1 adds to MIDI velocities; about 6 dB."""
_LEAN_PER_OCTAVE = 0.35
"""What a dominance of 1 takes from a pitch's logit for each octave."""


def lean_of(track: EmotionTrack, seconds: float) -> float:
    """Return what an octave upwards adds to a pitch's logit: less than 0 where dominance draws music down."""
    times_s = np.linspace(0.0, max(seconds, 0.0), 32)
    return -_LEAN_PER_OCTAVE * float(track.sample(times_s).vad[:, 2].mean())


def with_loudness(
    notes: Notes, track: EmotionTrack, begin_tick: int = 0, velocity: tuple[int, int] = (1, 127)
) -> Notes:
    """Return `notes` louder where the track is dominant and softer where it submits; from `begin_tick` on."""
    begin_s = float(notes.seconds_at(np.array([begin_tick]))[0])
    dominance = track.sample(np.maximum(notes.start_s - begin_s, 0.0)).vad[:, 2]
    moved = np.clip(np.round(notes.velocity + _VELOCITY * dominance), *velocity).astype(notes.velocity.dtype)
    return replace(notes, velocity=np.where(notes.start_tick >= begin_tick, moved, notes.velocity))

"""The own synthesiser, which needs nothing but this package: every note a sum of decaying sines.

A decaying sine is a recursion of two terms, y[t] = 2 r cos(w) y[t-1] - r^2 y[t-2], so that a partial costs three
operations a sample. What cannot be heard any more is left out.
"""

import numpy as np
from jaxtyping import Float, Float32
from numba import njit

from espressivo.generators.music.score import Instrument, playable
from espressivo.generators.music.sound.drums import hit
from espressivo.generators.music.sound.timbres import Voice, timbre_of, voice
from espressivo.media.notes import Notes

_INAUDIBLE = 3e-6
"""Of full scale; a note ends and a partial is left out below this."""
_HIGHEST_DAMPER = 88
"""Strings above this pitch have no dampers."""
_BLOCK = 256


def play(notes: Notes, instrument: Instrument, samples: int, rate_hz: int) -> Float32[np.ndarray, "samples 2"]:
    """Return one track as dry stereo sound, from tick 0 on."""
    sound = np.zeros((samples, 2), np.float32)
    notes = playable(notes)
    begins = np.rint(notes.start_s * rate_hz).astype(np.int64).tolist()
    ends = np.rint(notes.end_s * rate_hz).astype(np.int64).tolist()
    for begin, end, pitch, velocity in zip(begins, ends, notes.pitch.tolist(), notes.velocity.tolist(), strict=True):
        if instrument.is_drum:
            _add(sound, hit(pitch, velocity, rate_hz), begin)
        else:
            note = voice(timbre_of(instrument.program), pitch, velocity, rate_hz)
            _add(sound, note.knock, begin)
            _sing(sound, note, begin, end, pitch > _HIGHEST_DAMPER and instrument.program < 8, rate_hz)
    return sound


def _sing(
    sound: Float32[np.ndarray, "samples 2"], note: Voice, begin: int, end: int, undamped: bool, rate_hz: int
) -> None:
    radius, angle = np.exp(-note.decay / rate_hz), 2 * np.pi * note.hz / rate_hz
    _resonate(
        sound,
        begin,
        len(sound) if undamped else end,
        2 * radius * np.cos(angle),
        radius**2,
        # The two samples before the first.
        np.sin(note.phase - angle) / radius,
        np.sin(note.phase - 2 * angle) / radius**2,
        note.left,
        note.right,
        max(1, round(note.attack_s * rate_hz)),
        np.exp(-1 / (note.release_s * rate_hz)),
        radius**_BLOCK,
    )


def _add(sound: Float32[np.ndarray, "samples 2"], burst: Float[np.ndarray, "n 2"], begin: int) -> None:
    length = max(0, min(len(burst), len(sound) - begin))
    sound[begin : begin + length] += burst[:length].astype(np.float32)


@njit(cache=True, fastmath=True)
def _resonate(
    sound: Float32[np.ndarray, "samples 2"],
    begin: int,
    end: int,
    turn: Float[np.ndarray, "sines"],
    shrink: Float[np.ndarray, "sines"],
    last: Float[np.ndarray, "sines"],
    before: Float[np.ndarray, "sines"],
    left: Float[np.ndarray, "sines"],
    right: Float[np.ndarray, "sines"],
    attack: int,
    damping: float,
    block_decay: Float[np.ndarray, "sines"],
) -> None:  # pragma: no cover - compiled
    loudness = np.maximum(left, right)
    active = len(turn)
    gain = 1.0
    for time in range(begin, len(sound)):
        age = time - begin
        if age % _BLOCK == 0:
            loudness[:active] *= block_decay[:active]
            while active > 0 and loudness[active - 1] * gain < _INAUDIBLE:
                active -= 1
            if active == 0:
                return
        to_left = 0.0
        to_right = 0.0
        for sine in range(active):
            value = turn[sine] * last[sine] - shrink[sine] * before[sine]
            before[sine] = last[sine]
            last[sine] = value
            to_left += left[sine] * value
            to_right += right[sine] * value
        if time >= end:
            # The felt comes down in a few milliseconds: at once it would be heard as a tick.
            gain *= 1.0 - (1.0 - damping) * min(1.0, (time - end) / _BLOCK)
        ramp = gain
        if age < attack:
            ramp *= 0.5 - 0.5 * np.cos(np.pi * age / attack)
        sound[time, 0] += np.float32(ramp * to_left)
        sound[time, 1] += np.float32(ramp * to_right)

"""The own synthesiser, which needs nothing but this package: every note a sum of decaying sines.

A decaying sine is a recursion of two terms, so that a partial costs three operations a sample, on whole runs of samples
at once. What cannot be heard any more is left out.
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
_LANES = 32


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
    decay, angle = note.decay / rate_hz, 2 * np.pi * note.hz / rate_hz
    # Two runs of `_LANES` samples each, and the factors of the recursion from run to run.
    times = np.arange(2 * _LANES)
    runs = np.exp(-decay[:, None] * times) * np.sin(angle[:, None] * times + note.phase[:, None])
    _resonate(
        sound,
        begin,
        len(sound) if undamped else end,
        runs.astype(np.float32),
        (2 * np.exp(-_LANES * decay) * np.cos(_LANES * angle)).astype(np.float32),
        np.exp(-2 * _LANES * decay).astype(np.float32),
        note.left.astype(np.float32),
        note.right.astype(np.float32),
        max(1, round(note.attack_s * rate_hz)),
        np.exp(-1 / (note.release_s * rate_hz)),
        np.exp(-_BLOCK * decay),
    )


def _add(sound: Float32[np.ndarray, "samples 2"], burst: Float[np.ndarray, "n 2"], begin: int) -> None:
    length = max(0, min(len(burst), len(sound) - begin))
    sound[begin : begin + length] += burst[:length].astype(np.float32)


@njit(cache=True, fastmath=True)
def _resonate(
    sound: Float32[np.ndarray, "samples 2"],
    begin: int,
    end: int,
    runs: Float32[np.ndarray, "sines two_runs"],
    turn: Float32[np.ndarray, "sines"],
    shrink: Float32[np.ndarray, "sines"],
    left: Float32[np.ndarray, "sines"],
    right: Float32[np.ndarray, "sines"],
    attack: int,
    damping: float,
    block_decay: Float[np.ndarray, "sines"],
) -> None:  # pragma: no cover - compiled
    loudness = np.maximum(left, right).astype(np.float64)
    to_left, to_right = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    active = len(turn)
    gain = 1.0
    for block in range(begin, len(sound), _BLOCK):
        while active > 0 and loudness[active - 1] * gain < _INAUDIBLE:
            active -= 1
        if active == 0:
            return
        to_left[:] = 0
        to_right[:] = 0
        for sine in range(active):
            # A run follows from the two before it: y[t + n] = 2 r^n cos(n w) y[t] - r^2n y[t - n].
            early, late = runs[sine, :_LANES], runs[sine, _LANES:]
            for place in range(0, _BLOCK, 2 * _LANES):
                for lane in range(_LANES):
                    to_left[place + lane] += left[sine] * early[lane]
                    to_right[place + lane] += right[sine] * early[lane]
                    early[lane] = turn[sine] * late[lane] - shrink[sine] * early[lane]
                for lane in range(_LANES):
                    to_left[place + _LANES + lane] += left[sine] * late[lane]
                    to_right[place + _LANES + lane] += right[sine] * late[lane]
                    late[lane] = turn[sine] * early[lane] - shrink[sine] * late[lane]
            loudness[sine] *= block_decay[sine]
        for time in range(block, min(block + _BLOCK, len(sound))):
            if time >= end:
                # The felt comes down in a few milliseconds: at once it would be heard as a tick.
                gain *= 1.0 - (1.0 - damping) * min(1.0, (time - end) / _BLOCK)
            ramp = gain
            if time - begin < attack:
                ramp *= 0.5 - 0.5 * np.cos(np.pi * (time - begin) / attack)
            sound[time, 0] += np.float32(ramp * to_left[time - block])
            sound[time, 1] += np.float32(ramp * to_right[time - block])

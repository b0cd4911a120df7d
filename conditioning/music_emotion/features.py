"""Numbers that say how a passage is played and what it is made of: what emotion in music is known to be carried by.

Speed, loudness, register, articulation, mode and consonance are the cues that listeners and players agree on
(P. Juslin and P. Laukka, "Communication of emotions in vocal expression and music performance", Psychological Bulletin
129(5), 2003; A. Gabrielsson and E. Lindström, "The role of structure in the musical expression of emotions", 2010).
All are in seconds, keys and velocities, none in beats or bars, which a transcribed performance does not have. None
depends on the length of the passage by itself, and those of `tonality` not on the key. They are not the features that
the judges of music read: what steers a generator may not be what grades it.
"""

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.music_emotion.passage import FRAME_S, Passage, cut
from espressivo.conditioning.music_emotion.tonality import (
    HARMONY_FEATURES,
    KEY_FEATURES,
    describe_harmony,
    describe_key,
)
from espressivo.media.notes import Notes

_PULSE_S = (0.2, 1.6)
_LOW, _HIGH = 48, 76
_LEAP = 5
_STACCATO = 0.6
_LEAST_S = 0.02

_SPEED = ("notes_per_s", "onsets_per_s", "keys_per_onset", "gap", "gap_range", "gap_changes", "pulse", "pulse_s")
_DYNAMICS = (
    "velocity",
    "velocity_soft",
    "velocity_loud",
    "velocity_spread",
    "power",
    "power_spread",
    "power_change",
    "accents",
)
_REGISTER = ("pitch", "pitch_spread", "pitch_low", "pitch_high", "low_share", "high_share", "pitch_change")
_TOUCH = ("length", "length_spread", "legato", "staccato_share", "keys_at_once", "silence")
_TOP_LINE = ("top", "bass", "top_stride", "top_leaps", "top_repeats", "top_direction", "top_louder", "hands_apart")
FEATURES: tuple[str, ...] = (*_SPEED, *_DYNAMICS, *_REGISTER, *_TOUCH, *_TOP_LINE, *KEY_FEATURES, *HARMONY_FEATURES)
"""Names, in the order of `describe`. Rates and lengths are logarithms, pitches octaves from middle C, velocities 0..1,
shares 0..1, changes from the first half to the second."""
KEYLESS: tuple[str, ...] = (*KEY_FEATURES, *HARMONY_FEATURES)
"""Those that transposition leaves as they are, whatever the register."""


def describe(notes: Notes, start_s: float, end_s: float) -> Float[np.ndarray, "features"]:
    """Describe the passage of a piece from `start_s` to `end_s` (seconds of the piece; drums do not count).

    All numbers are finite. A passage in which no note begins is all zeros: ask `passage.cut` for its notes first where
    that matters.
    """
    passage = cut(notes, start_s, end_s)
    if not len(passage.pitch):
        return np.zeros(len(FEATURES))
    return np.concatenate([part(passage) for part in _PARTS])


def _speed(passage: Passage) -> Float[np.ndarray, "speed"]:
    onsets = len(passage.onset_s)
    gaps = np.log(np.maximum(np.diff(passage.onset_s), _LEAST_S)) if onsets > 1 else np.log([passage.seconds])
    strength, period_s = _pulse(passage)
    return np.array(
        [
            np.log(len(passage.pitch) / passage.seconds),
            np.log(onsets / passage.seconds),
            len(passage.pitch) / onsets,
            np.median(gaps),
            np.subtract(*np.percentile(gaps, [80, 20])),
            np.abs(np.diff(gaps)).mean() if onsets > 2 else 0.0,
            strength,
            np.log(period_s),
        ]
    )


def _pulse(passage: Passage) -> tuple[float, float]:
    """How regular the onsets are (autocorrelation at the best period), and that period in seconds."""
    shortest, longest = (round(bound / FRAME_S) for bound in _PULSE_S)
    frames = len(passage.sounding)
    struck = np.bincount((passage.start_s / FRAME_S).astype(int), weights=passage.velocity, minlength=frames)
    # Half a frame of play to either side.
    struck = np.convolve(struck, (0.5, 1.0, 0.5), mode="same")
    struck -= struck.mean()
    size = 1 << (2 * len(struck) - 1).bit_length()
    alike = np.fft.irfft(np.abs(np.fft.rfft(struck, size)) ** 2, size)[: longest + 1]
    if len(struck) <= longest or alike[0] <= 0:
        return 0.0, float(np.mean(_PULSE_S))
    lag = shortest + int(alike[shortest:].argmax())
    return float(np.clip(alike[lag] / alike[0], 0.0, 1.0)), lag * FRAME_S


def _dynamics(passage: Passage) -> Float[np.ndarray, "dynamics"]:
    soft, loud = np.percentile(passage.velocity, [10, 90])
    seconds = np.minimum(passage.start_s.astype(int), max(int(passage.seconds) - 1, 0))
    power = np.bincount(seconds, weights=passage.velocity**2, minlength=max(int(passage.seconds), 1))
    levels = np.log1p(10.0 * power)
    strokes = passage.per_onset(passage.velocity, np.maximum)
    return np.array(
        [
            passage.velocity.mean(),
            soft,
            loud,
            passage.velocity.std(),
            np.log1p(10.0 * (passage.velocity**2).sum() / passage.seconds),
            levels.std(),
            _change(levels),
            np.abs(np.diff(strokes)).mean() if len(strokes) > 1 else 0.0,
        ]
    )


def _register(passage: Passage) -> Float[np.ndarray, "register"]:
    heard = passage.length_s.clip(0.05, 2.0) * passage.velocity
    octaves = _octaves(passage.pitch)
    mean = np.average(octaves, weights=heard)
    return np.array(
        [
            mean,
            np.sqrt(np.average((octaves - mean) ** 2, weights=heard)),
            *np.percentile(octaves, [10, 90]),
            np.average(passage.pitch < _LOW, weights=heard),
            np.average(passage.pitch >= _HIGH, weights=heard),
            _change(octaves),
        ]
    )


def _touch(passage: Passage) -> Float[np.ndarray, "touch"]:
    lengths = np.log(np.maximum(passage.length_s, _LEAST_S))
    # The notes of the last onset, which has no next one, count as just held to it.
    gap_s = np.maximum(np.diff(passage.onset_s), _LEAST_S)[passage.onset[passage.onset < passage.onset[-1]]]
    share = np.zeros(len(lengths))
    share[: len(gap_s)] = np.clip(lengths[: len(gap_s)] - np.log(gap_s), -3.0, 3.0)
    keys = (passage.sounding > 0).sum(axis=1)
    return np.array(
        [
            lengths.mean(),
            lengths.std(),
            share.mean(),
            (share < np.log(_STACCATO)).mean(),
            keys.mean(),
            (keys == 0).mean(),
        ]
    )


def _top_line(passage: Passage) -> Float[np.ndarray, "top_line"]:
    top, bass = (passage.per_onset(passage.pitch, pick) for pick in (np.maximum, np.minimum))
    strides = np.diff(top) if len(top) > 1 else np.zeros(1)
    is_top = passage.pitch == top[passage.onset]
    louder = passage.velocity[is_top].mean() - passage.velocity[~is_top].mean() if not is_top.all() else 0.0
    moves = strides[strides != 0]
    return np.array(
        [
            _octaves(top).mean(),
            _octaves(bass).mean(),
            np.abs(strides).mean() / 12,
            (np.abs(strides) >= _LEAP).mean(),
            (strides == 0).mean(),
            np.sign(moves).mean() if len(moves) else 0.0,
            louder,
            np.percentile(_octaves(passage.pitch), 75) - np.percentile(_octaves(passage.pitch), 25),
        ]
    )


def _octaves(pitch: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    return (pitch - 60.0) / 12.0


def _change(values: Float[np.ndarray, "n"]) -> float:
    """Mean of the second half minus that of the first."""
    middle = len(values) // 2
    return float(values[middle:].mean() - values[:middle].mean()) if middle else 0.0


_PARTS = (_speed, _dynamics, _register, _touch, _top_line, describe_key, describe_harmony)

"""Beats of performances that were not played to a click, and their notes on a grid of those beats.

Beat tracking by dynamic programming (D. Ellis, "Beat tracking by dynamic programming", J. New Music Research 36(1),
2007) on the notes themselves: loud, low and simultaneous onsets weigh more.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from numba import njit

from espressivo.media.notes import Notes, Tempo, TimeSignature

TICKS_PER_BEAT = 480
_RATE_HZ = 100
_USUAL_BPM, _TEMPO_OCTAVES = 80.0, 0.6
"""Centre and width of how likely a tempo is beforehand."""
_SLOWEST_BPM, _FASTEST_BPM = 40.0, 220.0
_STEADINESS = 200.0
"""How much a beat that comes early or late costs, against an onset that it meets."""
_BAR_BEATS = 4
_DIVISIONS = np.array([3.0, 4.0])
_NEAR_BEATS, _MOST, _NEARLY_ALL = 1 / 48, 0.6, 0.95


def is_on_grid(notes: Notes) -> bool:
    """Return whether the file's beats can be believed: its notes begin on a fine grid, or most near a coarse one.

    On the fine grid (twelfths of a beat) nothing is by chance. Near sixteenths and triplets a quarter of all onsets is
    by chance, and nearly all where somebody played to a click.
    """
    twelfths = notes.start_tick * 12 % notes.ticks_per_quarter == 0
    place = (notes.start_tick / notes.ticks_per_quarter)[:, None] * _DIVISIONS
    away = np.abs(place - np.round(place)) / _DIVISIONS
    return bool(twelfths.mean() > _NEARLY_ALL or (away.min(axis=1) < _NEAR_BEATS).mean() > _MOST)


def track_beats(notes: Notes) -> Float[np.ndarray, "beats"]:
    """Return the times of the beats in seconds, from before the first note to after the last one.

    The octave of the tempo is a guess, as it is for listeners.

    Raises:
        ValueError: there are no notes.
    """
    if not len(notes):
        raise ValueError("A piece without notes has no beats.")
    begin_s = float(notes.start_s.min())
    strength = _onset_strength(notes, begin_s)
    period = _period(strength)
    frames = _follow(strength, period)
    return _extended(frames / _RATE_HZ + begin_s, begin_s, float(notes.end_s.max()))


def on_beats(notes: Notes, beats_s: Float[np.ndarray, "beats"], first_bar: int | None = None) -> Notes:
    """Put notes on a grid of beats, in bars of four; the tempo follows the beats bar by bar.

    Args:
        notes: as performed.
        beats_s: times of the beats, rising, two or more.
        first_bar: which beat begins a bar; by default the phase in which most and lowest notes begin.

    Returns:
        The piece from its first bar on, `TICKS_PER_BEAT` to a beat.
    """
    onset, end = _in_beats(notes.start_s, beats_s), _in_beats(notes.end_s, beats_s)
    phase = _phase(onset, notes) if first_bar is None else first_bar % _BAR_BEATS
    first = np.floor((onset.min() - phase) / _BAR_BEATS) * _BAR_BEATS + phase
    bars = np.arange(first, end.max() + _BAR_BEATS, _BAR_BEATS)
    edges_s = np.interp(bars, np.arange(len(beats_s)), beats_s)
    before, after = bars < 0, bars > len(beats_s) - 1
    edges_s[before] = beats_s[0] + bars[before] * (beats_s[1] - beats_s[0])
    edges_s[after] = beats_s[-1] + (bars[after] - len(beats_s) + 1) * (beats_s[-1] - beats_s[-2])
    paces = 60.0 * _BAR_BEATS / np.maximum(np.diff(edges_s), 1e-3)
    ticks = np.maximum(0, np.rint((onset - first) * TICKS_PER_BEAT)).astype(int)
    return replace(
        notes,
        start_tick=ticks,
        end_tick=np.maximum(ticks + 1, np.rint((end - first) * TICKS_PER_BEAT)).astype(int),
        ticks_per_quarter=TICKS_PER_BEAT,
        tempi=tuple(
            Tempo(number * _BAR_BEATS * TICKS_PER_BEAT, float(np.clip(bpm, 10.0, 500.0)))
            for number, bpm in enumerate(paces)
        ),
        metres=(TimeSignature(0, _BAR_BEATS, 4),),
        last_tick=None,
    )


def _onset_strength(notes: Notes, begin_s: float) -> Float[np.ndarray, "frames"]:
    frames = np.rint((notes.start_s - begin_s) * _RATE_HZ).astype(int)
    weight = (notes.velocity / 127.0) * (1.0 + (notes.pitch < 55))
    strength = np.bincount(frames, weights=weight, minlength=int(frames.max()) + _RATE_HZ)
    kernel = np.exp(-0.5 * np.square(np.arange(-6, 7) / 2.5))
    smooth = np.convolve(strength, kernel, mode="same")
    return smooth / (smooth.std() + 1e-9)


def _period(strength: Float[np.ndarray, "frames"]) -> float:
    """Frames per beat: where the onsets agree best with themselves, leaning to usual tempi."""
    spectrum = np.fft.rfft(strength - strength.mean(), 2 * len(strength))
    agreement = np.fft.irfft(np.abs(spectrum) ** 2)
    lags = np.arange(int(60 * _RATE_HZ / _FASTEST_BPM), int(60 * _RATE_HZ / _SLOWEST_BPM) + 1)
    doubled = np.minimum(2 * lags, len(agreement) - 1)
    usual = np.exp(-0.5 * np.square(np.log2(lags * _USUAL_BPM / (60 * _RATE_HZ)) / _TEMPO_OCTAVES))
    return float(lags[np.argmax((agreement[lags] + 0.5 * agreement[doubled]) * usual)])


def _follow(strength: Float[np.ndarray, "frames"], period: float) -> Int[np.ndarray, "beats"]:
    score, link = _best_chains(strength, period, _STEADINESS)
    last = max(0, len(score) - int(period))
    frame = last + int(np.argmax(score[last:]))
    beats = [frame]
    while (frame := int(link[frame])) >= 0:
        beats.append(frame)
    return np.array(beats[::-1])


@njit(cache=True)
def _best_chains(strength: np.ndarray, period: float, steadiness: float) -> tuple[np.ndarray, np.ndarray]:
    """For each frame the best chain of beats that ends there, and the beat before."""
    score = strength.copy()
    link = np.full(len(strength), -1, np.int64)
    for frame in range(len(strength)):
        best, before = 0.0, -1
        for earlier in range(max(0, frame - int(2 * period)), frame - int(period / 2) + 1):
            value = score[earlier] - steadiness * np.log((frame - earlier) / period) ** 2
            if value > best:
                best, before = value, earlier
        score[frame] += best
        link[frame] = before
    return score, link


def _extended(beats_s: Float[np.ndarray, "n"], begin_s: float, end_s: float) -> Float[np.ndarray, "beats"]:
    """Go on at the pace of the nearest beats until all notes are covered."""
    if len(beats_s) < 2:
        beats_s = np.array([begin_s, begin_s + 60.0 / _USUAL_BPM])
    first, last = beats_s[1] - beats_s[0], beats_s[-1] - beats_s[-2]
    earlier = beats_s[0] - first * np.arange(int(np.ceil(max(0.0, beats_s[0] - begin_s) / first)), 0, -1)
    later = beats_s[-1] + last * np.arange(1, int(np.ceil(max(0.0, end_s - beats_s[-1]) / last)) + 1)
    return np.concatenate([earlier, beats_s, later])


def _in_beats(times_s: Float[np.ndarray, "n"], beats_s: Float[np.ndarray, "beats"]) -> Float[np.ndarray, "n"]:
    """Number of beats since the first one, straight on beyond the ends."""
    inside = np.interp(times_s, beats_s, np.arange(len(beats_s)))
    early, late = times_s < beats_s[0], times_s > beats_s[-1]
    inside[early] = (times_s[early] - beats_s[0]) / (beats_s[1] - beats_s[0])
    inside[late] = len(beats_s) - 1 + (times_s[late] - beats_s[-1]) / (beats_s[-1] - beats_s[-2])
    return inside


def _phase(onset: Float[np.ndarray, "n"], notes: Notes) -> int:
    """The beat of four on which most, loudest and lowest notes begin."""
    nearest = np.rint(onset).astype(int)
    weight = np.where(np.abs(onset - nearest) < 0.2, notes.velocity * np.where(notes.pitch < 55, 2.0, 1.0), 0.0)
    return int(np.bincount(nearest % _BAR_BEATS, weights=weight, minlength=_BAR_BEATS).argmax())

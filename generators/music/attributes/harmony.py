"""Attributes 30 to 57 and 97: what sounds together."""

from itertools import groupby, pairwise

import numpy as np
from jaxtyping import Float
from numba import njit

from espressivo.generators.music.attributes.events import Events, Stretches

_DISSONANT, _CONSONANT, _PERFECT = [1, 2, 6, 10, 11], [0, 3, 4, 5, 7, 8, 9], [0, 5, 7]
_CHORD_CODES = 11
_OTHER_OF_SIZE = {2: 0, 3: 5, 4: 9}
_MANY = 10
_SHAPES = {
    (0, 3, 7): 1,
    (0, 4, 7): 2,
    (0, 3, 6): 3,
    (0, 4, 8): 4,
    (0, 3, 7, 10): 6,
    (0, 4, 7, 10): 7,
    (0, 4, 7, 11): 8,
}
_LOOK_AHEAD = 149


def harmony_attributes(events: Events) -> list[float]:
    """Attributes 30 to 57."""
    stretches = events.stretches
    intervals = _intervals(stretches.ticks, stretches.offsets, stretches.rows, events.pitch, events.velocity)
    intervals /= intervals.sum() or 1.0
    folded = np.bincount(np.arange(128) % 12, weights=intervals)
    chords = _chord_types(events, stretches)
    counts = _distinct_pitches(stretches.offsets, stretches.rows, events.pitch)
    dissonance, consonance = folded[_DISSONANT].sum(), folded[_CONSONANT].sum()
    return [
        *intervals[[1, 7, 9, 13, 16, 22, 31, 34, 36, 38, 39, 40, 43, 44, 48, 51]],
        *folded[[0, 9]],
        *chords[[1, 2, 6]],
        float(counts @ stretches.ticks / stretches.ticks.sum()) if len(counts) else 0.0,
        folded.max(),
        folded[_PERFECT].sum(),
        dissonance / consonance if dissonance and consonance else 0.0,
        _chord_quarters(events, stretches),
        chords[6:9].sum(),
        chords[1] / chords[2] if chords[1] and chords[2] else 0.0,
    ]


def contrary_motion(events: Events) -> float:
    """Attribute 97: of pairs of voices that move, how many move in opposite directions."""
    stretches = events.stretches
    moves = _motions(stretches.ticks, stretches.offsets, stretches.rows, events.pitch)
    return float(moves[0] / moves.sum()) if moves.sum() else 0.0


def _chord_types(events: Events, stretches: Stretches) -> Float[np.ndarray, "11"]:
    """Share of the ticks with two pitch classes or more that each kind of chord has."""
    ticks = np.zeros(_CHORD_CODES)
    known: dict[int, int] = {}
    sets = _pitch_class_sets(stretches.offsets, stretches.rows, events.pitch)
    for members, length in zip(sets.tolist(), stretches.ticks.tolist(), strict=True):
        if members not in known:
            known[members] = _chord_code(members)
        if known[members] >= 0:
            ticks[known[members]] += length
    return ticks / (ticks.sum() or 1.0)


def _chord_code(members: int) -> int:
    """Kind of the chord whose pitch classes are the bits of `members`; -1 for fewer than two."""
    classes = [number for number in range(12) if members >> number & 1]
    if len(classes) < 2:
        return -1
    shapes = (tuple(sorted((each - root) % 12 for each in classes)) for root in classes)
    return next((_SHAPES[shape] for shape in shapes if shape in _SHAPES), _OTHER_OF_SIZE.get(len(classes), _MANY))


def _chord_quarters(events: Events, stretches: Stretches) -> float:
    """Mean length of a chord in quarters; of every chord but the first, the first tick is not counted."""
    orders = [
        tuple(dict.fromkeys((np.sort(events.pitch[stretches.rows[begin:end]]) % 12).tolist()))
        for begin, end in pairwise(stretches.offsets)
    ]
    lengths = [
        sum(length for _, length in group)
        for _, group in groupby(zip(orders, stretches.ticks.tolist(), strict=True), key=lambda pair: pair[0])
    ]
    if not lengths:
        return 0.0
    return (sum(lengths) - (len(lengths) - 1)) / len(lengths) / events.ticks_per_quarter


@njit(cache=True)
def _intervals(
    ticks: np.ndarray, offsets: np.ndarray, rows: np.ndarray, pitch: np.ndarray, velocity: np.ndarray
) -> np.ndarray:
    """Loudness of both notes for every interval that sounds, per tick; bin 0 has notes of one pitch that overlap."""
    bins = np.zeros(128)
    strength = np.zeros(128)
    for number in range(len(ticks)):
        sounding = [0 for _ in range(0)]
        unison = 0.0
        begun = np.zeros(128, np.int64)
        for place in range(offsets[number], offsets[number + 1]):
            row = rows[place]
            if begun[pitch[row]] == 0:
                sounding.append(int(pitch[row]))
                strength[pitch[row]] = velocity[row]
            else:
                unison += velocity[row] + (strength[pitch[row]] if begun[pitch[row]] == 1 else 0.0)
                strength[pitch[row]] += velocity[row]
            begun[pitch[row]] += 1
        bins[0] += unison * ticks[number]
        for one in range(len(sounding)):
            for other in range(one):
                distance = abs(sounding[one] - sounding[other])
                bins[distance] += (strength[sounding[one]] + strength[sounding[other]]) * ticks[number]
    return bins


@njit(cache=True)
def _distinct_pitches(offsets: np.ndarray, rows: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    out = np.zeros(len(offsets) - 1)
    for number in range(len(offsets) - 1):
        out[number] = len(set(pitch[rows[offsets[number] : offsets[number + 1]]]))
    return out


@njit(cache=True)
def _pitch_class_sets(offsets: np.ndarray, rows: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """The pitch classes of each stretch, as bits."""
    out = np.zeros(len(offsets) - 1, np.int64)
    for number in range(len(offsets) - 1):
        for place in range(offsets[number], offsets[number + 1]):
            out[number] |= 1 << (pitch[rows[place]] % 12)
    return out


@njit(cache=True)
def _motions(ticks: np.ndarray, offsets: np.ndarray, rows: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Pairs of voices that move contrary, parallel, similar and oblique, from one sound to the next of as many notes.

    Where the number of notes changes, a sound of as many notes is looked for within `_LOOK_AHEAD` ticks, if the piece
    has as many left.
    """
    moves = np.zeros(4)
    reached = np.cumsum(ticks)
    current = 0
    count = len(ticks)
    while current < count - 1:
        before = np.sort(pitch[rows[offsets[current] : offsets[current + 1]]])
        following = current + 1
        ahead = 0
        while following < count and offsets[following + 1] - offsets[following] != len(before):
            ahead += ticks[following]
            following += 1
            if ahead > _LOOK_AHEAD:
                following = count
        too_late = following > current + 1 and reached[-1] - reached[current] <= _LOOK_AHEAD + 2
        if following >= count or too_late:
            current += 1
            continue
        after = np.sort(pitch[rows[offsets[following] : offsets[following + 1]]])
        for one in range(len(before)):
            for other in range(one):
                first, second = after[one] - before[one], after[other] - before[other]
                if first == 0 and second == 0:
                    continue
                if first == 0 or second == 0:
                    moves[3] += 1
                elif first * second < 0:
                    moves[0] += 1
                elif first == second:
                    moves[1] += 1
                else:
                    moves[2] += 1
        current = following
    return moves

"""Where an emotion turns, and music whose bar lines fall on these turns."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from jaxtyping import Int

from espressivo.conditioning.track import EmotionTrack
from espressivo.media.notes import Notes, Tempo

SHORTEST_S = 4.0
"""Of a section: two bars or so."""
_STEP_S = 0.25
_WORTH = 0.25
"""Squared change times seconds that a further section has to explain (estimate)."""


def turning_points(track: EmotionTrack, seconds: float) -> tuple[float, ...]:
    """Return the times at which valence and arousal turn to something else for a while.

    The best steady values for stretches of `SHORTEST_S` and more, found by dynamic programming: each further one has
    to be worth its price (optimal partitioning, B. Jackson et al., 2005).

    Args:
        track: in seconds.
        seconds: where the music ends.
    """
    steps, shortest = max(1, round(seconds / _STEP_S)), round(SHORTEST_S / _STEP_S)
    place = track.sample((np.arange(steps) + 0.5) * _STEP_S).vad[:, :2].astype(float)
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(place, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((place**2).sum(axis=1))])
    cost, begin = np.full(steps + 1, np.inf), np.zeros(steps + 1, int)
    cost[0] = -_WORTH
    for end in range(min(shortest, steps), steps + 1):
        starts = np.unique(np.concatenate([[0], np.arange(shortest, end - shortest + 1)]))
        spread = squares[end] - squares[starts] - ((sums[end] - sums[starts]) ** 2).sum(axis=1) / (end - starts)
        total = cost[starts] + _STEP_S * spread + _WORTH
        begin[end], cost[end] = starts[total.argmin()], total.min()
    turns: list[float] = []
    at = begin[steps]
    while at > 0:
        turns.append(float(at * _STEP_S))
        at = begin[at]
    return tuple(reversed(turns))


def mean_place(track: EmotionTrack, begin_s: float, end_s: float) -> tuple[float, float]:
    """Return mean valence and arousal between two times."""
    times_s = begin_s + (np.arange(16) + 0.5) / 16 * (end_s - begin_s)
    valence, arousal, _ = track.sample(times_s).vad.astype(float).mean(axis=0)
    return float(valence), float(arousal)


def stretched(notes: Notes, edges: Int[np.ndarray, "sections+1"], edges_s: Sequence[float]) -> Notes:
    """Return the piece with its tempi scaled, so that each tick of `edges` falls on its time; the first on both is 0.

    Raises:
        ValueError: the edges do not rise, or there are not as many of one as of the other.
    """
    if len(edges) != len(edges_s) or edges[0] != 0 or (np.diff(edges) <= 0).any() or (np.diff(edges_s) <= 0).any():
        raise ValueError("Sections need edges that rise from 0, in ticks and in seconds.")
    scales = np.diff(notes.seconds_at(edges)) / np.diff(edges_s)
    tempi: list[Tempo] = []
    for number, (begin, end) in enumerate(pairwise(edges.tolist())):
        held = [tempo for tempo in notes.tempi if tempo.tick <= begin][-1]
        within = [tempo for tempo in notes.tempi if begin < tempo.tick < end]
        tempi += [Tempo(max(tempo.tick, begin), tempo.bpm * float(scales[number])) for tempo in (held, *within)]
    return replace(notes, tempi=tuple(tempi))


def on_time(notes: Notes, sections_s: Sequence[float], seconds: float) -> Notes:
    """Return the piece with the bar lines nearest to some times on them, and its end on `seconds`; see `stretched`.

    A time that has no bar line left, because the one before took it, is left out.
    """
    lines = notes.bar_edges
    lines_s = notes.seconds_at(lines)
    lines_s *= seconds / lines_s[-1]
    edges, edges_s = [0], [0.0]
    for time_s in sections_s:
        free = np.flatnonzero((lines > edges[-1]) & (lines < lines[-1]))
        if len(free):
            edges.append(int(lines[free[np.abs(lines_s[free] - time_s).argmin()]]))
            edges_s.append(time_s)
    return stretched(notes, np.array([*edges, lines[-1]]), [*edges_s, seconds])

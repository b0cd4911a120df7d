"""Does music follow an emotion that changes? Asked and heard valence and arousal, in windows of four bars.

The judge of VGMIDI hears each window as if it were a piece. Over windows (Spearman) its zero does not matter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata

from espressivo.eval.metric import NotMeasured
from espressivo.eval.music.judges import MusicJudge
from espressivo.eval.statistics.bootstrap import FEWEST_CLIPS, estimate, percentile_interval, resampled
from espressivo.media.notes import Notes

WINDOW_BARS = 4
FEWEST_NOTES = 4
"""A window with fewer is left out: a judge would hear a silence as its mean piece. Quiet music has few notes, so this
is less than a whole piece needs."""
_FEWEST_WINDOWS = 4
_LEAST_RANGE = 0.05
_BLOCK = 250
AXES = ("valence", "arousal")

AskedAt = Callable[[Float[np.ndarray, "n"]], Float[np.ndarray, "n 2"]]
"""Valence and arousal at times in seconds."""


@dataclass(frozen=True, eq=False)
class HeardCurve:
    """Windows of one piece."""

    asked: Float[np.ndarray, "windows 2"]
    """Valence and arousal, mean over the window."""
    heard: Float[np.ndarray, "windows 2"]
    left_out: int
    """Windows with too few notes."""


def windows_of(notes: Notes) -> list[tuple[float, float, Notes]]:
    """Cut a piece at every fourth bar line: begin and end in seconds, and the notes that begin there.

    A note ends with its window. Fewer than four bars at the end are left out, unless they are all there is.
    """
    edges = notes.bar_edges[::WINDOW_BARS]
    if len(edges) < 2:
        edges = notes.bar_edges[[0, -1]]
    times_s = notes.seconds_at(edges)
    cut = []
    for number, (begin, end) in enumerate(pairwise(edges.tolist())):
        inside = notes.where((notes.start_tick >= begin) & (notes.start_tick < end))
        ended = replace(inside, end_tick=np.minimum(inside.end_tick, end))
        cut.append((float(times_s[number]), float(times_s[number + 1]), ended))
    return cut


def heard_curve(judge: MusicJudge, notes: Notes, asked_at: AskedAt) -> HeardCurve:
    """Let a judge hear a piece window by window."""
    asked, heard, left_out = [], [], 0
    for begin_s, end_s, window in windows_of(notes):
        if len(window.pitched) < FEWEST_NOTES:
            left_out += 1
            continue
        asked.append(asked_at(np.linspace(begin_s, end_s, 9)[:-1]).mean(axis=0))
        heard.append(judge.valence_arousal(window))
    return HeardCurve(np.reshape(asked, (-1, 2)), np.reshape(heard, (-1, 2)), left_out)


def follow(curves: Sequence[HeardCurve]) -> dict[str, Any]:
    """Return how well heard curves follow the asked ones: over all windows, and within pieces.

    Intervals are over pieces drawn anew. Within a piece only an axis that was asked to change counts.
    """
    summary: dict[str, Any] = {
        "pieces": len(curves),
        "windows": int(sum(len(curve.asked) for curve in curves)),
        "windows_left_out": int(sum(curve.left_out for curve in curves)),
    }
    for axis, name in enumerate(AXES):
        within = [_correlation(curve.asked[:, axis], curve.heard[:, axis]) for curve in curves if _changes(curve, axis)]
        found = estimate([value for value in within if np.isfinite(value)])
        summary[name] = {
            "pooled": _pooled(curves, axis),
            "within_pieces": None
            if isinstance(found, NotMeasured)
            else {"value": _rounded(found.value), "interval_95": _interval(found.interval), "pieces": found.n_used},
        }
    return summary


def _changes(curve: HeardCurve, axis: int) -> bool:
    return len(curve.asked) >= _FEWEST_WINDOWS and np.ptp(curve.asked[:, axis]) > _LEAST_RANGE


def _pooled(curves: Sequence[HeardCurve], axis: int) -> dict[str, Any] | None:
    """Correlation over the windows of pieces in which this axis was asked to change."""
    used = [curve for curve in curves if _changes(curve, axis)]
    if not used:
        return None
    asked, heard = (np.concatenate([getattr(curve, name)[:, axis] for curve in used]) for name in ("asked", "heard"))
    piece = np.repeat(np.arange(len(used)), [len(curve.asked) for curve in used])

    def correlations(drawn: Int[np.ndarray, "draws pieces"]) -> Float[np.ndarray, "draws"]:
        counts = np.stack([np.bincount(draw, minlength=len(used)) for draw in drawn])[:, piece]
        return _weighted_correlations(asked, heard, counts.astype(float))

    def in_blocks(drawn: Int[np.ndarray, "draws pieces"]) -> Float[np.ndarray, "draws"]:
        return np.concatenate([correlations(block) for block in np.array_split(drawn, -(-len(drawn) // _BLOCK))])

    interval = percentile_interval(resampled(in_blocks, len(used))) if len(used) >= FEWEST_CLIPS else None
    return {
        "value": _rounded(_correlation(asked, heard)),
        "interval_95": _interval(interval),
        "pieces": len(used),
        "windows": len(piece),
    }


def _weighted_correlations(
    one: Float[np.ndarray, "n"], other: Float[np.ndarray, "n"], weights: Float[np.ndarray, "draws n"]
) -> Float[np.ndarray, "draws"]:
    """Spearman's rho where each value stands as often as its weight says; 0 where all that is drawn is alike."""
    total = np.maximum(weights.sum(axis=1), 1e-300)
    ranks = [_weighted_ranks(values, weights) for values in (one, other)]
    a, b = (each - (each * weights).sum(axis=1, keepdims=True) / total[:, None] for each in ranks)
    spread = np.sqrt((weights * a**2).sum(axis=1) * (weights * b**2).sum(axis=1))
    return np.divide((weights * a * b).sum(axis=1), spread, out=np.zeros(len(weights)), where=spread > 0)


def _weighted_ranks(
    values: Float[np.ndarray, "n"], weights: Float[np.ndarray, "draws n"]
) -> Float[np.ndarray, "draws n"]:
    """Mean rank of each value in each draw, ties ranked alike."""
    order = np.argsort(values, kind="stable")
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    begins = np.cumsum(sizes) - sizes
    heavy = np.add.reduceat(weights[:, order], begins, axis=1)
    return (np.cumsum(heavy, axis=1) - heavy / 2)[:, group]


def _correlation(one: Float[np.ndarray, "n"], other: Float[np.ndarray, "n"]) -> float:
    """Spearman's rho; NaN where one of them does not vary."""
    if len(one) < 2 or not np.ptp(one) or not np.ptp(other):
        return float("nan")
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def _interval(bounds: tuple[float, float] | None) -> list[float] | None:
    return bounds and [_rounded(bound) for bound in bounds]


def _rounded(number: float) -> float:
    return round(float(number), 3)

"""Is a generated piece like real ones: how many lie within the middle half, and within 90 %, of real EMOPIA clips?

By definition half of the real clips lie within their own middle half of a measure, and fewer in that of all measures
at once: the same shares of held-out real clips are the ceiling of what can be asked for.

Everything is measured on beats: EMOPIA's files are performances at a nominal tempo, whose beats are found first
(`generators.music.beats`). Groove is compared on sixteenths, as it depends on how finely a file divides a beat.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from espressivo.eval.music.bars import empty_bars_share
from espressivo.eval.music.description import notes_per_s
from espressivo.eval.music.piano_roll import groove_consistency, pitch_class_entropy, polyphony, scale_consistency
from espressivo.eval.music.recognition import share
from espressivo.generators.music.beats import is_on_grid, on_beats, track_beats
from espressivo.media.notes import Notes

_STEPS_PER_QUARTER = 4
_QUANTILES = (5, 25, 50, 75, 95)
HALF, MOST = (25, 75), (5, 95)
ALL = "all measures"


def on_its_beats(notes: Notes) -> Notes:
    """Return a piece in bars; where its file has none that can be believed, beats are tracked."""
    return notes if not len(notes) or is_on_grid(notes) else on_beats(notes, track_beats(notes))


def groove_on_sixteenths(notes: Notes) -> float:
    """Return muspy's groove consistency of a piece whose notes are put on sixteenths."""
    scale = _STEPS_PER_QUARTER / notes.ticks_per_quarter
    start, end = (np.floor(tick * scale + 0.5).astype(int) for tick in (notes.start_tick, notes.end_tick))
    return groove_consistency(replace(notes, start_tick=start, end_tick=end, ticks_per_quarter=_STEPS_PER_QUARTER))


MEASURES: Mapping[str, Callable[[Notes], float]] = {
    "pitch_class_entropy": pitch_class_entropy,
    "scale_consistency": scale_consistency,
    "polyphony": polyphony,
    "notes_per_s": notes_per_s,
    "groove_consistency": groove_on_sixteenths,
    "empty_bars": empty_bars_share,
}

Table = Mapping[str, Float[np.ndarray, "pieces"]]
"""A value per piece, by the name of the measure."""


def measured_table(pieces: Sequence[Notes]) -> Table:
    """Apply `MEASURES` to pieces in bars."""
    return {name: np.array([measure(notes) for notes in pieces]) for name, measure in MEASURES.items()}


def within(table: Table, real: Table, percentiles: tuple[int, int]) -> dict[str, Bool[np.ndarray, "pieces"]]:
    """Return by measure, and for all of them at once, which pieces lie between two percentiles of the real ones.

    A piece of which something cannot be measured lies outside.
    """
    inside = {}
    for name, values in table.items():
        low, high = np.nanpercentile(real[name], percentiles)
        inside[name] = (values >= low) & (values <= high)
    return inside | {ALL: np.logical_and.reduce(list(inside.values()))}


def compare(
    generated: Table,
    labels: Sequence[str],
    units: Sequence[str],
    real: Table,
    held_out: Table,
    held_out_units: Sequence[str],
) -> dict[str, Any]:
    """Return the shares within the real ranges, with intervals, and where generated and real values lie.

    Args:
        generated: the pieces.
        labels: the quadrant asked of each.
        units: what is drawn anew for intervals.
        real: clips that set the ranges.
        held_out: clips of other songs.
        held_out_units: the song of each.
    """
    rows = {}
    insides = {
        "within_iqr": (within(generated, real, HALF), units),
        "held_out_within_iqr": (within(held_out, real, HALF), held_out_units),
        "within_5_95": (within(generated, real, MOST), units),
        "held_out_within_5_95": (within(held_out, real, MOST), held_out_units),
    }
    quadrant = np.asarray(labels)
    for name in (*generated, ALL):
        rows[name] = {column: share(inside[name], drawn) for column, (inside, drawn) in insides.items()}
        if name != ALL:
            rows[name] |= {
                "real_quantiles": _quantiles(real[name]),
                "generated_quantiles": _quantiles(generated[name]),
                "generated_medians": {
                    label: _rounded(np.nanmedian(generated[name][quadrant == label])) for label in sorted(set(labels))
                },
            }
    return {"quantiles": list(_QUANTILES), "measures": rows}


def _quantiles(values: Float[np.ndarray, "n"]) -> list[float]:
    return [_rounded(value) for value in np.nanpercentile(values, _QUANTILES)]


def _rounded(number: float) -> float:
    return round(float(number), 3)

"""Where to listen: overlapping windows over a piece, each heard together with the whole of it."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.music_emotion.features import describe
from espressivo.errors import InputError
from espressivo.media.notes import Notes

WINDOW_S = 8.0
HOP_S = 2.0
_LEAST_S = 2.0
"""What is shorter is described as if silence followed: a single chord is not fast."""
_LONGEST_S = 1800.0
_SURE_NOTES = 10
"""Fewer notes than this say little (estimate; the judges of music want as many)."""
_MEZZO_FORTE = 64
_PLAYED, _LEAST_SAID = 8.0, 0.3
"""A performance's velocities vary by this or more (EMOPIA's by 12). Scores that nobody played have one for all notes,
often the greatest, which says little about loudness; but whoever sets it lower may mean it (estimate)."""


@dataclass(frozen=True, eq=False)
class Listening:
    """A piece, described at moments of it and as a whole."""

    times_s: Float[np.ndarray, "windows"]
    """From 0 to where the last note ends."""
    windows: Float[np.ndarray, "windows features"]
    """Of up to `WINDOW_S` around each moment, as far as the piece reaches."""
    whole: Float[np.ndarray, "features"]
    evidence: Float[np.ndarray, "windows"]
    """From 0, where nothing sounds around the moment, to 1."""


def listen(notes: Notes, hop_s: float = HOP_S) -> Listening:
    """Describe a piece window by window.

    Raises:
        InputError: it has no pitched notes, or is longer than half an hour.
    """
    notes = notes.pitched
    if not len(notes):
        raise InputError("The music has no pitched notes, drums aside; give a piece with a melody or chords.")
    if float(notes.end_s.max()) > _LONGEST_S:
        raise InputError(
            f"The music is longer than {_LONGEST_S / 60:.0f} minutes; give a single piece or a part of it."
        )
    notes = _as_played(notes)
    first_s, end_s = float(notes.start_s.min()), float(notes.end_s.max())
    last_s = max(end_s, first_s + _LEAST_S)
    times_s = np.append(np.arange(0.0, end_s - hop_s / 2, hop_s), end_s)
    begins = np.clip(times_s - WINDOW_S / 2, first_s, max(last_s - WINDOW_S, first_s))
    ends = np.minimum(begins + WINDOW_S, last_s)
    sounds = [
        bool(((notes.start_s < time_s + WINDOW_S / 2) & (notes.end_s > time_s - WINDOW_S / 2)).any())
        for time_s in times_s
    ]
    return Listening(
        times_s=times_s,
        windows=np.array([describe(notes, begin_s, stop_s) for begin_s, stop_s in zip(begins, ends, strict=True)]),
        whole=describe(notes, first_s, last_s),
        evidence=min(1.0, len(notes) / _SURE_NOTES) * np.array(sounds, float),
    )


def _as_played(notes: Notes) -> Notes:
    """Draw velocities that hardly vary towards mezzo-forte."""
    said = np.clip(notes.velocity.std() / _PLAYED, _LEAST_SAID, 1.0)
    return replace(notes, velocity=np.round(_MEZZO_FORTE + said * (notes.velocity - _MEZZO_FORTE)).astype(int))

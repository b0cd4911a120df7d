"""Is what a generator wrote whole music: notes that have a length, keys that are struck once at a time, its own length?

Pieces that lie on the grid of EmoGen's tokens are also written in them and held to its grammar.
"""

from collections.abc import Callable, Mapping

import numpy as np

from espressivo.errors import InputError
from espressivo.generators.music.emogen.grammar import Grammar, State
from espressivo.generators.music.emogen.locks import Locks
from espressivo.generators.music.emogen.tokens import GRID, piano, spell, tokenise
from espressivo.generators.music.score import Score, midi_of
from espressivo.media.notes import Notes, parse_notes

_LENGTH = "is not as long as asked for"


def breaks_of(notes: Notes, asked_bars: int | None = None) -> tuple[str, ...]:
    """Return what is wrong with a piece that was read from its file; empty if it is whole.

    Args:
        notes: the piece.
        asked_bars: what was asked for; half a bar more or less is as long.
    """
    wrong = [what for what, found in _CHECKS.items() if found(notes)]
    bars = np.searchsorted(notes.bar_edges, notes.end - 1, side="right")
    if asked_bars is not None and bars != asked_bars:
        wrong.append(_LENGTH)
    return tuple(wrong)


def _has_empty_notes(notes: Notes) -> bool:
    return bool((notes.end_tick <= notes.start_tick).any())


def _strikes_twice(notes: Notes) -> bool:
    """Whether a key is struck while it sounds."""
    order = np.lexsort((notes.start_tick, notes.pitch, notes.track))
    start, end, pitch, track = (
        column[order] for column in (notes.start_tick, notes.end_tick, notes.pitch, notes.track)
    )
    same = (np.diff(pitch) == 0) & (np.diff(track) == 0)
    return bool((same & (start[1:] < end[:-1])).any())


def _changes_in_file(notes: Notes) -> bool:
    """Whether writing and reading it again gives other notes."""
    again = parse_notes(midi_of(Score.of(notes)), "the piece")
    return _rows(again) != _rows(notes)


def _breaks_grammar(notes: Notes) -> bool:
    """Whether its tokens are not in EmoGen's grammar, or say other notes; ends may have been cut short of a token's."""
    if (notes.start_tick * GRID % notes.ticks_per_quarter).any():
        return False
    vocabulary = piano()
    try:
        tokens = tokenise(notes)
        ids = vocabulary.encode(tokens)
    except InputError:
        return True
    grammar, state = Grammar(vocabulary, Locks(most_at_once=128)), State()
    for token in ids:
        if not grammar.allowed(state)[token]:
            return True
        state = grammar.after(state, token)
    return state != State() or _onsets(spell(tokens).notes) != _onsets(notes)


def _rows(notes: Notes) -> list[tuple[int, ...]]:
    columns = (notes.start_tick, notes.end_tick, notes.pitch, notes.velocity)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def _onsets(notes: Notes) -> list[tuple[int, int]]:
    """Onset and pitch of every note on the grid, counted from the first one: tokens begin with the first full bar."""
    place = (notes.start_tick - notes.start_tick.min()) * GRID // notes.ticks_per_quarter
    return sorted(zip(place.tolist(), notes.pitch.tolist(), strict=True))


_CHECKS: Mapping[str, Callable[[Notes], bool]] = {
    "has notes without length": _has_empty_notes,
    "strikes a key that sounds": _strikes_twice,
    "changes when written and read": _changes_in_file,
    "breaks the grammar of its tokens": _breaks_grammar,
}

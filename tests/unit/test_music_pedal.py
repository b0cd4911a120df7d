"""The sustaining pedal: what sounds on, and until when."""

import numpy as np

from espressivo.generators.music.pedal import pedalled
from espressivo.media.notes import Notes

QUARTER = 480
C_MAJOR, G_MAJOR = (48, 52, 55), (43, 47, 50)


def piece(*strokes: tuple[float, tuple[int, ...]], length: float = 0.5) -> Notes:
    """Strokes at quarters, each so many quarters long."""
    rows = [(round(at * QUARTER), pitch) for at, pitches in strokes for pitch in pitches]
    start = np.array([begin for begin, _ in rows])
    return Notes(
        pitch=np.array([pitch for _, pitch in rows]),
        velocity=np.full(len(rows), 64),
        start_tick=start,
        end_tick=start + round(length * QUARTER),
        track=np.zeros(len(rows), int),
        is_drum=np.zeros(len(rows), bool),
        ticks_per_quarter=QUARTER,
    )


def ends(notes: Notes) -> list[float]:
    return (notes.end_tick / QUARTER).tolist()


def test_notes_sound_until_the_harmony_changes() -> None:
    notes = piece((0, C_MAJOR), (1, (60,)), (2, G_MAJOR))
    assert ends(pedalled(notes, 0, 4 * QUARTER)) == [2, 2, 2, 2, 4, 4, 4]


def test_notes_out_of_the_harmony_end_as_they_are_written() -> None:
    notes = piece((0, C_MAJOR), (0.25, (62,)), (0.5, C_MAJOR))
    assert ends(pedalled(notes, 0, 4 * QUARTER)) == [4, 4, 4, 0.75, 4, 4, 4]


def test_no_note_becomes_shorter() -> None:
    notes = piece((0, C_MAJOR), (2, G_MAJOR), length=3.0)
    assert (pedalled(notes, 0, 4 * QUARTER).end_tick >= notes.end_tick).all()


def test_a_new_bass_is_a_new_harmony_where_no_chord_is_clear() -> None:
    notes = piece((0, C_MAJOR), (1, (55, 64)), (2, (41,)))
    assert ends(pedalled(notes, 0, 4 * QUARTER)) == [2, 2, 2, 2, 2, 4]


def test_a_pedal_is_held_for_eight_quarters_at_most() -> None:
    notes = piece(*((beat, C_MAJOR) for beat in range(12)))
    assert max(pedalled(notes, 0, 12 * QUARTER).end_tick[:3]) == 8 * QUARTER


def test_only_what_is_new_is_pedalled() -> None:
    notes = piece((0, C_MAJOR), (4, C_MAJOR), (8, C_MAJOR))
    assert ends(pedalled(notes, 4 * QUARTER, 8 * QUARTER)) == [0.5] * 3 + [8.0] * 3 + [8.5] * 3


def test_nothing_is_held_in_silence() -> None:
    empty = piece((0, C_MAJOR)).where(np.zeros(3, bool))
    assert len(pedalled(empty, 0, 4 * QUARTER)) == 0

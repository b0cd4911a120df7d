"""EmoGen's tokens: pieces survive being written and read; what is no music is passed over."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.errors import InputError
from espressivo.generators.music.emogen.tokens import GRID, many_instruments, piano, spell, tokenise
from espressivo.media.notes import Notes, Tempo, TimeSignature


def piece(rows: list[tuple[int, int, int, int]], **more: object) -> Notes:
    """Notes (onset and length in twelfths of a quarter, pitch, velocity)."""
    start, length, pitch, velocity = np.array(sorted(rows), int).reshape(-1, 4).T
    notes = Notes(
        pitch=pitch,
        velocity=velocity,
        start_tick=40 * start,
        end_tick=40 * (start + length),
        track=np.zeros(len(start), int),
        is_drum=np.zeros(len(start), bool),
        ticks_per_quarter=40 * GRID,
    )
    return replace(notes, **more)  # pyright: ignore[reportArgumentType]


def test_the_dictionaries_have_the_authors_sizes_and_begin_with_id_4() -> None:
    assert len(piano()) == 462
    assert len(many_instruments()) == 692
    assert piano().ids["b-1"] == 4


def test_a_bar_is_spelled_from_its_signature_to_its_end() -> None:
    bar = piece([(0, 12, 60, 66), (0, 24, 64, 66), (12, 6, 62, 90)])
    assert tokenise(bar) == [
        *("s-9", "t-35", "o-0", "i-0", "p-64", "d-18", "v-16", "p-60", "d-12", "v-16"),
        *("o-12", "i-0", "p-62", "d-6", "v-22", "b-1"),
    ]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(1, 11), st.integers(0, 120), st.integers(0, 31)),
        min_size=1,
        max_size=60,
        unique_by=lambda row: (row[0], row[2]),
    )
)
def test_notes_on_the_grid_survive(rows: list[tuple[int, int, int, int]]) -> None:
    played = piece([(start, length, pitch, 4 * loud + 2) for start, length, pitch, loud in rows])
    first_bar = played.start_tick.min() // (4 * 40 * GRID)
    read = spell(piano().decode(piano().encode(tokenise(played))))
    assert read.malformed == 0
    expected = sorted((start - 48 * first_bar, length, pitch, 4 * loud + 2) for start, length, pitch, loud in rows)
    found = read.notes
    columns = zip(found.start_tick, found.end_tick - found.start_tick, found.pitch, found.velocity, strict=True)
    assert sorted(columns) == expected


def test_what_was_spelled_is_spelled_the_same_again() -> None:
    generator = np.random.default_rng(0)
    rows = [tuple(map(int, row)) for row in generator.integers([0, 1, 30, 1], [400, 500, 90, 127], (200, 4))]
    once = spell(tokenise(piece(rows)))  # pyright: ignore[reportArgumentType]
    again = spell(tokenise(once.notes, once.programs))
    assert tokenise(again.notes) == tokenise(once.notes)


def test_metres_and_tempi_are_kept() -> None:
    waltz = piece(
        [(0, 12, 60, 66), (36, 12, 62, 66), (72, 12, 64, 66)],
        metres=(TimeSignature(0, 3, 4),),
        tempi=(Tempo(0, 90.0), Tempo(72 * 40, 180.0)),
    )
    read = spell(tokenise(waltz)).notes
    assert read.metres == (TimeSignature(0, 3, 4),)
    assert [tempo.tick for tempo in read.tempi] == [0, 72]
    assert [tempo.bpm for tempo in read.tempi] == pytest.approx([90.0, 180.0], rel=0.03)


def test_instruments_and_drums_are_told_apart() -> None:
    band = piece([(0, 12, 36, 98), (0, 12, 40, 66), (0, 12, 64, 82)])
    band = replace(band, track=np.array([2, 1, 0]), is_drum=np.array([True, False, False]))
    tokens = tokenise(band, programs=(0, 32, 0))
    many_instruments().encode(tokens)
    read = spell(tokens)
    assert read.programs == (0, 32, 128)
    assert dict(zip(read.notes.track.tolist(), read.notes.pitch.tolist(), strict=True)) == {0: 64, 1: 40, 2: 36}
    assert read.notes.is_drum.tolist() == (read.notes.track == 2).tolist()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(piano().tokens), max_size=60))
def test_any_tokens_can_be_read(tokens: list[str]) -> None:
    read = spell(tokens)
    complete = sum(
        1 for place in range(len(tokens) - 2) if [token[0] for token in tokens[place : place + 3]] == ["p", "d", "v"]
    )
    assert len(read.notes) <= complete
    assert (read.notes.end_tick > read.notes.start_tick).all()
    assert list(read.edges) == sorted(read.edges)


def test_fragments_of_notes_are_passed_over_and_counted() -> None:
    whole = ["s-9", "t-35", "o-0", "i-0", "p-60", "d-12", "v-16", "b-1"]
    assert spell([*whole[:6], *whole[7:]]).malformed == 1  # no loudness
    assert spell(["s-9", "t-35", "p-60", "d-12", "v-16", "b-1"]).malformed == 3  # nowhere
    assert len(spell([*whole[:4], "d-3", *whole[4:]]).notes) == 1


def test_what_has_no_token_is_refused() -> None:
    with pytest.raises(InputError, match="two whole notes"):
        tokenise(piece([(0, 12, 60, 66)], metres=(TimeSignature(0, 9, 4),)))
    with pytest.raises(InputError, match="pitch"):
        piano().encode(tokenise(piece([(0, 12, 121, 66)])))

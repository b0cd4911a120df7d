"""MusER's compound words, chords and dictionaries: pieces survive, hostile files are refused."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.errors import InputError
from espressivo.generators.music.muser.chords import NO_CHORD, QUALITIES, ROOTS, chord_of
from espressivo.generators.music.muser.dictionary import read_dictionary, reconstructed
from espressivo.generators.music.muser.elements import FIELDS
from espressivo.generators.music.muser.tokens import BAR, STEP, spell, tokenise
from espressivo.media.notes import Notes, Tempo


def piece(rows: list[tuple[int, int, int, int]], tempi: tuple[Tempo, ...] = (Tempo(0, 120.0),)) -> Notes:
    """Notes (onset and length in sixteenths, pitch, velocity)."""
    start, length, pitch, velocity = np.array(sorted(rows, key=lambda row: (row[0], row[2])), int).reshape(-1, 4).T
    return Notes(
        pitch=pitch,
        velocity=velocity,
        start_tick=STEP * start,
        end_tick=STEP * (start + length),
        track=np.zeros(len(start), int),
        is_drum=np.zeros(len(start), bool),
        ticks_per_quarter=480,
        tempi=tempi,
    )


def words(row: np.ndarray) -> list[int | str]:
    return [reconstructed().words[column][number] for column, number in enumerate(row)]


def test_a_piece_is_spelled_from_its_emotion_to_its_end() -> None:
    chord = piece([(16, 4, 60, 81), (16, 4, 64, 30), (16, 4, 67, 80), (30, 0, 72, 127)])
    assert [words(row) for row in tokenise(chord, 3)] == [
        [0, 0, 0, "Emotion", 0, 0, 0, 3],
        [0, 0, "Bar", "Metrical", 0, 0, 0, 0],
        ["Tempo_119", "C_M", "Beat_0", "Metrical", 0, 0, 0, 0],
        [0, 0, 0, "Note", "Note_Pitch_67", "Note_Duration_480", "Note_Velocity_80", 0],
        [0, 0, 0, "Note", "Note_Pitch_64", "Note_Duration_480", "Note_Velocity_40", 0],
        [0, 0, 0, "Note", "Note_Pitch_60", "Note_Duration_480", "Note_Velocity_80", 0],
        ["CONTI", "N_N", "Beat_14", "Metrical", 0, 0, 0, 0],
        [0, 0, 0, "Note", "Note_Pitch_72", "Note_Duration_0", "Note_Velocity_120", 0],
        [0, 0, "Bar", "Metrical", 0, 0, 0, 0],
        [0, 0, 0, "EOS", 0, 0, 0, 0],
    ]


def test_a_note_without_duration_is_played_for_half_a_position() -> None:
    read = spell(tokenise(piece([(14, 0, 72, 100)]), 1)).notes
    assert (read.end_tick - read.start_tick).tolist() == [STEP // 2]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(1, 16), st.integers(22, 107), st.integers(20, 60)),
        min_size=1,
        max_size=60,
        unique_by=lambda row: (row[0], row[2]),
    ),
    st.integers(1, 4),
)
def test_notes_on_the_grid_survive(rows: list[tuple[int, int, int, int]], quadrant: int) -> None:
    played = piece([(start, length, pitch, 2 * loud) for start, length, pitch, loud in rows])
    read = spell(tokenise(played, quadrant))
    first = played.start_tick.min() // BAR * BAR
    assert (read.malformed, read.quadrant) == (0, quadrant)
    assert np.array_equal(read.notes.start_tick, played.start_tick - first)
    assert np.array_equal(read.notes.end_tick, played.end_tick - first)
    assert np.array_equal(read.notes.pitch, played.pitch)
    assert np.array_equal(read.notes.velocity, played.velocity)
    # Written again it is the same, chords and tempi included.
    assert np.array_equal(tokenise(read.notes, quadrant), tokenise(played, quadrant))


def test_tempi_are_kept_where_notes_begin() -> None:
    read = spell(tokenise(piece([(0, 4, 60, 80), (16, 4, 62, 80)], (Tempo(0, 90.0), Tempo(BAR, 180.0))), 1))
    assert [tempo.tick for tempo in read.notes.tempi] == [0, BAR]
    assert [tempo.bpm for tempo in read.notes.tempi] == pytest.approx([90.0, 180.0], rel=0.03)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(*(st.integers(0, field.classes - 1) for field in FIELDS)), max_size=40))
def test_any_words_can_be_read(rows: list[tuple[int, ...]]) -> None:
    read = spell(np.array(rows, int).reshape(-1, 8))
    assert (read.notes.end_tick > read.notes.start_tick).all()
    assert read.notes.tempi[0].tick == 0


def test_music_without_known_pitches_is_refused() -> None:
    with pytest.raises(InputError, match="pitches 22 and 107"):
        tokenise(piece([(0, 4, 10, 80)]), 1)
    with pytest.raises(ValueError, match="quadrant 5"):
        tokenise(piece([(0, 4, 60, 80)]), 5)


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("root", [0, 4, 11])
def test_every_chord_is_recognised_from_its_notes_over_its_root(root: int, quality: str) -> None:
    pitch = 48 + root + np.array(QUALITIES[quality])
    assert chord_of(pitch, np.ones(len(pitch))) == f"{ROOTS[root]}_{quality}"


def test_unclear_harmony_is_no_chord() -> None:
    for pitch in ([], [60, 72], [60, 67], [60, 61, 62, 63]):
        assert chord_of(np.array(pitch, int), np.ones(len(pitch))) == NO_CHORD


def test_ranks_follow_music_where_ids_follow_text() -> None:
    ranks = reconstructed().ranks("pitch")
    low, high = (reconstructed().number("pitch", f"Note_Pitch_{pitch}") for pitch in (22, 100))
    assert low > high
    assert ranks[low] < ranks[high]


def test_the_authors_dictionary_is_read_without_executing_it(tmp_path: Path) -> None:
    path = tmp_path / "dictionary.pkl"
    to_word = {field.name: dict(enumerate(column)) for field, column in zip(FIELDS, reconstructed().words, strict=True)}
    to_id = {name: {word: number for number, word in column.items()} for name, column in to_word.items()}
    path.write_bytes(pickle.dumps((to_id, to_word)))
    assert read_dictionary(path) == reconstructed()
    short = {**to_word, "velocity": {0: 0, 1: "Note_Velocity_40"}}
    hostile = [print, (to_id, {**to_word, "type": 5}), (to_id, short), to_word, np.zeros(3), (to_id, {})]
    for content in [b"", b"no pickle", pickle.dumps((to_id, to_word))[:-50], *map(pickle.dumps, hostile)]:
        path.write_bytes(content)
        with pytest.raises(InputError):
            read_dictionary(path)
    with pytest.raises(InputError, match="cannot be opened"):
        read_dictionary(tmp_path / "none.pkl")

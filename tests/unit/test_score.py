"""Scores and their MIDI files."""

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.errors import InputError, OutputError
from espressivo.generators.music.keys import SCALES, Key
from espressivo.generators.music.score import (
    Chord,
    Instrument,
    KeyChange,
    Score,
    is_chord,
    midi_of,
    parse_score,
    playable,
    read_score,
    write_midi,
)
from espressivo.generators.music.score_marks import readable
from espressivo.media.notes import Notes, Tempo, TimeSignature

pytest.importorskip("symusic")
COLUMNS = ("pitch", "velocity", "start_tick", "end_tick", "track", "is_drum")
JOY = EmotionTrack(
    (
        Keyframe(0.0, EmotionState({"happiness": 1.0}, 0.4)),
        Keyframe(3.0, EmotionState({"happiness": 0.6, "surprise": 0.4}, 1.0), "smooth"),
    )
)


def notes_of(*rows: tuple[int, int, int, int, int], drums: tuple[int, ...] = ()) -> Notes:
    """Rows of start, end, pitch, velocity and track."""
    table = np.array(sorted(rows, key=lambda row: (row[0], row[2])), dtype=np.int64).reshape(-1, 5)
    start, end, pitch, velocity, track = table.T
    return Notes(pitch, velocity, start, end, track, np.isin(track, drums), 480)


def piece() -> Score:
    notes = notes_of(
        (0, 480, 60, 1, 0),
        (480, 1000, 64, 127, 0),
        (1440, 2880, 48, 64, 1),
        (3000, 4000, 67, 90, 0),
        (0, 120, 36, 100, 2),
        drums=(2,),
    )
    notes = replace(
        notes,
        tempi=(Tempo(0, 60e6 / 500_001), Tempo(1440, 60e6 / 700_000)),
        metres=(TimeSignature(0, 3, 4), TimeSignature(1440, 6, 8)),
    )
    players = (Instrument("Grand", 0), Instrument("Cellos", 42), Instrument("Kit", 0, is_drum=True))
    keys = (KeyChange(0, Key(9, "minor")), KeyChange(1440, Key(2, "dorian")))
    chords = (Chord(0, "C_M7"), Chord(1440, "F#m"), Chord(2880, "N_N"))
    return Score(notes, players, keys, chords, JOY, "Étude: one")


def assert_same(one: Score, other: Score) -> None:
    for column in COLUMNS:
        np.testing.assert_array_equal(getattr(one.notes, column), getattr(other.notes, column), column)
    assert one.notes.metres == other.notes.metres
    assert [tempo.tick for tempo in one.notes.tempi] == [tempo.tick for tempo in other.notes.tempi]
    assert [tempo.bpm for tempo in one.notes.tempi] == pytest.approx([tempo.bpm for tempo in other.notes.tempi])
    assert (one.instruments, one.keys, one.chords, one.title) == (
        other.instruments,
        other.keys,
        other.chords,
        other.title,
    )
    assert one.emotion == other.emotion


def test_a_file_gives_the_score_again_and_the_same_bytes(tmp_path: Path) -> None:
    write_midi(tmp_path / "a.mid", piece())
    again = read_score(tmp_path / "a.mid")
    assert_same(again, piece())
    write_midi(tmp_path / "b.mid", again)
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


ROWS = st.tuples(
    st.integers(0, 4000), st.integers(0, 900), st.integers(0, 127), st.integers(1, 127), st.integers(0, 18)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=40))
def test_any_notes_come_back_as_midi_can_say_them(rows: list[tuple[int, int, int, int, int]]) -> None:
    numbers = sorted({row[4] for row in rows})
    dense = [(start, start + length, pitch, loud, numbers.index(track)) for start, length, pitch, loud, track in rows]
    score = replace(Score.of(playable(notes_of(*dense))))
    again = parse_score(midi_of(score), "it")

    def table(notes: Notes) -> list[tuple[int, ...]]:
        return sorted(zip(*(getattr(notes, column).tolist() for column in COLUMNS), strict=True))

    assert table(again.notes) == table(score.notes)
    assert again.instruments == score.instruments


@pytest.mark.parametrize("mode", SCALES)
@pytest.mark.parametrize("tonic", range(12))
def test_every_key_comes_back(tonic: int, mode: str) -> None:
    key = Key.of(f"{('C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B')[tonic]} {mode}")
    score = replace(piece(), keys=(KeyChange(0, key),))
    assert parse_score(midi_of(score), "it").keys == score.keys


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5000), st.integers(0, 3000), st.integers(0, 127), st.integers(1, 127), st.integers(0, 2)
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(24, 960),
    st.floats(10, 400),
    st.text(max_size=20).map(readable),
)
def test_any_piece_comes_back_as_midi_can_say_it(
    rows: list[tuple[int, int, int, int, int]], ticks: int, bpm: float, title: str
) -> None:
    notes = notes_of(*[(start, start + length, pitch, loud, track) for start, length, pitch, loud, track in rows])
    notes = replace(
        notes, ticks_per_quarter=ticks, tempi=(Tempo(0, bpm),), track=np.unique(notes.track, return_inverse=True)[1]
    )
    players = tuple(Instrument(f"{title}{number}", 10 * number) for number in range(int(notes.track.max()) + 1))
    score = Score(notes, players, title=title)
    again = parse_score(midi_of(score), "it")
    kept = playable(score.notes)
    order = np.lexsort((kept.track, kept.pitch, kept.start_tick))
    found = np.lexsort((again.notes.track, again.notes.pitch, again.notes.start_tick))
    for column in COLUMNS:
        assert getattr(again.notes, column)[found].tolist() == getattr(kept, column)[order].tolist()
    assert (again.title, again.instruments) == (title, players)
    assert again.notes.tempi[0].bpm == pytest.approx(bpm, rel=1e-4)
    assert midi_of(again) == midi_of(parse_score(midi_of(again), "it"))


def test_nothing_of_a_score_can_be_changed() -> None:
    notes = notes_of((0, 480, 60, 80, 0))
    score = Score(notes, (Instrument(),))
    with pytest.raises(ValueError, match="read-only"):
        score.notes.pitch[0] = 61
    with pytest.raises(FrozenInstanceError):
        score.title = "other"  # pyright: ignore[reportAttributeAccessIssue]
    notes.pitch[0] = 70
    assert score.notes.pitch.tolist() == [60], "not from outside either"


def test_a_note_struck_again_ends_and_one_of_no_length_sounds() -> None:
    notes = playable(notes_of((0, 1000, 60, 80, 0), (200, 300, 60, 80, 0), (500, 500, 62, 80, 0)))
    assert notes.end_tick.tolist() == [200, 300, 501]


def test_transposing_moves_notes_keys_and_chords_but_not_drums() -> None:
    up = piece().transposed(2)
    assert up.notes.pitch.tolist() == [36, 62, 66, 50, 69]
    assert [change.key for change in up.keys] == [Key(11, "minor"), Key(4, "dorian")]
    assert [chord.name for chord in up.chords] == ["D_M7", "G#m", "N_N"]
    assert_same(up.transposed(-2), piece())
    assert Chord(0, "Bb/D").transposed(-1).name == "A/C#"
    with pytest.raises(InputError, match="100"):
        piece().transposed(100)


def test_bars_between_begin_at_zero_and_keep_what_holds() -> None:
    score = piece()
    assert score.bars == 3
    part = score.between(1, 3)
    assert part.notes.start_tick.tolist() == [0, 1560]
    assert part.notes.tempi == (Tempo(0, 60e6 / 700_000),)
    assert part.notes.metres == (TimeSignature(0, 6, 8),)
    assert part.keys == (KeyChange(0, Key(2, "dorian")),)
    assert [(chord.tick, chord.name) for chord in part.chords] == [(0, "F#m"), (1440, "N_N")]
    assert part.emotion is not None
    begin_s = score.notes.seconds_at(np.array([1440]))[0]
    assert part.emotion.state_at(0.0).intensity == pytest.approx(JOY.state_at(begin_s).intensity, abs=1e-6)
    assert score.between(0, 1).notes.end_tick.max() == 1000
    for start, end in ((0, 4), (2, 2), (-1, 1)):
        with pytest.raises(InputError, match="3 bars"):
            score.between(start, end)


def test_an_empty_score_has_no_length_and_can_be_written() -> None:
    empty = Score.of(notes_of())
    assert (empty.seconds, empty.bars) == (0.0, 0)
    assert midi_of(empty).startswith(b"MThd")
    with pytest.raises(InputError):
        empty.between(0, 1)
    with pytest.raises(InputError, match="no notes"):
        parse_score(midi_of(empty), "empty.mid")


def test_tracks_need_an_instrument_of_their_kind() -> None:
    with pytest.raises(InputError, match="track 1"):
        Score(notes_of((0, 1, 60, 80, 1)), (Instrument(),))
    with pytest.raises(InputError, match="drums"):
        Score(notes_of((0, 1, 60, 80, 0)), (Instrument("Kit", 0, is_drum=True),))


@pytest.mark.parametrize("name", ["C", "C#m7", "Bb/D", "F_/o7", "N_N", "N.C.", "A:min", "G_7", "E_sus4", "D+"])
def test_chord_symbols(name: str) -> None:
    assert is_chord(name)
    assert is_chord(Chord(0, name).transposed(3).name)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("C_M", "C"),
        ("F_M7", "Fmaj7"),
        ("A:min", "Am"),
        ("Bb/D", "B♭/D"),
        ("F#_m7b5", "F♯ø7"),
        ("B_/o7", "Bø7"),
        ("B_o", "B°"),
        ("C_+", "C+"),
        ("E_sus4", "Esus4"),
        ("N_N", "N.C."),
        ("N", "N.C."),
    ],
)
def test_chords_are_written_as_on_a_lead_sheet(name: str, label: str) -> None:
    assert Chord(0, name).label == label


@pytest.mark.parametrize("name", ["", "Verse", "H", "C major", "espressivo:title x", "Chorus"])
def test_what_is_no_chord(name: str) -> None:
    with pytest.raises(InputError, match="chord"):
        Chord(0, name)


def test_bad_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.mid").write_bytes(b"MThd nonsense")
    with pytest.raises(InputError, match=r"x\.mid"):
        read_score(tmp_path / "x.mid")
    with pytest.raises(InputError, match=r"absent\.mid"):
        read_score(tmp_path / "absent.mid")
    broken = midi_of(piece()).replace(b'{"keyframes"', b'{"keyfrumes"')
    with pytest.raises(InputError, match="emotion"):
        parse_score(broken, "y.mid")
    with pytest.raises(OutputError):
        write_midi(tmp_path / "no" / "z.mid", piece())

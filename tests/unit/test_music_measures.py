"""Measures of music on pieces whose answer is plain, on transformed pieces, and on files that nobody should trust."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite, isnan, log2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.errors import InputError
from espressivo.eval.metric import NotMeasured, Pooled
from espressivo.eval.music import bars, piano_roll, tonality
from espressivo.eval.music.description import METRICS as DESCRIPTION
from espressivo.eval.music.description import describe, notes_per_s, tempo_bpm
from espressivo.eval.music.features import FEATURES, features, named_features
from espressivo.eval.music.feeling import SET_METRICS, MusicPiece, asked_feeling, measure_music_set, verdicts
from espressivo.eval.music.judges import EMOPIA, QUADRANTS, VGMIDI, load_music_judges
from espressivo.eval.music.measures import METRICS, measure_music
from espressivo.media.notes import Notes, Tempo, TimeSignature, parse_notes, read_notes

FIXTURES = Path(__file__).parents[1] / "fixtures" / "metrics_music"
QUARTER = 480
C_MAJOR = (60, 62, 64, 65, 67, 69, 71, 72)


def piece(rows: Sequence[tuple[int, float, float]], velocity: int = 64, drum: bool = False) -> Notes:
    """Notes from pitch, onset and length in quarters."""
    ordered = sorted(rows, key=lambda row: (row[1], row[0]))
    start = np.array([round(row[1] * QUARTER) for row in ordered], int)
    return Notes(
        pitch=np.array([row[0] for row in ordered], int),
        velocity=np.full(len(ordered), velocity),
        start_tick=start,
        end_tick=start + np.array([round(row[2] * QUARTER) for row in ordered], int),
        track=np.zeros(len(ordered), int),
        is_drum=np.full(len(ordered), drum),
        ticks_per_quarter=QUARTER,
    )


def joined(one: Notes, other: Notes) -> Notes:
    names = ("pitch", "velocity", "start_tick", "end_tick", "track", "is_drum")
    both = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in names}
    order = np.lexsort((both["pitch"], both["start_tick"]))
    return replace(one, place_in_file=None, **{name: column[order] for name, column in both.items()})


def scale(semitones: int = 0, repeats: int = 4) -> Notes:
    return piece([(pitch + semitones, 8.0 * r + k, 1.0) for r in range(repeats) for k, pitch in enumerate(C_MAJOR)])


@pytest.fixture(scope="module")
def real() -> Notes:
    return read_notes(FIXTURES / "emogen_piano_0.mid")


notes_strategy = st.lists(
    st.tuples(st.integers(0, 127), st.integers(0, 3000), st.integers(0, 2000), st.integers(1, 127), st.booleans()),
    min_size=1,
    max_size=40,
)


def drawn(rows: Sequence[tuple[int, int, int, int, bool]]) -> Notes:
    rows = sorted(rows, key=lambda row: (row[1], row[0]))
    pitch, start, length, velocity, drum = (np.array(column) for column in zip(*rows, strict=True))
    return Notes(pitch, velocity, start, start + length, np.zeros(len(rows), int), drum, 96)


def test_every_metric_has_a_value_or_a_reason(real: Notes) -> None:
    drums = piece([(36, k, 0.5) for k in range(20)], drum=True)
    for notes in (real, drums, piece([(60, 0, 1)]), piece([(60, 0, 0)]), piece([])):
        values = measure_music(notes, "Q1")
        assert list(values) == [metric.name for metric in METRICS]
        assert all(isinstance(value, NotMeasured | Pooled) or isfinite(value) for value in values.values())
    assert isinstance(measure_music(drums)["pitch_range"], NotMeasured)
    assert isinstance(measure_music(drums)["quadrant_hit_emopia"], NotMeasured)
    assert not [value for value in measure_music(real, "Q1").values() if isinstance(value, NotMeasured)]


@settings(deadline=None, max_examples=60)
@given(notes_strategy)
def test_nothing_breaks_on_any_notes(rows: Sequence[tuple[int, int, int, int, bool]]) -> None:
    notes = drawn(rows)
    values = measure_music(notes, None, (0.3, -0.4))
    assert all(isinstance(value, NotMeasured) or isfinite(float(value)) for value in values.values())
    if len(notes.pitched):
        assert np.all(np.isfinite(features(notes)))


@settings(deadline=None, max_examples=60)
@given(notes_strategy)
def test_sounding_pitches_are_those_of_a_drawn_piano_roll(rows: Sequence[tuple[int, int, int, int, bool]]) -> None:
    notes = drawn(rows)
    roll = np.zeros((notes.end, 128), bool)
    for pitch, start, end in zip(notes.pitched.pitch, notes.pitched.start_tick, notes.pitched.end_tick, strict=True):
        roll[start:end, pitch] = True
    heard = roll.sum(axis=1)
    if not heard.any():
        assert isnan(piano_roll.polyphony(notes))
    else:
        assert piano_roll.polyphony(notes) == pytest.approx(heard.sum() / (heard > 0).sum())
    if notes.end:
        assert piano_roll.polyphony_rate(notes) == pytest.approx((heard > 2).mean())


@settings(deadline=None, max_examples=60)
@given(notes_strategy)
def test_beats_and_grooves_are_those_of_a_drawn_grid(rows: Sequence[tuple[int, int, int, int, bool]]) -> None:
    notes = drawn(rows)
    quarter, bar = notes.ticks_per_quarter, 4 * notes.ticks_per_quarter
    filled = np.zeros(notes.end // quarter + 1, bool)
    grid = np.zeros((notes.end // bar + 1, bar), bool)
    for start, end in zip(notes.start_tick, notes.end_tick, strict=True):
        filled[start // quarter : end // quarter + 1] = True
        grid[start // bar, start % bar] = True
    if notes.end:
        assert piano_roll.empty_beat_rate(notes) == pytest.approx(1 - filled.mean())
    if len(grid) > 1:
        assert piano_roll.groove_consistency(notes) == pytest.approx(1 - (grid[1:] != grid[:-1]).mean())
    else:
        assert isnan(piano_roll.groove_consistency(notes))


def test_plain_pieces_have_plain_numbers() -> None:
    values = describe(scale())
    expected = {
        "pitch_range": 12,
        "pitch_classes": 7,
        "pitches": 8,
        "polyphony": 1,
        "polyphony_rate": 0,
        "scale_consistency": 1,
        "empty_bars": 0,
        "notes_per_s": 2,
        "notes_per_bar": 4,
        "bar_pitch_range": 5,
        "bar_pitch_classes": 4,
        "bar_polyphony": 1,
        "on_grid": 1,
        "tempo_bpm": 120,
        "length_s": 16,
        "velocity_mean": 64,
        "groove_consistency": 1 - 4 / (8 * 4 * QUARTER),
    }
    for name, number in expected.items():
        assert values[name] == pytest.approx(number), name
    assert piano_roll.pitch_class_entropy(scale()) == pytest.approx(2 / 8 * log2(8 / 2) + 6 / 8 * log2(8))


def test_a_chord_is_polyphony_in_its_bar() -> None:
    notes = piece([(60, 0, 2), (64, 0, 2), (67, 0, 2), (72, 2, 1)])
    assert bars.bar_polyphony(notes) == 2
    assert piano_roll.polyphony(notes) == pytest.approx(7 / 3)
    assert piano_roll.polyphony_rate(notes) == pytest.approx(2 / 3)


def test_the_peers_last_bar_counts_for_range_but_not_for_polyphony() -> None:
    notes = piece([(60, 0, 1), (60, 4, 1), (64, 4, 1)])
    assert bars.bar_polyphony(notes) == 1.5
    assert bars.bar_polyphony(notes, last_bar_counts=False) == 1
    assert bars.bar_pitch_range(notes) == 2


def test_empty_bars_are_found_and_a_note_that_ends_on_the_line_stays_before_it() -> None:
    assert bars.empty_bars_share(piece([(60, 0, 4), (60, 12, 4)])) == pytest.approx(0.5)
    assert bars.empty_bars_share(piece([(60, 0, 16)])) == 0
    assert bars.empty_bars_share(piece([(60, 0, 1), (60, 8, 0)])) == pytest.approx(1 / 3)


def test_bars_follow_the_metre() -> None:
    waltz = replace(scale(), metres=(TimeSignature(0, 3, 4), TimeSignature(6 * QUARTER, 6, 8)))
    assert list(np.diff(waltz.bar_edges[:4])) == [3 * QUARTER] * 3
    changed = replace(scale(), metres=(TimeSignature(0, 4, 4), TimeSignature(5 * QUARTER, 2, 4)))
    assert list(changed.bar_edges[:4]) == [0, 4 * QUARTER, 5 * QUARTER, 7 * QUARTER]
    assert changed.bar_edges[-1] >= changed.end


def test_time_follows_the_tempo_map() -> None:
    notes = replace(piece([(60, 0, 1), (60, 2, 2)]), tempi=(Tempo(0, 60), Tempo(3 * QUARTER, 120)))
    assert list(notes.start_s) == [0, 2]
    assert list(notes.end_s) == [1, 3.5]
    assert tempo_bpm(notes) == pytest.approx(4 / 3.5 * 60)


def test_a_performance_lies_off_the_grid() -> None:
    ticks = np.sort(np.random.default_rng(0).integers(0, 400 * QUARTER, 2000))
    notes = piece([(60, tick / QUARTER, 0.1) for tick in ticks])
    assert bars.onset_grid_share(notes) == pytest.approx(bars.GRID_BY_CHANCE, abs=0.04)


@pytest.mark.parametrize("semitones", [-7, 1, 5])
def test_transposing_moves_the_register_only(real: Notes, semitones: int) -> None:
    before, after = describe(real), describe(real.transposed(semitones))
    moved = {metric.name for metric in DESCRIPTION if before[metric.name] != pytest.approx(after[metric.name])}
    assert moved == {"register_mean"}
    assert after["register_mean"] == pytest.approx(float(real.pitch.mean()) + semitones)
    with pytest.raises(ValueError, match="leaves MIDI"):
        real.transposed(100)


def test_ratios_do_not_depend_on_resolution_but_groove_does(real: Notes) -> None:
    finer = replace(
        real,
        start_tick=real.start_tick * 2,
        end_tick=real.end_tick * 2,
        ticks_per_quarter=real.ticks_per_quarter * 2,
        tempi=tuple(Tempo(tempo.tick * 2, tempo.bpm) for tempo in real.tempi),
    )
    before, after = describe(real), describe(finer)
    moved = {metric.name for metric in DESCRIPTION if before[metric.name] != pytest.approx(after[metric.name])}
    assert moved == {"groove_consistency"}
    np.testing.assert_allclose(features(finer), features(real))


def test_drums_change_no_pitch(real: Notes) -> None:
    drums = piece([(36, k / 2, 0.25) for k in range(60)], drum=True)
    with_drums = describe(joined(real, drums))
    for name in ("pitch_range", "pitches", "polyphony", "pitch_entropy", "bar_polyphony", "key_clarity", "notes_per_s"):
        assert with_drums[name] == pytest.approx(describe(real)[name]), name
    assert with_drums["groove_consistency"] != pytest.approx(describe(real)["groove_consistency"])


def test_notes_that_overlap_on_one_pitch_sound_once() -> None:
    assert piano_roll.polyphony(piece([(60, 0, 2), (60, 1, 2), (60, 3, 1)])) == 1


def test_keys_are_found() -> None:
    for semitones in (0, 3, 11):
        key = tonality.key_of(tonality.pitch_class_weights(scale(semitones)))
        assert key is not None
        assert (key.tonic, key.is_major) == (semitones, True)
        assert key.majorness > 0
        assert key.clarity > 0.8
        assert 0 <= key.margin < 1
    minor = [(69, 0, 2), (71, 2, 1), (72, 3, 2), (74, 5, 1), (76, 6, 2), (77, 8, 1), (80, 9, 1), (81, 10, 3)]
    key = tonality.key_of(tonality.pitch_class_weights(piece(minor)))
    assert key is not None
    assert (key.tonic, key.is_major) == (9, False)
    assert key.majorness < 0


def test_a_chromatic_piece_has_no_key() -> None:
    chromatic = piece([(pitch, pitch - 60, 1) for pitch in range(60, 72)])
    assert tonality.key_of(tonality.pitch_class_weights(chromatic)) is None
    assert isinstance(describe(chromatic)["key_clarity"], NotMeasured)
    assert isinstance(describe(chromatic)["majorness"], NotMeasured)


def test_features_are_named_and_independent_of_key_in_what_says_so(real: Notes) -> None:
    assert tuple(sorted(named_features(real))) == tuple(sorted(FEATURES))
    moved = {
        name
        for name, before, after in zip(FEATURES, features(real), features(real.transposed(2)), strict=True)
        if before != pytest.approx(after)
    }
    assert moved <= {
        "pitch_mean",
        "pitch_mean_sounding",
        "pitch_p5",
        "pitch_p95",
        "low_notes",
        "high_notes",
        "top_mean",
    }


def test_features_of_plain_sonorities() -> None:
    major = named_features(piece([(pitch, k, 1) for k in range(8) for pitch in (60, 64, 67)]))
    assert (major["major_triads"], major["minor_triads"], major["chord_size"]) == (1, 0, 3)
    assert major["dissonant_pairs"] == 0
    tritones = named_features(piece([(pitch, k, 1) for k in range(8) for pitch in (60, 66)]))
    assert tritones["tritone_pairs"] == tritones["dissonant_pairs"] == 1
    assert named_features(scale())["notes_per_s_log"] == pytest.approx(np.log(2))
    assert named_features(scale())["legato_log"] == pytest.approx(0)
    with pytest.raises(ValueError, match="no features"):
        features(piece([(36, 0, 1)], drum=True))


def test_asked_quadrant_and_numbers_complete_each_other() -> None:
    assert asked_feeling("Q3", None) == ("Q3", (-1, -1))
    assert asked_feeling(None, (0.4, -0.2)) == ("Q4", (0.4, -0.2))
    assert asked_feeling("Q2", (0.0, 0.5)) == ("Q2", (0.0, 0.5))
    assert asked_feeling(None, (0.0, 0.5)) == (None, (0.0, 0.5))
    assert asked_feeling(None, None) == (None, None)
    with pytest.raises(ValueError, match="lie in Q1"):
        asked_feeling("Q2", (0.3, 0.5))
    with pytest.raises(ValueError, match="no quadrant"):
        asked_feeling("Q5", None)


def test_hits_follow_the_judges(real: Notes) -> None:
    heard = verdicts(real, load_music_judges())
    for judge, short in ((EMOPIA, "emopia"), (VGMIDI, "vgmidi")):
        hits = {quadrant: measure_music(real, quadrant)[f"quadrant_hit_{short}"] for quadrant in QUADRANTS}
        assert hits == {quadrant: float(quadrant == heard[judge]) for quadrant in QUADRANTS}
        shares = [measure_music(real, quadrant)[f"quadrant_probability_{short}"] for quadrant in QUADRANTS]
        assert sum(float(share) for share in shares if not isinstance(share, NotMeasured)) == pytest.approx(1)
    half = measure_music(real, None, (0.0, 0.5))
    assert isinstance(half["valence_hit_emopia"], NotMeasured)
    assert half["arousal_hit_emopia"] in (0, 1)
    assert isinstance(measure_music(real)["arousal_hit_emopia"], NotMeasured)
    assert isinstance(measure_music(real, judges=())["valence_emopia"], NotMeasured)


def test_a_set_that_obeys_correlates_and_one_that_disobeys_does_so_the_other_way() -> None:
    speeds = np.linspace(1, 4, 9)
    made = [replace(scale(repeats=6), tempi=(Tempo(0, 60 * speed),)) for speed in speeds]

    def of(asked: Sequence[float]) -> dict:
        pieces = [
            MusicPiece(measure_music(notes), asked_va=(0.5, arousal), verdicts=verdicts(notes, load_music_judges()))
            for notes, arousal in zip(made, asked, strict=True)
        ]
        return dict(measure_music_set(pieces))

    obeying, other = of(list(speeds - 2.4)), of(list(2.6 - speeds))
    assert set(obeying) == {metric.name for metric in SET_METRICS}
    assert obeying["arousal_density_spearman"] == pytest.approx(1)
    assert other["arousal_density_spearman"] == pytest.approx(-1)
    assert float(obeying["arousal_spearman_vgmidi"]) > 0.9
    assert isinstance(obeying["valence_majorness_spearman"], NotMeasured)
    assert isinstance(measure_music_set([])["arousal_density_spearman"], NotMeasured)
    assert notes_per_s(made[-1]) == pytest.approx(4 * notes_per_s(made[0]))


def midi(events: bytes, division: int = 480, tracks: int = 1) -> bytes:
    """A format 0 file of one track."""
    body = events + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, tracks, division) + b"MTrk" + struct.pack(">I", len(body)) + body


NOTE = b"\x00\x90\x3c\x40\x83\x60\x80\x3c\x40"
HOSTILE = {
    "empty": b"",
    "text": b"not a MIDI file, though it is long enough to hold a header",
    "cut": midi(NOTE)[:-8],
    "no notes": midi(b""),
    "no end of the note": midi(b"\x00\x90\x3c\x40"),
    "far too long": midi(NOTE + b"\xff\xff\xff\x7f\x90\x3c\x40" + b"\x10\x80\x3c\x40", division=1),
    "division 0": midi(NOTE, division=0),
    "tempo 0": midi(b"\x00\xff\x51\x03\x00\x00\x00" + NOTE),
    "metre 0": midi(b"\x00\xff\x58\x04\x00\x02\x18\x08" + NOTE),
    "metre of 2 ** -200": midi(b"\x00\xff\x58\x04\x04\xc8\x18\x08" + NOTE),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_bad_files_are_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    file = tmp_path / "piece.mid"
    file.write_bytes(HOSTILE[name])
    with pytest.raises(InputError, match=r"piece\.mid .*; (give|export) .*\.$"):
        read_notes(file)


def test_missing_and_oversized_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        read_notes(tmp_path / "none.mid")
    big = tmp_path / "big.mid"
    big.write_bytes(bytes(8_000_001))
    with pytest.raises(InputError, match="larger than 8 MB"):
        read_notes(big)


def test_a_sound_file_is_read() -> None:
    notes = parse_notes(midi(NOTE), "piece")
    assert (len(notes), notes.pitch[0], notes.velocity[0], notes.end) == (1, 60, 64, 480)
    assert notes.seconds == pytest.approx(0.5)

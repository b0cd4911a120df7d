"""Reading the emotion of music: what is described, what it is taken for, and what cannot be read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.emotionml.reader import read_emotionml
from espressivo.conditioning.emotionml.tracks import track_from_emotionml, write_emotionml
from espressivo.conditioning.music_emotion.corpora import SIGNS, Piece, is_own
from espressivo.conditioning.music_emotion.features import FEATURES, KEYLESS, describe
from espressivo.conditioning.music_emotion.listening import HOP_S, listen
from espressivo.conditioning.music_emotion.meaning import categories_of, quadrants_of, vad_of
from espressivo.conditioning.music_emotion.network import NetworkReader, gelu
from espressivo.conditioning.music_emotion.recogniser import (
    DEFAULT,
    NON_COMMERCIAL,
    Feeling,
    MusicReader,
    feeling_of,
    load_reader,
    recognise_music,
)
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import InputError
from espressivo.media.notes import Notes, Tempo

FIXTURES = Path(__file__).parents[1] / "fixtures"
QUARTER = 480
# Own tune in eighths, over i iv v i; the minor one differs in the third, sixth and seventh degree only.
TUNE = (0, 2, 4, 7, 9, 7, 4, 2, 5, 9, 12, 9, 7, 11, 14, 11, 12, 7, 4, 7, 9, 5, 4, 2, 0, 4, 7, 4, 2, 11, 12, 12)
BASS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))
TO_MINOR = {4: 3, 9: 8, 11: 10}


def tune(minor: bool = False, bpm: float = 100.0, velocity: int = 64, repeats: int = 2) -> Notes:
    rows = []
    for repeat in range(repeats):
        for step, degree in enumerate(TUNE):
            rows.append((72, degree, (repeat * len(TUNE) + step) * QUARTER // 2, QUARTER // 2))
        for bar, chord in enumerate(BASS):
            begin = (repeat * 4 + bar) * 4 * QUARTER
            rows += [(48, degree, begin, 4 * QUARTER) for degree in chord]
    return notes_of(
        [
            (base + degree + (TO_MINOR.get(degree % 12, degree % 12) - degree % 12 if minor else 0), start, length)
            for base, degree, start, length in rows
        ],
        velocity,
        bpm,
    )


def notes_of(rows: list[tuple[int, int, int]], velocity: int = 64, bpm: float = 120.0) -> Notes:
    """Of (pitch, first tick, ticks)."""
    pitch, start, length = (np.array(column, int) for column in zip(*sorted(rows, key=lambda row: row[1]), strict=True))
    none = np.zeros(len(rows), int)
    tempi = (Tempo(0, bpm),)
    return Notes(pitch, none + velocity, start, start + length, none, none > 0, QUARTER, tempi=tempi)


def feature(notes: Notes, name: str) -> float:
    return float(describe(notes, 0.0, float(notes.end_s.max()))[FEATURES.index(name)])


@pytest.fixture(scope="module", params=[DEFAULT, NON_COMMERCIAL])
def reader(request: pytest.FixtureRequest) -> MusicReader:
    return load_reader(request.param)


def feeling(notes: Notes, reader: MusicReader) -> Feeling:
    return feeling_of(listen(notes), reader)


class TestDescribe:
    def test_names_are_unique_and_as_many_as_numbers(self) -> None:
        assert len(set(FEATURES)) == len(FEATURES) == len(describe(tune(), 0.0, 8.0))

    def test_what_is_known_of_a_tune(self) -> None:
        notes = tune(velocity=127)
        assert feature(notes, "velocity") == 1.0
        assert feature(notes, "velocity_spread") == 0.0
        # 64 eighths of .3 s and 24 notes of chords in 19.2 s.
        assert feature(notes, "notes_per_s") == pytest.approx(np.log(88 / 19.2))
        assert feature(notes, "onsets_per_s") == pytest.approx(np.log(64 / 19.2))
        assert feature(notes, "gap") == pytest.approx(np.log(0.3))
        assert feature(notes, "silence") == 0.0
        assert feature(notes, "bass") < feature(notes, "top")

    def test_a_steady_beat_has_a_pulse_and_an_unsteady_one_less(self) -> None:
        steady = notes_of([(60, step * 240, 200) for step in range(64)])
        random = np.random.default_rng(0)
        loose = notes_of([(60, int(tick), 200) for tick in np.sort(random.integers(0, 64 * 240, 64))])
        assert feature(steady, "pulse") > 0.8 > 0.5 > feature(loose, "pulse")

    def test_mode_and_consonance(self) -> None:
        assert feature(tune(), "majorness") > 0.1 > -0.1 > feature(tune(minor=True), "majorness")
        thirds = notes_of([(60, 0, 480), (64, 0, 480)])
        seconds = notes_of([(60, 0, 480), (61, 0, 480)])
        assert feature(seconds, "roughness") == 1.0 > feature(thirds, "roughness")
        assert feature(thirds, "major_thirds") == feature(seconds, "semitones") == 1.0
        mixed = notes_of([(60, 0, 480), (66, 0, 480), (67, 0, 480)])
        assert [feature(mixed, name) for name in ("tritones", "fourths_fifths", "semitones")] == pytest.approx(
            [1 / 3] * 3
        )
        assert feature(notes_of([(60, 0, 480), (76, 0, 480), (67, 0, 480)]), "major_triads") == 1.0

    @settings(max_examples=20)
    @given(semitones=st.integers(-20, 20), minor=st.booleans())
    def test_transposing_leaves_key_and_harmony_alone(self, semitones: int, minor: bool) -> None:
        notes = tune(minor)
        here, there = (describe(piece, 0.0, 19.2) for piece in (notes, notes.transposed(semitones)))
        keyless = [FEATURES.index(name) for name in KEYLESS]
        assert np.allclose(here[keyless], there[keyless], atol=1e-6)
        pitch = FEATURES.index("pitch")
        assert there[pitch] == pytest.approx(here[pitch] + semitones / 12)

    def test_what_lies_outside_the_passage_does_not_count(self) -> None:
        notes = tune(repeats=4)
        alone = notes.where(notes.start_s < 9.6)
        assert np.allclose(describe(notes, 0.0, 9.6), describe(alone, 0.0, 9.6))

    def test_held_notes_sound_in_later_passages(self) -> None:
        notes = notes_of([(48, 0, 20 * QUARTER), (51, 0, 20 * QUARTER), (72, 10 * QUARTER, QUARTER)])
        described = describe(notes, 4.0, 6.0)
        assert described[FEATURES.index("minor_thirds")] == 1.0
        assert described[FEATURES.index("keys_at_once")] > 2

    def test_drums_do_not_count(self) -> None:
        notes = tune()
        drums = replace(notes, is_drum=notes.pitch < 60)
        assert np.allclose(describe(drums, 0.0, 9.0), describe(notes.where(notes.pitch >= 60), 0.0, 9.0))

    def test_a_passage_without_notes_is_all_zeros(self) -> None:
        assert not describe(tune(), 100.0, 108.0).any()

    @settings(max_examples=30)
    @given(
        rows=st.lists(
            st.tuples(st.integers(0, 127), st.integers(0, 40_000), st.integers(0, 40_000)), min_size=1, max_size=40
        ),
        velocity=st.integers(1, 127),
    )
    def test_any_notes_give_finite_numbers(self, rows: list[tuple[int, int, int]], velocity: int) -> None:
        heard = listen(notes_of(rows, velocity))
        assert np.isfinite(heard.whole).all()
        assert np.isfinite(heard.windows).all()
        found = recognise_music(notes_of(rows, velocity))
        assert np.allclose(found.posterior.sum(axis=1), 1.0)
        assert np.all(np.diff(found.times_s) > 0)


class TestReaders:
    def test_louder_is_more_aroused(self, reader: MusicReader) -> None:
        heard = [feeling(tune(velocity=velocity), reader).arousal for velocity in (30, 60, 90, 120)]
        assert np.all(np.diff(heard) > 0)

    def test_loudness_that_never_varies_says_less(self) -> None:
        played = tune(velocity=120)
        played = replace(played, velocity=np.where(np.arange(len(played)) % 2, 127, 103))
        score = tune(velocity=115)
        loud, soft = (listen(notes).whole[FEATURES.index("velocity")] for notes in (played, score))
        assert loud > 0.85 > 0.65 > soft > 0.5

    def test_faster_is_more_aroused(self, reader: MusicReader) -> None:
        heard = [feeling(tune(bpm=bpm), reader).arousal for bpm in (45, 70, 110, 170)]
        assert np.all(np.diff(heard) > 0)

    def test_major_is_more_pleasant_than_the_same_tune_in_minor(self, reader: MusicReader) -> None:
        for bpm, velocity in ((60, 45), (100, 64), (150, 100)):
            assert feeling(tune(False, bpm, velocity), reader).valence > (
                feeling(tune(True, bpm, velocity), reader).valence + 0.2
            )

    def test_four_ways_to_play_a_tune_are_four_quadrants(self, reader: MusicReader) -> None:
        ways = ((False, 150, 110), (True, 150, 110), (True, 50, 35), (False, 50, 35))
        found = [feeling(tune(*way), reader).quadrants for way in ways]
        assert [int(np.argmax(shares)) for shares in found] == [0, 1, 2, 3]

    def test_transposing_by_little_changes_little(self, reader: MusicReader) -> None:
        home, moved = feeling(tune(), reader), feeling(tune().transposed(2), reader)
        assert abs(home.valence - moved.valence) < 0.1
        assert abs(home.arousal - moved.arousal) < 0.1

    def test_an_unknown_reader_is_refused(self) -> None:
        with pytest.raises(InputError, match="music-cues"):
            load_reader("oracle")

    def test_damaged_weights_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="does not hold"):
            NetworkReader.load(tmp_path)

    def test_gelu(self) -> None:
        assert gelu(np.array([-9.0, 0.0, 1.0, 9.0])) == pytest.approx([0.0, 0.0, 0.8413447, 9.0], abs=1e-6)


class TestMeaning:
    def test_quadrants_of_sure_signs(self) -> None:
        found = quadrants_of(20.0 * SIGNS)
        assert np.allclose(found, np.eye(4))

    def test_sure_quadrants_are_these_categories(self) -> None:
        loud, soft = np.zeros(len(FEATURES)), np.zeros(len(FEATURES))
        loud[FEATURES.index("power")], soft[FEATURES.index("power")] = 4.0, 1.5
        odds = 3.0 * SIGNS
        vad = vad_of(odds, np.stack([loud, loud, soft, soft]))
        found = categories_of(quadrants_of(odds), vad)
        assert [CATEGORIES[row.argmax()] for row in found] == ["happiness", "anger", "sadness", "calm"]
        assert vad[1, 2] > 0 > vad[2, 2]

    def test_soft_and_high_leans_to_fear(self) -> None:
        odds = 3.0 * SIGNS[1:2]
        rows = np.zeros((2, len(FEATURES)))
        rows[:, FEATURES.index("power")] = 3.5, 1.5
        rows[:, FEATURES.index("pitch")] = -1.0, 1.5
        low, high = (categories_of(quadrants_of(odds), vad_of(odds, row[None]))[0] for row in rows)
        fear, anger = CATEGORIES.index("fear"), CATEGORIES.index("anger")
        assert low[anger] > low[fear]
        assert high[fear] > high[anger]

    @given(valence=st.floats(-5, 5), arousal=st.floats(-5, 5))
    def test_emotions_keep_the_probabilities_of_their_quadrants(self, valence: float, arousal: float) -> None:
        odds = np.array([[valence, arousal]])
        quadrants = quadrants_of(odds)
        found = categories_of(quadrants, vad_of(odds, np.zeros((1, len(FEATURES)))))[0]
        assert found.sum() == pytest.approx(1.0)
        places = [CATEGORIES.index(name) for name in ("happiness", "calm")]
        emotional = 1.0 - found[0]
        if emotional > 1e-6:
            assert found[places] / emotional == pytest.approx(quadrants[0, [0, 3]], abs=1e-6)


class TestRecogniseMusic:
    def test_times_reach_from_the_beginning_to_the_last_note(self, reader: MusicReader) -> None:
        found = recognise_music(tune(), reader)
        assert found.times_s[0] == 0.0
        assert found.times_s[-1] == pytest.approx(19.2)
        assert np.all(np.diff(found.times_s)[:-1] == HOP_S)
        assert found.source == "music"

    def test_a_change_of_mood_is_followed(self) -> None:
        calm, wild = tune(False, 100, 30), tune(False, 100, 120)
        ticks = wild.start_tick + calm.end
        ends = wild.end_tick + calm.end
        both = replace(
            calm,
            pitch=np.concatenate([calm.pitch, wild.pitch]),
            velocity=np.concatenate([calm.velocity, wild.velocity]),
            start_tick=np.concatenate([calm.start_tick, ticks]),
            end_tick=np.concatenate([calm.end_tick, ends]),
            track=np.concatenate([calm.track, wild.track]),
            is_drum=np.concatenate([calm.is_drum, wild.is_drum]),
        )
        found = recognise_music(both)
        assert found.vad[-3, 1] > found.vad[2, 1] + 0.2

    def test_silence_within_a_piece_is_neutral_and_unsure(self) -> None:
        notes = tune()
        later = replace(notes, start_tick=notes.start_tick + 60 * QUARTER, end_tick=notes.end_tick + 60 * QUARTER)
        found = recognise_music(later)
        silent = found.times_s < 30.0
        assert np.all(found.posterior[silent, 0] == 1.0)
        assert not found.confidence[silent].any()
        assert not found.vad[silent].any()
        assert not found.intensity[silent].any()
        assert found.confidence[-1] > 0.2

    def test_a_single_note_says_little(self) -> None:
        found = recognise_music(notes_of([(60, 0, 480)]))
        assert found.confidence.max() < 0.2
        assert found.posterior[:, 0].min() > 0.8

    def test_a_midi_file_becomes_a_track_that_emotionml_can_hold(self, tmp_path: Path) -> None:
        found = recognise_music(FIXTURES / "metrics_music" / "emogen_piano_0.mid")
        track = track_of(found)
        write_emotionml(tmp_path / "music.emotionml", track)
        again = track_from_emotionml(read_emotionml(tmp_path / "music.emotionml"))
        moments = np.linspace(0.0, float(found.times_s[-1]), 20)
        assert np.allclose(again.sample(moments).vad, track.sample(moments).vad, atol=2e-3)

    @pytest.mark.parametrize(
        "content", [b"", b"MThd", b"RIFF" + bytes(100), b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\xff\xff\0", bytes(5000)]
    )
    def test_what_is_no_midi_is_refused(self, content: bytes, tmp_path: Path) -> None:
        path = tmp_path / "song.mid"
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"song\.mid"):
            recognise_music(path)

    def test_drums_alone_are_refused(self) -> None:
        with pytest.raises(InputError, match="no pitched notes"):
            recognise_music(replace(tune(), is_drum=np.ones(len(tune()), bool)))

    def test_more_than_half_an_hour_is_refused(self) -> None:
        with pytest.raises(InputError, match="30 minutes"):
            recognise_music(notes_of([(60, 0, 480), (60, 4_000 * QUARTER, 480)]))


class TestCorpora:
    def test_about_half_of_all_songs_are_the_readers_own(self) -> None:
        shares = np.mean([is_own(f"song {n}") for n in range(2000)])
        assert 0.45 < shares < 0.55

    def test_ratings_of_a_stretch_weigh_bars_by_how_much_of_them_lies_inside(self) -> None:
        curve = np.array([[0.0, 1.0], [0.5, 0.0]])
        piece = Piece(tune(), "Game_Title", np.array([0.0, 2.0, 4.0]), curve)
        assert piece.mean_between(1.0, 4.0) == pytest.approx([1 / 3, 1 / 3], abs=1e-6)
        assert piece.mean_between(0.0, 3.0) == pytest.approx([1 / 6, 2 / 3], abs=1e-6)
        assert piece.game == "Game"

"""The search for copies finds what was planted, as long as it is, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.eval.music.memorisation import KnownMusic, Written, written
from espressivo.media.notes import Notes, Tempo

QUARTER = 480
SIXTEENTH = QUARTER // 4


def random_notes(seed: int, count: int = 200) -> Notes:
    """A line of sixteenths to quarters, pitches at random."""
    random = np.random.default_rng(seed)
    length = random.integers(1, 5, count) * SIXTEENTH
    start = np.concatenate([[0], np.cumsum(length)[:-1]])
    return notes_of(start, start + length, random.integers(30, 90, count), random.integers(1, 128, count))


def notes_of(start: np.ndarray, end: np.ndarray, pitch: np.ndarray, velocity: np.ndarray | None = None) -> Notes:
    order = np.lexsort((pitch, start))
    velocity = np.full(len(pitch), 64) if velocity is None else velocity
    return Notes(
        pitch=pitch[order],
        velocity=velocity[order],
        start_tick=start[order],
        end_tick=end[order],
        track=np.zeros(len(pitch), int),
        is_drum=np.zeros(len(pitch), bool),
        ticks_per_quarter=QUARTER,
    )


def stretch(notes: Notes, begin_bar: float, end_bar: float) -> Notes:
    """The notes that begin between two bars."""
    edges = np.array([begin_bar, end_bar]) * 4 * QUARTER
    return notes.where((notes.start_tick >= edges[0]) & (notes.start_tick < edges[1]))


def planted(host: Notes, copied: Notes, at_bar: float) -> Notes:
    """`host` with the copied notes from `at_bar` on, in place of its own."""
    shift = round(at_bar * 4 * QUARTER) - int(copied.start_tick.min())
    begin, end = copied.start_tick.min() + shift, copied.end_tick.max() + shift
    rest = host.where((host.end_tick <= begin) | (host.start_tick >= end))
    columns = [
        np.concatenate([getattr(rest, name), getattr(copied, name) + moved])
        for name, moved in (("start_tick", shift), ("end_tick", shift), ("pitch", 0), ("velocity", 0))
    ]
    return notes_of(*columns)


@pytest.fixture(scope="module")
def known() -> list[tuple[str, Notes]]:
    return [(f"song {seed}", random_notes(seed)) for seed in range(20)]


@pytest.mark.parametrize("bars", [1, 2, 4])
@pytest.mark.parametrize("at_bar", [5.0, 5.0625, 7.5])
def test_a_planted_copy_is_found_wherever_it_begins(known: list[tuple[str, Notes]], bars: int, at_bar: float) -> None:
    copied = stretch(known[7][1], 3, 3 + bars)
    copied = replace(copied, velocity=np.full(len(copied), 1))
    exact = KnownMusic(known).longest_copy(written(planted(random_notes(99), copied, at_bar)))
    length = (copied.end_tick.max() - copied.start_tick.min()) / (4 * QUARTER)
    assert exact.source == "song 7"
    assert exact.notes == len(copied)
    assert exact.bars == pytest.approx(length, abs=1 / 16)


def test_a_transposed_copy_is_one_only_where_pitches_do_not_count(known: list[tuple[str, Notes]]) -> None:
    copied = stretch(known[3][1], 2, 6).transposed(5)
    piece = written(planted(random_notes(99), copied, 4.0))
    exact, transposed = (KnownMusic(known, moved).longest_copy(piece) for moved in (False, True))
    assert exact.bars < 2
    assert transposed.source == "song 3"
    assert transposed.notes == len(copied)


def test_one_other_pitch_parts_a_copy_in_two(known: list[tuple[str, Notes]]) -> None:
    copied = stretch(known[3][1], 0, 4)
    pitch = copied.pitch.copy()
    middle = len(pitch) // 2
    pitch[middle] = 29
    found = KnownMusic(known).longest_copy(written(planted(random_notes(99), replace(copied, pitch=pitch), 4.0)))
    assert found.source == "song 3"
    assert found.notes in (middle, len(pitch) - middle - 1)


def test_other_lengths_and_hands_that_are_not_quite_together_do_not_hide_a_copy(known: list[tuple[str, Notes]]) -> None:
    copied = stretch(known[3][1], 1, 5)
    away = np.random.default_rng(0).integers(-9, 10, len(copied))
    staccato = replace(copied, start_tick=copied.start_tick + away, end_tick=copied.start_tick + away + 10)
    found = KnownMusic(known).longest_copy(written(staccato))
    assert found.notes == len(copied)


def test_another_tempo_does_not_hide_a_copy(known: list[tuple[str, Notes]]) -> None:
    copied = replace(stretch(known[3][1], 0, 4), tempi=(Tempo(0, 47.0),))
    assert KnownMusic(known).longest_copy(written(copied)).notes == len(copied)


def test_music_of_its_own_is_no_copy(known: list[tuple[str, Notes]]) -> None:
    index = KnownMusic(known)
    assert all(index.longest_copy(written(random_notes(seed))).bars < 1 for seed in range(50, 60))


def test_pieces_are_not_joined_where_they_meet() -> None:
    one, other = (notes_of(np.arange(8) * QUARTER, np.arange(1, 9) * QUARTER, base + np.arange(8)) for base in (40, 70))
    both = planted(replace(one), replace(other), 2.0)
    found = KnownMusic([("one", one), ("other", other)]).longest_copy(written(both))
    assert found.notes == 8


def test_long_notes_are_told_apart_by_how_many_they_are() -> None:
    held = notes_of(np.array([0, 8, 16]) * QUARTER, np.array([8, 16, 24]) * QUARTER, np.array([60, 64, 67]))
    index, piece = KnownMusic([("held", held)]), written(held)
    assert index.longest_copy(piece).bars == 6.0
    assert index.longest_copy(piece, fewest_notes=8).bars == 0.0


def test_nothing_is_known_or_asked() -> None:
    silence = random_notes(0).where(np.zeros(200, bool))
    assert KnownMusic([]).longest_copy(written(random_notes(0))).bars == 0
    assert KnownMusic([("song", random_notes(0))]).longest_copy(written(silence)).source == ""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), min_size=0, max_size=14), min_size=1, max_size=4), st.data())
def test_it_agrees_with_trying_everything(songs: list[list[int]], data: st.DataObject) -> None:
    """On an alphabet of three pitches everything repeats."""
    asked = data.draw(st.lists(st.integers(0, 2), min_size=0, max_size=14))
    found = KnownMusic([(str(n), _line(song)) for n, song in enumerate(songs)]).longest_copy(_on_steps(asked))
    runs = [
        tuple(asked[begin:end])
        for begin in range(len(asked))
        for end in range(begin + 2, len(asked) + 1)
        if any(tuple(asked[begin:end]) == tuple(song[k : k + end - begin]) for song in songs for k in range(len(song)))
    ]
    assert found.notes == max(map(len, runs), default=0)


def _line(pitches: list[int]) -> Notes:
    start = np.arange(len(pitches)) * SIXTEENTH
    return notes_of(start, start + SIXTEENTH, np.array(pitches, int) + 60)


def _on_steps(pitches: list[int]) -> Written:
    return written(_line(pitches))

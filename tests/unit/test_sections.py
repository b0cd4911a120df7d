"""Turning points of an emotion, and tempi that give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.notation import parse_emotion
from espressivo.generators.music.sections import SHORTEST_S, mean_place, on_time, stretched, turning_points
from espressivo.media.notes import Notes, Tempo


def test_a_steady_emotion_never_turns() -> None:
    assert turning_points(parse_emotion("anger:0.9"), 300.0) == ()
    assert turning_points(parse_emotion("neutral"), 1.0) == ()


def test_turns_are_found_where_they_are() -> None:
    track = parse_emotion("@0~step sadness @8~step happiness:0.9 @17 calm")
    assert turning_points(track, 30.0) == pytest.approx((8.0, 17.0), abs=0.26)


def test_a_flicker_is_no_turn() -> None:
    track = parse_emotion("@0~step sadness @8~step happiness @8.5 sadness")
    assert turning_points(track, 20.0) == ()


def test_a_slow_change_is_cut_in_two_or_more() -> None:
    assert len(turning_points(parse_emotion("@0 sadness @20 happiness"), 20.0)) >= 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 60), st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=6),
    st.floats(0.5, 80),
)
def test_sections_are_never_short(points: list[tuple[float, float, float]], seconds: float) -> None:
    times = sorted({round(point[0], 2) for point in points})
    text = " ".join(f"@{t} vad:{p[1]:.2f},{p[2]:.2f},0" for t, p in zip(times, points, strict=False))
    turns = turning_points(parse_emotion(text), seconds)
    edges = np.array([0.0, *turns, max(seconds, SHORTEST_S)])
    if turns:
        assert np.diff(edges).min() >= SHORTEST_S - 0.13


def test_the_mean_place() -> None:
    track = parse_emotion("@0~step vad:0.5,-0.5,0 @5 vad:-0.5,0.5,0")
    assert mean_place(track, 0, 4.9) == pytest.approx((0.5, -0.5))
    assert mean_place(track, 5, 9) == pytest.approx((-0.5, 0.5))


def notes() -> Notes:
    start = np.arange(16) * 12
    ones = np.ones(16, int)
    return Notes(60 * ones, 70 * ones, start, start + 12, 0 * ones, ones < 0, 12, (Tempo(0, 120.0), Tempo(120, 90.0)))


def test_edges_fall_on_their_times_and_tempi_keep_their_proportions() -> None:
    moved = stretched(notes(), np.array([0, 96, 192]), (0.0, 5.0, 11.0))
    assert moved.seconds_at(np.array([0, 96, 192])) == pytest.approx([0.0, 5.0, 11.0])
    assert moved.tempi[-1].bpm / moved.tempi[-2].bpm == pytest.approx(90 / 120)
    assert moved.pitch.tolist() == notes().pitch.tolist()


@pytest.mark.parametrize(("edges", "edges_s"), [([0, 96], (0.0, 1.0, 2.0)), ([0, 96, 96], (0, 1, 2)), ([5, 9], (0, 1))])
def test_edges_have_to_rise(edges: list[int], edges_s: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="rise"):
        stretched(notes(), np.array(edges), edges_s)


def six_bars() -> Notes:
    """At 120 quarters per minute: bar lines every two seconds."""
    start = np.arange(6) * 480 * 4
    zeros = np.zeros(6, int)
    return Notes(zeros + 60, zeros + 64, start, start + 480 * 4, zeros, zeros.astype(bool), 480, (Tempo(0, 120.0),))


def test_the_nearest_bar_lines_fall_on_the_turns() -> None:
    notes = on_time(six_bars(), (4.4, 7.0), 12.5)
    assert notes.seconds_at(notes.bar_edges)[[2, 3, 6]] == pytest.approx([4.4, 7.0, 12.5])
    assert notes.start_tick.tolist() == six_bars().start_tick.tolist()


def test_a_turn_without_a_bar_line_is_left_out() -> None:
    notes = on_time(six_bars(), (9.9, 11.5), 12.0)
    assert notes.seconds_at(notes.bar_edges)[[5, 6]] == pytest.approx([9.9, 12.0])

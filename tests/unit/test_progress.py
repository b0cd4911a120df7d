"""Progress is told in order, ends at 1, and cancels."""

import warnings

import pytest

from espressivo.errors import Cancelled
from espressivo.progress import ProgressEvent, track
from espressivo.ui.terminal import progress_bar


def test_items_pass_through_and_the_end_is_told() -> None:
    events: list[ProgressEvent] = []
    assert list(track(range(5), "count", 5, events.append, every_s=0.0)) == [0, 1, 2, 3, 4]
    assert [event.fraction for event in events] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert {event.stage for event in events} == {"count"}
    assert events[2].eta_s is not None
    assert events[-1].eta_s == 0.0


def test_without_a_listener_nothing_is_lost() -> None:
    assert list(track("abc", "letters", 3, None)) == ["a", "b", "c"]


def test_a_listener_stops_the_work() -> None:
    done: list[int] = []

    def stop(event: ProgressEvent) -> None:
        if event.fraction >= 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        done.extend(track(range(4), "count", 4, stop, every_s=0.0))
    assert done == [0, 1]


def test_compiling_is_told_once() -> None:
    numba = pytest.importorskip("numba")

    def compile_twice() -> None:
        with progress_bar() as show:
            show(ProgressEvent("count", 0.0))
            assert numba.njit(lambda number: number + 1)(1) == 2
            assert numba.njit(lambda number: number + 2)(1) == 3

    with pytest.warns(UserWarning, match="compiled for this computer") as told:
        compile_twice()
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert numba.njit(lambda number: number + 3)(1) == 4

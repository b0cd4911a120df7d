"""Work in another process: progress, results, errors as sentences, and an end within a second whatever runs."""

import os
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from espressivo.errors import Cancelled, InputError, OutputError
from espressivo.progress import ProgressCallback, ProgressEvent
from espressivo.ui.studio.strings import waiting
from espressivo.ui.studio.worker import Workers


def double(number: int, progress: ProgressCallback) -> int:
    for step in range(3):
        progress(ProgressEvent("double", step / 2))
    return 2 * number


def refuse(text: str, progress: ProgressCallback) -> None:
    raise InputError(f"{text} cannot be used.")


def break_down(progress: ProgressCallback) -> None:
    raise ZeroDivisionError("a secret")


def say_something(progress: ProgressCallback) -> int:
    warnings.warn("The line is silent.", stacklevel=1)
    warnings.warn("Old numpy.", DeprecationWarning, stacklevel=1)
    return 1


def prepare_a_file() -> None:
    Path(os.environ["ESPRESSIVO_TEST_FILE"]).touch()


def report_often(progress: ProgressCallback) -> None:
    while True:
        progress(ProgressEvent("endless", 0.5))
        time.sleep(0.01)


def hear_nothing(progress: ProgressCallback) -> None:
    progress(ProgressEvent("deaf", 0.0))
    time.sleep(60)


def die(progress: ProgressCallback) -> None:
    os._exit(1)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers()
    yield workers
    workers.close()


def test_progress_and_result(workers: Workers) -> None:
    work = workers.work(double, number=21)
    assert [event.fraction for event in work] == [0.0, 0.5, 1.0]
    assert work.result == 42


def test_notes_for_the_user_come_along_every_time(workers: Workers) -> None:
    for _ in range(2):
        work = workers.work(say_something)
        assert not list(work)
        assert (work.result, work.notes) == (1, ["The line is silent."])


def test_a_worker_prepares_beside_its_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = tmp_path / "prepared"
    monkeypatch.setenv("ESPRESSIVO_TEST_FILE", str(prepared))
    workers = Workers(prepare=prepare_a_file)
    try:
        work = workers.work(double, number=2)
        assert list(work)
        assert work.result == 4
        deadline = time.monotonic() + 30
        while not prepared.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert prepared.exists()
    finally:
        workers.close()


def test_errors_keep_their_sentence_and_hide_what_is_no_sentence(workers: Workers) -> None:
    with pytest.raises(InputError, match=r"^This cannot be used\.$"):
        list(workers.work(refuse, text="This"))
    with pytest.raises(OutputError) as raised:
        list(workers.work(break_down))
    assert "secret" not in str(raised.value)
    assert raised.value.args[0].endswith(".")


def test_the_log_says_what_the_sentence_hides(capfd: pytest.CaptureFixture[str]) -> None:
    workers = Workers()  # started here, so that its log is captured
    try:
        with pytest.raises(OutputError):
            list(workers.work(break_down))
    finally:
        workers.close()
    logged = capfd.readouterr().err
    assert "Traceback" in logged
    assert "ZeroDivisionError: a secret" in logged


@pytest.mark.parametrize("function", [report_often, hear_nothing])
def test_stopping_takes_less_than_a_second(function, workers: Workers) -> None:
    work = workers.work(function)
    events = iter(work)
    next(events)
    asked = time.monotonic()
    work.cancel()
    with pytest.raises(Cancelled):
        for _ in events:
            pass
    assert time.monotonic() - asked < 2.0  # .7 s on a machine with nothing else to do
    again = workers.work(double, number=1)
    assert list(again)
    assert again.result == 2


def test_stopped_before_it_began(workers: Workers) -> None:
    work = workers.work(report_often)
    work.cancel()
    with pytest.raises(Cancelled):
        list(work)


def test_stopped_while_all_are_busy(workers: Workers) -> None:
    busy = iter(workers.work(report_often))
    next(busy)
    waiting = workers.work(double, number=1)
    threading.Timer(0.2, waiting.cancel).start()
    with pytest.raises(Cancelled):
        list(waiting)
    busy.close()  # type: ignore[attr-defined]


def test_a_worker_that_died_is_replaced(workers: Workers) -> None:
    with pytest.raises(OutputError, match="ended before it was done"):
        list(workers.work(die))
    again = workers.work(double, number=3)
    assert list(again)
    assert again.result == 6


def test_who_goes_away_frees_the_worker(workers: Workers) -> None:
    events = iter(workers.work(report_often))
    next(events)
    events.close()  # type: ignore[attr-defined]
    again = workers.work(double, number=4)
    assert list(again)
    assert again.result == 8


def test_who_waits_hears_how_many_are_before_and_comes_in_turn(workers: Workers) -> None:
    busy, second, third = (iter(workers.work(report_often)) for _ in range(3))
    next(busy)
    assert [next(second).stage, next(third).stage] == [waiting(1), waiting(2)]
    busy.close()  # type: ignore[attr-defined]
    assert next(second).stage == "endless"
    assert next(third).stage == waiting(1)
    second.close()  # type: ignore[attr-defined]
    assert next(third).stage == "endless"
    third.close()  # type: ignore[attr-defined]


def test_who_leaves_the_line_lets_others_move_up(workers: Workers) -> None:
    busy, second, third = (iter(workers.work(report_often)) for _ in range(3))
    for events in (busy, second, third):
        next(events)
    second.close()  # type: ignore[attr-defined]
    assert next(third).stage == waiting(1)
    for events in (busy, third):
        events.close()  # type: ignore[attr-defined]

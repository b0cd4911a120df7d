"""Long work in a process of its own: the page stays quick, and stopping takes less than a second whatever runs.

The same progress callback that the command line's bar hears is carried over a pipe, and so are the notes that the
command line shows. A worker that does not stop when it is asked to is ended and replaced; one that died is replaced,
and its work fails with a sentence. Work that finds no free worker stands in line, first come first served, and hears
how many are before it.
"""

import multiprocessing
import queue
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator
from multiprocessing.connection import Connection
from typing import Any

from espressivo.errors import Cancelled, EspressivoError, OutputError
from espressivo.progress import ProgressEvent
from espressivo.ui.studio import strings

_POLL_S = 0.05
_PATIENCE_S = 0.6
"""How long a worker may take to stop by itself."""
_SPAWN = multiprocessing.get_context("spawn")


class Workers:
    """A few processes that keep warm between jobs."""

    def __init__(self, count: int = 1, prepare: Callable[[], None] | None = None) -> None:
        """Start them.

        Args:
            count: how many.
            prepare: what each does first, beside its jobs: it loads what they will need. Found by module and name.
        """
        self._prepare = prepare
        self._all: set[_Worker] = set()
        self._idle = [self._start() for _ in range(count)]
        self._line: list[Work] = []
        self._changed = threading.Condition()

    def work(self, function: Callable[..., Any], **arguments: Any) -> "Work":
        """Have `function(**arguments, progress=...)` done by the next free worker, once the result is iterated.

        Args:
            function: found by its module and name, so it is no lambda and no closure.
            **arguments: values that can be pickled.
        """
        return Work(self, function, arguments)

    def close(self) -> None:
        """End all processes."""
        for worker in list(self._all):
            worker.end()
        self._all.clear()

    def _start(self) -> "_Worker":
        worker = _Worker(self._prepare)
        self._all.add(worker)
        return worker

    def _take(self, work: "Work") -> Generator[ProgressEvent, None, "_Worker"]:
        """Wait for a worker in line, saying whenever somebody before has gone how many are left."""
        ahead = -1
        with self._changed:
            self._line.append(work)
        try:
            while True:
                with self._changed:
                    place = self._line.index(work)
                    if place < len(self._idle):
                        worker = self._idle.pop(0)
                        return worker if worker.alive else self._replace(worker)
                    now_ahead = place + len(self._all) - len(self._idle)
                    if now_ahead == ahead:
                        self._changed.wait(_POLL_S)
                if work.stopped:
                    raise Cancelled(strings.STOPPED)
                if now_ahead != ahead:
                    ahead = now_ahead
                    yield ProgressEvent(strings.waiting(ahead), 0.0)
        finally:
            with self._changed:
                self._line.remove(work)
                self._changed.notify_all()

    def _replace(self, worker: "_Worker") -> "_Worker":
        worker.end()
        self._all.discard(worker)
        return self._start()

    def _give_back(self, worker: "_Worker") -> None:
        with self._changed:
            self._idle.append(worker)
            self._changed.notify_all()


class Work:
    """One job: iterate it for its progress, then read `result`. It can be stopped from any thread."""

    def __init__(self, workers: Workers, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        self._workers, self._function, self._arguments = workers, function, arguments
        self._wish = threading.Event()
        self.result: Any = None
        self.notes: list[str] = []
        """What the user should know of the result, a sentence each."""

    def cancel(self) -> None:
        """Ask for an end; the iteration then raises `Cancelled` within a second."""
        self._wish.set()

    @property
    def stopped(self) -> bool:
        """Whether an end was asked for."""
        return self._wish.is_set()

    def __iter__(self) -> Iterator[ProgressEvent]:
        """Do the work, once it is its turn.

        Raises:
            EspressivoError: what the function raised, with the same sentence.
            Cancelled: it was stopped.
        """
        worker = yield from self._workers._take(self)
        ended = False
        try:
            worker.pipe.send((self._function, self._arguments))
            for kind, value in self._messages(worker):
                if kind == "progress":
                    yield value
                elif kind == "note":
                    self.notes.append(value)
                elif kind == "result":
                    ended, self.result = True, value
                    return
                else:
                    ended = True
                    raise value
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise OutputError(
                "The worker ended before it was done (out of memory, perhaps); try a shorter line or a smaller size."
            ) from None
        finally:
            self._workers._give_back(worker if ended else self._workers._replace(worker))

    def _messages(self, worker: "_Worker") -> Iterator[tuple[str, Any]]:
        asked_at = None
        while True:
            if self.stopped and asked_at is None:
                asked_at = time.monotonic()
                worker.pipe.send(None)
            if asked_at is not None and time.monotonic() - asked_at > _PATIENCE_S:
                raise Cancelled(strings.STOPPED)
            if worker.pipe.poll(_POLL_S):
                yield worker.pipe.recv()


class _Worker:
    def __init__(self, prepare: Callable[[], None] | None) -> None:
        self.pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, prepare), name="espressivo-worker", daemon=True)
        self._process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def end(self) -> None:
        self._process.kill()
        self._process.join(1)
        self.pipe.close()


def _serve(pipe: Connection, prepare: Callable[[], None] | None) -> None:
    """Do one job after the other, until the other end is gone. None on the pipe asks to stop the job that runs."""
    jobs: queue.SimpleQueue[tuple[Callable[..., Any], dict[str, Any]] | None] = queue.SimpleQueue()
    stop = threading.Event()
    one_at_a_time = threading.Lock()

    def tell(kind: str, value: Any) -> None:
        with one_at_a_time:  # a job may note something in a thread of its own
            pipe.send((kind, value))

    def listen() -> None:
        try:
            while True:
                message = pipe.recv()
                if message is None:
                    stop.set()
                else:
                    stop.clear()
                    jobs.put(message)
        except (EOFError, OSError):
            jobs.put(None)

    def report(event: ProgressEvent) -> None:
        if stop.is_set():
            raise Cancelled(strings.STOPPED)
        tell("progress", event)

    def show_note(message: Warning | str, category: type[Warning], *_: object) -> None:
        if issubclass(category, UserWarning):  # the others are for programmers
            tell("note", str(message))

    threading.Thread(target=listen, daemon=True).start()
    if prepare is not None:
        threading.Thread(target=prepare, daemon=True).start()
    while (job := jobs.get()) is not None:
        function, arguments = job
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always", UserWarning, append=True)  # also what was said of an earlier job
                warnings.showwarning = show_note
                result = function(**arguments, progress=report)
            tell("result", result)
        except EspressivoError as error:
            tell("error", error)
        except Exception as error:  # whatever it is, the page shows a sentence and the next job runs
            traceback.print_exc()
            tell("error", OutputError(f"This could not be made: {type(error).__name__} in {_name(function)}."))


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", "the work")

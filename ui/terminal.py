"""What the command line shows: a progress bar per stage with time left, and tables."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from espressivo.generators.registry import Listing
from espressivo.progress import ProgressCallback, ProgressEvent
from espressivo.weights.manifest import WeightEntry

if TYPE_CHECKING:
    from espressivo.conditioning.personality.dialogue import DialogueAnalysis
    from espressivo.conditioning.state import EmotionState
    from espressivo.conditioning.track import EmotionTrack


_COMPILED_ONCE = "Parts of the program are compiled for this computer, once; that may take half a minute."
_SLIGHT = 0.05
"""A weaker emotion is not shown."""


@contextmanager
def progress_bar() -> Iterator[ProgressCallback]:
    """Show one bar per stage on standard error; a plain line per stage where that is no terminal."""
    with _telling_of_compiling() as listen:
        if not sys.stderr.isatty():
            yield listen(_finished_stages_printer())
            return
        with _bars() as show:
            yield listen(show)


@contextmanager
def _bars() -> Iterator[ProgressCallback]:
    columns = (
        TextColumn("{task.description:<16}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def show(event: ProgressEvent) -> None:
            if event.stage not in tasks:
                tasks[event.stage] = bars.add_task(event.stage, total=1.0, left="")
            left = f"{event.eta_s:.0f} s left" if event.eta_s else ""
            bars.update(tasks[event.stage], completed=event.fraction, left=left)

        yield show


@contextmanager
def _telling_of_compiling() -> Iterator[Callable[[ProgressCallback], ProgressCallback]]:
    """Let a callback also say, once, that kernels are compiled: after an installation that takes long.

    It listens from the first event on at which numba is loaded; to load numba for that would take long as well.
    """
    stop: list[Callable[[], None]] = []

    def listen() -> None:
        from numba.core import event as events

        class Compiling(events.Listener):
            told = False

            def on_start(self, event: events.Event) -> None:
                if not self.told:
                    self.told = True
                    warnings.warn(_COMPILED_ONCE, UserWarning, stacklevel=2)

            def on_end(self, event: events.Event) -> None:
                """Say nothing more."""

        compiling = Compiling()
        events.register("numba:compile", compiling)
        stop.append(lambda: events.unregister("numba:compile", compiling))

    def listening(show: ProgressCallback) -> ProgressCallback:
        def show_and_listen(event: ProgressEvent) -> None:
            if not stop and "numba.core.event" in sys.modules:
                listen()
            show(event)

        return show_and_listen

    try:
        yield listening
    finally:
        for each in stop:
            each()


def print_dialogue(analysis: "DialogueAnalysis") -> None:
    """Print a table of the lines of a dialogue: who feels what when; the files beside it say it exactly."""
    table = Table("time", "speaker", "line", "emotion", "mood")
    for line in analysis.lines:
        who, said = escape(line.line.speaker), escape(line.line.text)
        table.add_row(f"{line.start_s:.1f} s", who, said, _felt(line.state), line.mood_name)
    Console().print(table)


def print_track(track: "EmotionTrack") -> None:
    """Print a table of the keyframes of an emotion track; the file beside it says them exactly."""
    table = Table("time", "emotion", "valence", "arousal", "dominance")
    for keyframe in track.keyframes:
        table.add_row(f"{keyframe.t_s:.1f} s", _felt(keyframe.state), *(f"{axis:+.2f}" for axis in keyframe.state.vad))
    Console().print(table)


def print_generators(listings: list[Listing]) -> None:
    """Print a table of the registered generators."""
    table = Table("name", "kind", "what it does", "licence of weights", Column("state", overflow="fold"))
    for listing in listings:
        if listing.spec is None:
            table.add_row(listing.name, "?", "", "", f"cannot load: {listing.problem}")
        else:
            spec = listing.spec
            state = f"needs the authors' checkpoint: {spec.needs_checkpoint}" if spec.needs_checkpoint else "ready"
            table.add_row(listing.name, spec.kind, spec.summary, spec.licence, state)
    Console().print(table)


def print_weights(rows: list[tuple[WeightEntry, list[str]]]) -> None:
    """Print a table of the shipped weights; each row comes with its damaged files."""
    table = Table("id", "licence", "size", "trained on", "state")
    for entry, damaged in rows:
        size = f"{sum(file.bytes for file in entry.files) / 1e6:.1f} MB"
        trained_on = entry.trained_on if isinstance(entry.trained_on, str) else ", ".join(map(str, entry.trained_on))
        table.add_row(
            entry.id, entry.licence, size, trained_on, f"damaged: {', '.join(damaged)}" if damaged else "whole"
        )
    Console().print(table)


def _felt(state: "EmotionState") -> str:
    """Return the two strongest emotions, as far as they are there."""
    strengths = sorted(((weight * state.intensity, name) for name, weight in state.weights.items()), reverse=True)
    return " + ".join(f"{name} {strength:.1f}" for strength, name in strengths[:2] if strength >= _SLIGHT) or "neutral"


def _finished_stages_printer() -> ProgressCallback:
    printed: set[str] = set()

    def show(event: ProgressEvent) -> None:
        if event.fraction >= 1.0 and event.stage not in printed:
            printed.add(event.stage)
            print(f"{event.stage}: done", file=sys.stderr, flush=True)

    return show

"""What all tabs share: who asks, who works, and how they tell each other that something changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from espressivo.progress import ProgressEvent
from espressivo.ui.studio.files import Tickets
from espressivo.ui.studio.sessions import Session, Sessions
from espressivo.ui.studio.worker import Work, Workers

if TYPE_CHECKING:
    import gradio as gr

    from espressivo.ui.studio.music.tab import MusicTab
    from espressivo.ui.studio.perform.tab import PerformTab

_MOST_IN_LINE = 24
"""Events that work, or wait for a worker; each holds one of Gradio's 40 threads. More wait in Gradio's own queue."""
WORKING: dict[str, Any] = {"concurrency_id": "work", "concurrency_limit": _MOST_IN_LINE}
"""Options of all events that use a worker."""


@dataclass
class Studio:
    """Handed to every tab's `build`."""

    app: "gr.Blocks"
    sessions: Sessions
    workers: Workers
    """Who make takes, pieces and reports, one after the other."""
    helpers: Workers
    """Who do what takes seconds, and must not wait behind that."""
    tickets: Tickets
    takes_changed: "gr.State"
    """A counter; an event that makes, renames or deletes takes gives it `count + 1`, and lists refresh on `change`."""
    tabs: "gr.Tabs"
    settings: "gr.BrowserState"
    """What the browser remembers of the last visit: a dictionary by tab."""
    perform: "PerformTab | None" = field(default=None)
    """Set by the Perform tab, so that others can open a take in it."""
    music: "MusicTab | None" = field(default=None)
    """The same of the Music tab."""

    def session(self, request: "gr.Request") -> Session:
        """Return whose request this is."""
        return self.sessions.of(request)

    def do(self, session: Session, function: Callable[..., Any], **arguments: Any) -> "Doing":
        """Have a function done by a worker; iterate for progress, then read `result`. See `Workers.work`."""
        return Doing(self.workers.work(function, **arguments), session)

    def do_soon(self, session: Session, function: Callable[..., Any], **arguments: Any) -> "Doing":
        """Have something short done, whatever the workers are busy with."""
        return Doing(self.helpers.work(function, **arguments), session)


class Doing:
    """Work for one session, which can stop it with `Session.cancel`."""

    def __init__(self, work: Work, session: Session) -> None:
        self._work, self._session = work, session

    @property
    def result(self) -> Any:
        """What the function returned."""
        return self._work.result

    @property
    def notes(self) -> list[str]:
        """What the user should know of it, a sentence each."""
        return self._work.notes

    def __iter__(self) -> Iterator[ProgressEvent]:
        self._session.works.add(self._work)
        try:
            yield from self._work
        finally:
            self._session.works.discard(self._work)
            if not self._session.works:
                self._session.clear_remains()

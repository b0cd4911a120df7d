"""The contract of what measures one part of a clip."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, TypeVar

from espressivo.eval.asked import Asked
from espressivo.eval.evaluators import Evaluator
from espressivo.eval.metric import Metric, Values
from espressivo.eval.results import Ceiling, Observations, SliderCurve
from espressivo.eval.subjects import Subject
from espressivo.progress import ProgressCallback

E = TypeVar("E")


@dataclass(frozen=True, eq=False)
class Clip(Generic[E]):
    """A clip with what was taken in of one of its parts."""

    subject: Subject
    evidence: E
    asked: Asked | None
    """None if it is not known what was asked for."""


@dataclass(frozen=True, eq=False)
class AnchorClip:
    """A clip with something taken away, measured: what a metric gives where nothing is there."""

    anchor: str
    clip: str
    values: Values


@dataclass(frozen=True, eq=False)
class SetFigures:
    """What is said of a whole system."""

    values: Values = field(default_factory=dict)
    curves: Mapping[str, SliderCurve] = field(default_factory=dict)


class Measurer(Protocol[E]):
    """Measures one part of clips."""

    metrics: ClassVar[tuple[Metric, ...]]
    """Everything that it gives, in the order of the report."""
    facts: ClassVar[Mapping[str, str]]
    """Conditions that its figures depend on, for the head of the report."""

    def take_in(self, subject: Subject, progress: ProgressCallback | None = None) -> E:
        """Read the part and everything that measures need of it. Raises `EspressivoError`."""
        ...

    def asked(self, subject: Subject, evidence: E) -> Asked | None:
        """Sum up what was asked of the clip."""
        ...

    def measure(self, clip: Clip[E], siblings: Sequence[Clip[E]], real: E | None) -> Values:
        """Measure a clip, among all clips of its system, against the real clip of its name where there is one."""
        ...

    def observe(self, clip: Clip[E]) -> Observations:
        """Return what figures show of the clip."""
        ...

    def measure_set(self, clips: Sequence[Clip[E]], real: Sequence[Clip[E]]) -> SetFigures:
        """Measure all clips of a system together."""
        ...

    def anchors(self, clips: Sequence[Clip[E]], real: bool) -> Iterator[AnchorClip]:
        """Yield anchors made from clips, real ones or a system's; none where taking something away means nothing."""
        ...

    def evaluators(self) -> Sequence[Evaluator]:
        """Return who judges."""
        ...

    def ceilings(self) -> Sequence[Ceiling]:
        """Return how well the judges do on real, labelled data."""
        ...

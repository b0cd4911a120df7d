"""Runs an evaluation: takes and files in, results out.

Every part of every clip is taken in once; then clips are measured among their siblings (the neutral clip of the same
line, a ladder of intensities) and against the real clip of their name. Anchors are made from real clips where there
are any, else from the first system.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from espressivo.errors import Cancelled, EspressivoError, InputError, MissingDependencyError
from espressivo.eval.control.results import METRICS as CONTROL
from espressivo.eval.control.study import prepare_study
from espressivo.eval.evaluators import Evaluator
from espressivo.eval.metric import Metric, NotMeasured, Value
from espressivo.eval.parts import MEASURERS
from espressivo.eval.parts.measurer import Clip, Measurer
from espressivo.eval.request import EvaluationRequest
from espressivo.eval.results import Ceiling, ClipResult, Observations, Role, SetResult, SliderCurve
from espressivo.eval.subjects import Part, Subject, System, find_systems
from espressivo.progress import ProgressCallback, ProgressEvent

REAL = "real clips"
_STAGES = {"find the face": 0.0, "judge the emotion": 0.5}
"""How far a clip has come when a stage of taking it in begins."""


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything that an evaluation found, for a report."""

    clips: tuple[ClipResult, ...]
    sets: tuple[SetResult, ...]
    metrics: tuple[Metric, ...]
    evaluators: tuple[Evaluator, ...]
    ceilings: tuple[Ceiling, ...]
    facts: Mapping[str, str]
    """Conditions that the figures depend on."""
    systems: tuple[str, ...]
    """Names, in the order of the request."""


def evaluate(request: EvaluationRequest, progress: ProgressCallback | None = None) -> Findings:
    """Measure everything that the request names.

    Raises:
        InputError: nothing can be evaluated, an option does not fit, or no clip at all could be measured (the message
            is the first clip's).
        MissingDependencyError: the extra `evaluate` is not installed.
    """
    systems = find_systems(request.paths, request.compare)
    if request.compare and len(systems) < 2:
        raise InputError("Comparing needs two systems; give two takes or two folders of clips.")
    groups = [_Group(system.name, "system", system) for system in systems]
    if request.real is not None:
        groups.insert(0, _Group(REAL, "real", find_systems([request.real])[0]))
    studies = [prepare_study(name) for name in request.sliders]
    parts = {part for group in groups for subject in group.system.subjects for part in subject.files}
    measurers: dict[Part, Measurer[Any]] = {part: load(request) for part, load in MEASURERS.items() if part in parts}

    taken = _take_in(groups, measurers, progress)
    clips = list(_measure(groups, measurers, taken))
    if all(result.failure for result in clips):
        raise InputError(next(result.failure for result in clips if result.failure))
    sets = list(_measure_sets(groups, measurers, taken))
    anchors = list(_anchors(groups, measurers, taken))
    sets += [study.run(progress).set_result() for study in studies]
    used = list(measurers.values())
    applied = {name for result in (*clips, *sets) for name in result.values}
    known = (*(metric for measurer in used for metric in measurer.metrics), *CONTROL)
    return Findings(
        clips=(*clips, *anchors),
        sets=tuple(sets),
        metrics=tuple(metric for metric in known if metric.name in applied),
        evaluators=tuple(evaluator for measurer in used for evaluator in measurer.evaluators()),
        ceilings=tuple(ceiling for measurer in used for ceiling in measurer.ceilings()),
        facts={name: fact for measurer in used for name, fact in measurer.facts.items()},
        systems=tuple(system.name for system in systems),
    )


@dataclass(frozen=True)
class _Group:
    """The clips of one row of the report."""

    name: str
    role: Role
    system: System

    @property
    def key(self) -> "_Key":
        """Tells a system that is called like the real clips from them."""
        return self.role, self.name


_Key = tuple[Role, str]
_REAL_KEY: _Key = ("real", REAL)
_Taken = dict[tuple[_Key, str, Part], "Clip[Any] | str"]
"""By group, clip and part: what was taken in, or why it could not be."""


def _take_in(
    groups: Sequence[_Group], measurers: Mapping[Part, Measurer[Any]], progress: ProgressCallback | None
) -> _Taken:
    work: list[tuple[_Group, Subject, Part]] = [
        (group, subject, part)
        for group in groups
        for subject in group.system.subjects
        for part in measurers
        if part in subject.files
    ]
    taken: _Taken = {}
    overall = _Overall(progress, len(work))
    for group, subject, part in work:
        measurer = measurers[part]
        try:
            evidence = measurer.take_in(subject, overall.of_this_one)
        except EspressivoError as error:
            if isinstance(error, Cancelled | MissingDependencyError):
                raise
            taken[group.key, subject.name, part] = str(error)
        else:
            taken[group.key, subject.name, part] = Clip(subject, evidence, measurer.asked(subject, evidence))
        overall.finish_one()
    return taken


def _clips(taken: _Taken, group: _Key, part: Part) -> list[Clip[Any]]:
    """Return what was taken in of one part of a group, by name of the clip."""
    return [
        found for (owner, _, kind), found in taken.items() if (owner, kind) == (group, part) and isinstance(found, Clip)
    ]


def _measure(groups: Sequence[_Group], measurers: Mapping[Part, Measurer[Any]], taken: _Taken) -> Iterator[ClipResult]:
    for group in groups:
        siblings = {part: _clips(taken, group.key, part) for part in measurers}
        for subject in group.system.subjects:
            values: dict[str, Value] = {}
            observed: list[Observations] = []
            failures: list[str] = []
            for part, measurer in measurers.items():
                found = taken.get((group.key, subject.name, part))
                if isinstance(found, Clip):
                    real = taken.get((_REAL_KEY, subject.name, part)) if group.role != "real" else None
                    truth = real.evidence if isinstance(real, Clip) else None
                    values |= measurer.measure(found, siblings[part], truth)
                    observed.append(measurer.observe(found))
                elif found is not None:
                    failures.append(found)
                    values |= {metric.name: NotMeasured(found) for metric in measurer.metrics}
            yield ClipResult(
                system=group.name,
                role=group.role,
                clip=subject.name,
                values=values if observed else {},
                observations=observed[0] if observed else Observations(),
                failure=None if observed else failures[0],
            )


def _measure_sets(
    groups: Sequence[_Group], measurers: Mapping[Part, Measurer[Any]], taken: _Taken
) -> Iterator[SetResult]:
    for group in groups:
        values: dict[str, Value] = {}
        curves: dict[str, SliderCurve] = {}
        for part, measurer in measurers.items():
            clips = _clips(taken, group.key, part)
            if clips:
                figures = measurer.measure_set(clips, _clips(taken, _REAL_KEY, part) if group.role != "real" else ())
                values |= figures.values
                curves |= figures.curves
        yield SetResult(group.name, group.role, values, curves)


def _anchors(groups: Sequence[_Group], measurers: Mapping[Part, Measurer[Any]], taken: _Taken) -> Iterator[ClipResult]:
    """Yield anchors; what several parts of a clip give under one name ("static face") is one anchor."""
    found: dict[tuple[str, str], dict[str, Value]] = {}
    for part, measurer in measurers.items():
        for group in groups:
            if clips := _clips(taken, group.key, part):
                break
        else:
            continue
        for anchor in measurer.anchors(clips, group.role == "real"):
            found.setdefault((anchor.anchor, anchor.clip), {}).update(anchor.values)
    for (anchor, clip), values in found.items():
        yield ClipResult(anchor, "anchor", clip, values)


class _Overall:
    """Turns the progress of single clips into that of the whole evaluation: one bar, however many clips there are."""

    def __init__(self, progress: ProgressCallback | None, total: int) -> None:
        self._progress, self._total = progress, total
        self._done = 0
        self._started = time.monotonic()

    def finish_one(self) -> None:
        self._done += 1
        self._report(0.0)

    def of_this_one(self, event: ProgressEvent) -> None:
        self._report(_STAGES.get(event.stage, 0.0) + event.fraction * (1 - max(_STAGES.values())))

    def _report(self, begun: float) -> None:
        if self._progress is None:
            return
        fraction = min(1.0, (self._done + begun) / max(self._total, 1))
        spent_s = time.monotonic() - self._started
        self._progress(ProgressEvent("measure clips", fraction, spent_s / fraction - spent_s if fraction else None))

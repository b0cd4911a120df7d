"""The report as data: everything that its readers see, in a form that JSON holds without loss."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from espressivo.eval.evaluators import Evaluator
from espressivo.eval.metric import Dimension, Metric, Value
from espressivo.eval.results import Role

SCHEMA_VERSION = 1
"""Rises when a report of an older version can no longer be read."""

Interval = tuple[float, float]
Point = tuple[float, float]
Curve = tuple[float | None, ...]
"""None where there is no number."""

ABSENT = "does not apply to this row"
"""The reason of a cell whose metric was never asked of its row."""

Verdict = Literal["a better", "b better", "no difference", "differs", "too few clips", "not tested"]
"""`differs`: the metric has no better side, or nothing says where it lies. `not tested`: one figure for a whole set."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Header(_Record):
    """What was evaluated, when and how."""

    title: str = "Evaluation"
    version: str
    """Of the project."""
    commit: str = ""
    date: str = ""
    seed: int = 0
    """Of the resampling."""
    hardware: str = ""
    facts: Mapping[str, str] = {}
    """Anything else that a figure depends on, as it is to be read: "Frame rate" -> "25 fps"."""


class Cell(_Record):
    """One metric of one row: a figure, or why there is none."""

    value: float | None = None
    interval: Interval | None = None
    """95 %, over clips."""
    n_used: int = 0
    n_total: int = 0
    values: tuple[float, ...] = ()
    """Those of the single clips, where they are too few for an interval."""
    of_set: bool = False
    """Whether it is one figure of the whole set and no mean over clips."""
    reason: str = ""
    """Why there is no value."""


class Row(_Record):
    """One system, the real clips or an anchor, in one table."""

    system: str
    role: Role
    cells: tuple[Cell, ...]
    """As the table's `columns`."""


class Warned(_Record):
    """A metric that does not do its work on these data."""

    metric: str
    text: str


class Unmeasured(_Record):
    """A metric that gives no figure in any row."""

    metric: str
    reason: str


class Table(_Record):
    """All metrics of one dimension."""

    dimension: Dimension
    columns: tuple[str, ...]
    """Names of the metrics that give a figure in at least one row."""
    rows: tuple[Row, ...]
    unmeasured: tuple[Unmeasured, ...]
    warnings: tuple[Warned, ...]


class ComparedMetric(_Record):
    """One metric of two systems on the clips that both have."""

    metric: str
    of_distance: bool
    """Whether a and b are distances from where the metric should be (0, or the real clips), not its own values."""
    a: float
    b: float
    interval: Interval | None
    """Of b - a."""
    p: float | None
    p_holm: float | None
    """Corrected for all questions that the report asks."""
    n_pairs: int
    verdict: Verdict


class Comparison(_Record):
    """System B against system A."""

    a: str
    b: str
    metrics: tuple[ComparedMetric, ...]


class ScoreRow(_Record):
    """How near one system is to the real clips."""

    system: str
    role: Role
    scores: Curve
    """As `Scores.metrics`: 1 is the real clips' figure, below 0 is further off than the figure is large."""
    mean: float | None
    """None unless every score is there."""


class Scores(_Record):
    """Nearness to the real clips, after THEval: 1 - |figure - real| / |real|, not clipped."""

    metrics: tuple[str, ...]
    rows: tuple[ScoreRow, ...]


class LagCurves(_Record):
    """Correlation of mouth and sound over lags."""

    system: str
    role: Role
    mean: Curve
    clips: int


class ConfusionMatrix(_Record):
    """What was asked for against what a judge saw."""

    source: str
    """The system, or the data of a ceiling."""
    role: Role | Literal["ceiling"]
    judge: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    """Rows: asked for; columns: seen."""
    excluded: Mapping[str, int] = {}
    """Clips asking for what the judge does not know, by emotion."""


class IntensityCurve(_Record):
    """Probability of the asked emotion over the asked intensity."""

    system: str
    emotion: str
    asked: tuple[float, ...]
    measured: tuple[float, ...]
    """Mean over the clips of each intensity."""
    clips: int
    rho: float | None
    """Spearman over clips; None where nothing moves."""
    rho_interval: Interval | None
    """95 %; None where clips are too few."""
    r2: float
    """Of the line through the clips."""


class CircumplexPoint(_Record):
    """Where an emotion was asked to be and where it was seen, in valence and arousal."""

    system: str
    emotion: str
    asked: Point
    measured: Point
    clips: int


class SliderRecord(_Record):
    """A slider moved over contents."""

    system: str
    name: str
    unit: str
    asked: tuple[float, ...]
    measured: tuple[tuple[float, ...], ...]
    """By content."""
    rho: float
    """Spearman, mean over contents."""
    r2: float
    """Of each content's line, mean over contents."""


class Observed(_Record):
    """What the figures are drawn from."""

    lag_curves: tuple[LagCurves, ...] = ()
    confusions: tuple[ConfusionMatrix, ...] = ()
    ceilings: tuple[ConfusionMatrix, ...] = ()
    intensities: tuple[IntensityCurve, ...] = ()
    circumplex: tuple[CircumplexPoint, ...] = ()
    sliders: tuple[SliderRecord, ...] = ()


class ClipRecord(_Record):
    """One clip's own figures."""

    system: str
    role: Role
    clip: str
    values: Mapping[str, Value]
    failure: str | None = None


class Report(_Record):
    """All of it."""

    schema_version: Literal[1] = SCHEMA_VERSION
    header: Header
    summary: tuple[str, ...]
    """Plain sentences: what was found."""
    metrics: tuple[Metric, ...]
    evaluators: tuple[Evaluator, ...]
    tables: tuple[Table, ...]
    comparisons: tuple[Comparison, ...]
    scores: Scores | None
    """None without real clips."""
    observed: Observed
    clips: tuple[ClipRecord, ...]

    def metric(self, name: str) -> Metric:
        """Return the metric called `name`.

        Raises:
            KeyError: the report has no such metric.
        """
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(name)

    def cell(self, system: str, metric: str, role: Role = "system") -> Cell | None:
        """Return the figure of a system, None where no table has it."""
        for table in self.tables:
            if metric in table.columns:
                for row in table.rows:
                    if (row.system, row.role) == (system, role):
                        return row.cells[table.columns.index(metric)]
        return None

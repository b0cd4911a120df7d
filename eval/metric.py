"""What a metric is, and what measuring one gives: a number, a pooled number, or a reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal

Dimension = Literal["lip sync", "emotion", "face", "quality", "identity", "3-D face", "gesture", "music", "control"]
"""The table of the report that a metric stands in."""

Better = Literal["higher", "lower", "zero", "reference", "neither"]
"""Where good values lie: up, down, near zero, near the value of real clips; or the metric only describes."""


@dataclass(frozen=True)
class Metric:
    """One measure, as the report shows it."""

    name: str
    """Key in JSON and CSV: lower case with underscores, unit last ("av_lag_ms")."""
    title: str
    """Heading of the column ("AV lag")."""
    dimension: Dimension
    better: Better
    definition: str
    """One or two sentences: what is measured on what, source, and where a peer's number differs."""
    unit: str = ""
    decimals: int = 3
    evaluator: str | None = None
    """Id of the evaluator that it depends on (see `espressivo.eval.evaluators`), if it needs one."""


@dataclass(frozen=True)
class NotMeasured:
    """Stands where a number would, and says why there is none. It is never counted as 0."""

    reason: str
    """Completes "N/A (…)": "needs syncnet_v2.model", "no bilabials in the line"."""

    def __str__(self) -> str:
        return f"N/A ({self.reason})"


@dataclass(frozen=True)
class Pooled:
    """A clip's part of a mean over all clips: `total` over `weight` events, frames or joints.

    The value of a set is the sum of totals over the sum of weights, so a clip with more events counts for more.
    """

    total: float
    weight: float

    def __post_init__(self) -> None:
        if not (isfinite(self.total) and isfinite(self.weight) and self.weight > 0):
            raise ValueError(f"Pooled({self.total}, {self.weight}) is no part of a mean; use NotMeasured.")

    def __float__(self) -> float:
        return self.total / self.weight


Value = float | Pooled | NotMeasured
"""What measuring one metric on one clip gives."""

Values = Mapping[str, Value]
"""By the name of the metric."""


def measured(number: float, otherwise: str) -> float | NotMeasured:
    """Return `number`, or `NotMeasured(otherwise)` if it is not finite."""
    return float(number) if isfinite(number) else NotMeasured(otherwise)

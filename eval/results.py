"""What an evaluation found, clip by clip: the numbers, and the observations that figures are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float

from espressivo.eval.metric import Metric, Values

Role = Literal["system", "real", "anchor"]
"""A system under test, real clips of the same kind, or an anchor: what the metrics give where nothing is there."""


@dataclass(frozen=True, eq=False)
class EmotionReading:
    """What one judge sees in one clip."""

    judge: str
    """Id of the evaluator."""
    labels: tuple[str, ...]
    """Canonical categories that the judge knows, in the order of `probabilities`."""
    probabilities: Float[np.ndarray, "frames labels"]
    """Calibrated, per looked-at frame."""
    times_s: Float[np.ndarray, "frames"]

    @property
    def clip(self) -> Float[np.ndarray, "labels"]:
        """The mean over the frames."""
        return self.probabilities.mean(axis=0)

    @property
    def verdict(self) -> str:
        """The likeliest label of the clip."""
        return self.labels[int(np.argmax(self.clip))]


@dataclass(frozen=True, eq=False)
class Observations:
    """What figures are drawn from; None or empty where there is nothing to see."""

    lag_curve: Float[np.ndarray, "lags"] | None = None
    """Correlation of mouth and sound at lags -15..15 frames of 40 ms; positive: the sound comes later."""
    asked_emotion: str | None = None
    """Canonical category that was asked for (the strongest of the track), if any was."""
    asked_intensity: float | None = None
    asked_vad: tuple[float, float, float] | None = None
    readings: tuple[EmotionReading, ...] = ()


@dataclass(frozen=True, eq=False)
class ClipResult:
    """One clip of one system, measured."""

    system: str
    role: Role
    clip: str
    """Name; the same in all systems that made the same line, so that systems can be compared pair by pair."""
    values: Values
    observations: Observations = field(default_factory=Observations)
    failure: str | None = None
    """Why the clip could not be measured at all; its values are empty then."""


@dataclass(frozen=True, eq=False)
class SetResult:
    """A figure of a whole set that is no mean over its clips (an FID, an accuracy over classes, a slider's curve)."""

    system: str
    role: Role
    values: Values
    curves: Mapping[str, "SliderCurve"] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class SliderCurve:
    """A slider moved over several contents: what was asked, and what was measured."""

    asked: Float[np.ndarray, "steps"]
    measured: Float[np.ndarray, "contents steps"]
    unit: str


@dataclass(frozen=True, eq=False)
class Ceiling:
    """How well a judge does on real, labelled data: no system can honestly be asked for more."""

    judge: str
    data: str
    labels: tuple[str, ...]
    confusion: Float[np.ndarray, "asked judged"]
    """Counts."""


MetricTable = Mapping[str, Metric]
"""Metrics by name, in the order of the report's columns."""

"""What a study of sliders found, for the report, for JSON and for reading."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from espressivo.eval.control.sliders import METRICS as SLIDER_METRICS
from espressivo.eval.metric import Metric, NotMeasured, Value, Values
from espressivo.eval.results import SetResult, SliderCurve

OBEYED_RHO = 0.9

METRICS: tuple[Metric, ...] = (
    *SLIDER_METRICS,
    Metric(
        "sliders_obeyed",
        "sliders obeyed",
        "control",
        "higher",
        f"Share of the sliders whose target rises on every content with a mean Spearman of at least {OBEYED_RHO}.",
        decimals=2,
    ),
    Metric(
        "neutral_at_zero",
        "neutral at 0",
        "control",
        "higher",
        "Share of emotions and contents for which intensity 0 gives the neutral artefact to the bit.",
        decimals=2,
    ),
    Metric(
        "timeline_lag_ms",
        "time-line lag",
        "control",
        "zero",
        "Shift at which what is made of an emotion that comes and goes twice correlates best with the asked curve, "
        "mean over emotions and contents; positive: it comes later.",
        unit="ms",
        decimals=0,
    ),
)
"""Of a generator; the slider metrics are means over its sliders, the worst restrictiveness the least of all."""


@dataclass(frozen=True, eq=False)
class SliderResult:
    """One slider, moved over all contents."""

    name: str
    asked: Float[np.ndarray, "steps"]
    target: str | None
    """Attribute that the slider is for; None if that is not known."""
    measured: Mapping[str, Float[np.ndarray, "contents steps"]]
    """Every attribute."""
    units: Mapping[str, str]
    values: Values
    """By `sliders.METRICS`."""
    leaks: Mapping[str, float]
    """How far each attribute that should stay moves along: its spread over slider values in data-std units."""

    @property
    def obeyed(self) -> bool:
        """Whether more of the slider is more of its target, on every content."""
        rising, rho = self.values["slider_rising"], self.values["slider_spearman"]
        return _number(rising) == 1 and (_number(rho) or 0) >= OBEYED_RHO

    @property
    def worst_leak(self) -> tuple[str, float] | None:
        """The attribute that moves along most, and how far."""
        return max(self.leaks.items(), key=lambda leak: leak[1]) if self.leaks else None


@dataclass(frozen=True, eq=False)
class StudyResult:
    """All sliders of one generator."""

    generator: str
    contents: tuple[str, ...]
    sliders: tuple[SliderResult, ...]
    neutral_at_zero: float
    lags_ms: Mapping[str, Value]
    """By emotion."""
    stds: Mapping[str, float]
    """Of every attribute over the reference set."""

    @property
    def values(self) -> Values:
        """By `METRICS`."""
        lags = [number for lag in self.lags_ms.values() if (number := _number(lag)) is not None]
        return {
            **{metric.name: self._over_sliders(metric.name) for metric in SLIDER_METRICS},
            "sliders_obeyed": float(np.mean([slider.obeyed for slider in self.sliders])),
            "neutral_at_zero": self.neutral_at_zero,
            "timeline_lag_ms": float(np.mean(lags)) if lags else next(iter(self.lags_ms.values())),
        }

    def set_result(self) -> SetResult:
        """Return the generator's row and curves as a report takes them."""
        curves = {
            slider.name: SliderCurve(slider.asked, slider.measured[slider.target], slider.units[slider.target])
            for slider in self.sliders
            if slider.target is not None
        }
        return SetResult(self.generator, "system", self.values, curves)

    def record(self) -> dict[str, Any]:
        """Return all numbers as JSON takes them."""
        return {
            "generator": self.generator,
            "contents": list(self.contents),
            "data_std": dict(self.stds),
            "values": _plain(self.values),
            "timeline_lag_ms": _plain(self.lags_ms),
            "sliders": {
                slider.name: {
                    "asked": slider.asked.tolist(),
                    "target": slider.target,
                    "values": _plain(slider.values),
                    "leaks_std": dict(slider.leaks),
                    "mean": {name: matrix.mean(axis=0).tolist() for name, matrix in slider.measured.items()},
                }
                for slider in self.sliders
            },
        }

    def _over_sliders(self, name: str) -> Value:
        values = [slider.values[name] for slider in self.sliders]
        numbers = [number for value in values if (number := _number(value)) is not None]
        if not numbers:
            return values[0] if values else NotMeasured("the generator has no sliders")
        return float(min(numbers) if name.endswith("_worst") else np.mean(numbers))


def markdown_table(result: StudyResult) -> str:
    """Return a study as a table to read: a row per slider, and what holds for the generator below."""
    head = ("slider", "target", "consistency", "restrictiveness", "worst leak (std)", "R²", "Spearman", "range (std)")
    lines = ["| " + " | ".join((*head, "rising", "obeyed")) + " |", "|" + " --- |" * (len(head) + 2)]
    lines += ["| " + " | ".join(_cells(slider)) + " |" for slider in result.sliders]
    overall = result.values
    lags = ", ".join(f"{emotion} {_shown(lag, 0)}" for emotion, lag in result.lags_ms.items())
    lines += [
        "",
        f"{result.generator} on {len(result.contents)} contents: {_shown(overall['sliders_obeyed'], 2)} of the sliders "
        f"obeyed; neutral at 0 to the bit on {result.neutral_at_zero:.0%}; time-line lag in ms: {lags}.",
    ]
    return "\n".join(lines)


def _cells(slider: SliderResult) -> Iterator[str]:
    yield slider.name
    yield slider.target or "not known"
    yield _shown(slider.values["slider_consistency"])
    yield _shown(slider.values["slider_restrictiveness"])
    yield "none known" if slider.worst_leak is None else f"{slider.worst_leak[0]} {slider.worst_leak[1]:.2f}"
    for name in ("slider_monotonicity", "slider_spearman", "slider_range", "slider_rising"):
        yield _shown(slider.values[name])
    yield "yes" if slider.obeyed else "no"


def _shown(value: Value, decimals: int = 2) -> str:
    return str(value) if isinstance(value, NotMeasured) else f"{float(value):.{decimals}f}"


def _number(value: Value) -> float | None:
    return None if isinstance(value, NotMeasured) else float(value)


def _plain(values: Values) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, NotMeasured) else float(value) for name, value in values.items()}

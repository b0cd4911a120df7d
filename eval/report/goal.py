"""Where a metric should be, and what counts as better."""

from collections.abc import Mapping

from espressivo.eval.metric import Better, Metric, NotMeasured, Pooled, Value, Values

DIRECTIONS: Mapping[Better, str] = {
    "higher": "higher is better",
    "lower": "lower is better",
    "zero": "near 0 is better",
    "reference": "near the real clips is better",
    "neither": "describes, has no better side",
}
ARROWS: Mapping[Better, str] = {"higher": "↑", "lower": "↓", "zero": "→ 0", "reference": "≈ real", "neither": ""}


def goal_of(metric: Metric, real: float | None) -> float | None:
    """Return the value that the metric should have, None if it has none (more is better, or nothing is known).

    Args:
        metric: the metric.
        real: what it is on real clips, if that was measured.
    """
    return {"zero": 0.0, "reference": real}.get(metric.better)


def distances(values: Values, goal: float) -> dict[str, Value]:
    """Return how far each clip's value is from `goal`."""
    return {clip: _distance(value, goal) for clip, value in values.items()}


def improvement(metric: Metric, change: float, of_distance: bool) -> float | None:
    """Return a change as progress: above 0 is better, None where nothing says what is better.

    Args:
        metric: what changed.
        change: new minus old.
        of_distance: whether it is the distance from the goal that changed.
    """
    if of_distance or metric.better == "lower":
        return -change
    return change if metric.better == "higher" else None


def _distance(value: Value, goal: float) -> Value:
    if isinstance(value, NotMeasured):
        return value
    away = abs(float(value) - goal)
    return Pooled(away * value.weight, value.weight) if isinstance(value, Pooled) else away

"""How well valence and arousal are met: agreement of numbers in [-1, 1] with those that were asked for or labelled.

The four figures of dimensional affect (AffectNet; Toisoul et al., "Estimation of continuous valence and arousal levels
from faces in naturalistic conditions", Nature Machine Intelligence 2021, EmoNet's `metrics.py`), with population
moments. The torch versions of inferno use unbiased ones, which differ by n / (n - 1) in the spreads.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from espressivo.eval.metric import Metric, NotMeasured, Value, Values

DIMENSIONS = ("valence", "arousal")

Numbers = Float[np.ndarray, "n"]


def ccc(predicted: Numbers, wanted: Numbers) -> float:
    """Return the concordance correlation coefficient (Lin 1989): r, less what differs in mean and spread.

    It is 0 where one side never changes, and NaN where both do not and agree.
    """
    spread = predicted.var() + wanted.var() + (predicted.mean() - wanted.mean()) ** 2
    together = np.mean((predicted - predicted.mean()) * (wanted - wanted.mean()))
    return float(2 * together / spread) if spread else float("nan")


def pcc(predicted: Numbers, wanted: Numbers) -> float:
    """Return Pearson's correlation; NaN where one side never changes."""
    if not np.ptp(predicted) or not np.ptp(wanted):
        return float("nan")
    return float(np.corrcoef(predicted, wanted)[0, 1])


def rmse(predicted: Numbers, wanted: Numbers) -> float:
    """Return the root of the mean squared difference."""
    return float(np.sqrt(np.mean((predicted - wanted) ** 2)))


def sagr(predicted: Numbers, wanted: Numbers) -> float:
    """Return the share of the same sign; 0 agrees with 0 only."""
    return float(np.mean(np.sign(predicted) == np.sign(wanted)))


_FIGURES: tuple[tuple[str, str, Callable[[Numbers, Numbers], float], bool, str], ...] = (
    ("ccc", "CCC", ccc, True, "concordance correlation (Lin 1989; population moments): 1 only where the numbers agree"),
    ("pcc", "PCC", pcc, True, "Pearson's correlation: 1 also where they agree up to scale and offset"),
    ("rmse", "RMSE", rmse, False, "root of the mean squared difference; the scale has a width of 2"),
    ("sagr", "SAGR", sagr, True, "share of the same sign; chance is near .5"),
)

METRICS: tuple[Metric, ...] = tuple(
    Metric(
        f"{dimension}_{name}",
        f"{dimension} {title}",
        "emotion",
        "higher" if high else "lower",
        f"Judged against wanted {dimension}, both in [-1, 1]: {definition} (as EmoNet's metrics).",
    )
    for dimension in DIMENSIONS
    for name, title, _, high, definition in _FIGURES
)


def measure_dimensions(predicted: Float[np.ndarray, "n 2"] | None, wanted: Float[np.ndarray, "n 2"] | None) -> Values:
    """Measure valence and arousal (columns, in this order) of frames or clips.

    Args:
        predicted: what a judge read; None where no judge is there.
        wanted: what was asked for or labelled; None where it is not known.

    Raises:
        ValueError: the two do not have the same shape.
    """
    if predicted is None:
        return _not_measured("needs a judge of valence and arousal")
    if wanted is None:
        return _not_measured("wanted valence and arousal are not known")
    if predicted.shape != wanted.shape or predicted.ndim != 2 or predicted.shape[1] != len(DIMENSIONS):
        raise ValueError(
            f"Valence and arousal have shapes {predicted.shape} and {wanted.shape}, expected (n, 2) twice."
        )
    if len(predicted) < 2:
        return _not_measured("needs two numbers or more")
    values: dict[str, Value] = {}
    for column, dimension in enumerate(DIMENSIONS):
        judged, labelled = (np.asarray(side[:, column], np.float64) for side in (predicted, wanted))
        for name, _, figure, _, _ in _FIGURES:
            value = figure(judged, labelled)
            values[f"{dimension}_{name}"] = value if np.isfinite(value) else NotMeasured(f"{dimension} never changes")
    return values


def _not_measured(reason: str) -> Values:
    return {metric.name: NotMeasured(reason) for metric in METRICS}

"""Slider metrics: what a dial moves, how evenly, and what moves along that should not.

The first three are those of Music FaderNets (Tan and Herremans, ISMIR 2020; the authors' `test_class.py`): several
contents are generated at K values of one slider. A[i, k] is the attribute that the slider is for, B[i, k] another one,
both in units of that attribute's standard deviation over a data set. All standard deviations are of the population.
The peer sweeps K = 8 values from the least on and leaves the greatest out; so does `sweep`.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from espressivo.eval.metric import Metric, NotMeasured, Value, Values

STEPS = 8
"""Values of a slider that are tried, as many as the peer tries."""
NO_SPREAD = "the attribute does not vary in the reference set"
_SAME = 1e-9

METRICS: tuple[Metric, ...] = (
    Metric(
        "slider_consistency",
        "consistency",
        "control",
        "higher",
        "1 minus the spread of the target over contents at the same slider value, in data-std units, mean over values "
        "(Music FaderNets). 1: a value means the same on every line; can be negative.",
    ),
    Metric(
        "slider_restrictiveness",
        "restrictiveness",
        "control",
        "higher",
        "1 minus the spread of a non-target attribute over slider values, in data-std units, mean over contents (Music "
        "FaderNets) and over all attributes that the slider should leave alone; can be negative.",
    ),
    Metric(
        "slider_restrictiveness_worst",
        "restrictiveness (worst)",
        "control",
        "higher",
        "Restrictiveness of the attribute that the slider disturbs most.",
    ),
    Metric(
        "slider_monotonicity",
        "monotonicity",
        "control",
        "higher",
        "R² of the line through target against slider value, mean over contents (Music FaderNets). A falling line "
        "scores the same, see the sign; a slider that does nothing scores 0 here and 1 in the peer's code.",
    ),
    Metric(
        "slider_spearman",
        "Spearman",
        "control",
        "higher",
        "Rank correlation of target and slider value, mean over contents; 0 where the slider does nothing.",
    ),
    Metric(
        "slider_range",
        "range",
        "control",
        "higher",
        "Target at the last slider value minus at the first, in data-std units, mean over contents.",
        unit="std",
        decimals=2,
    ),
    Metric(
        "slider_rising",
        "rising",
        "control",
        "higher",
        "Share of contents on which the target rises with the slider (slope of the line above 0).",
        decimals=2,
    ),
    Metric(
        "slider_sign",
        "sign",
        "control",
        "neither",
        "1 if the target rises with the slider on average, -1 if it falls, 0 if it does not move.",
        decimals=0,
    ),
)


def sweep(lowest: float, highest: float) -> Float[np.ndarray, "steps"]:
    """Return the slider values of the peer: `STEPS` equal steps from `lowest`, `highest` itself left out."""
    return lowest + np.arange(STEPS) * (highest - lowest) / STEPS


def consistency(target: Float[np.ndarray, "contents steps"], data_std: float) -> float:
    """Return 1 minus the mean over steps of the spread over contents."""
    return 1.0 - float((target / data_std).std(axis=0).mean())


def restrictiveness(other: Float[np.ndarray, "contents steps"], data_std: float) -> float:
    """Return 1 minus the mean over contents of the spread over steps of an attribute that should stay."""
    return 1.0 - float((other / data_std).std(axis=1).mean())


def monotonicity(
    asked: Float[np.ndarray, "steps"], target: Float[np.ndarray, "contents steps"], unmoved: float = 0.0
) -> float:
    """Return the mean over contents of R² of the regression line of the target on the slider.

    Args:
        asked: slider values.
        target: in any unit; R² has none.
        unmoved: what a content counts on which the target stays the same. R² does not exist there; the peer's
            scikit-learn gives 1.0, so that a dead slider scores best: give 1.0 to compare with it.
    """
    return float(np.mean([_r_squared(asked, row, unmoved) for row in target]))


def rank_correlations(
    asked: Float[np.ndarray, "steps"], target: Float[np.ndarray, "contents steps"]
) -> Float[np.ndarray, "contents"]:
    """Return Spearman's rho of each content, with average ranks for ties; 0 where the target stays the same."""
    from scipy.stats import rankdata

    ranks = rankdata(asked)
    return np.array([0.0 if _still(row) else np.corrcoef(ranks, rankdata(row))[0, 1] for row in target])


def slopes(
    asked: Float[np.ndarray, "steps"], target: Float[np.ndarray, "contents steps"]
) -> Float[np.ndarray, "contents"]:
    """Return the slope of each content's regression line; exactly 0 where the target stays the same."""
    centred = asked - asked.mean()
    lines = target @ centred / (centred @ centred)
    return np.where([_still(row) for row in target], 0.0, lines)


def measure_slider(
    asked: Float[np.ndarray, "steps"],
    target: Float[np.ndarray, "contents steps"],
    target_std: float,
    others: Mapping[str, Float[np.ndarray, "contents steps"]],
    other_stds: Mapping[str, float],
) -> Values:
    """Apply `METRICS` to one slider.

    Args:
        asked: slider values, increasing.
        target: what the slider is for.
        target_std: standard deviation of the target over the reference set; 0 if it does not vary there.
        others: attributes that the slider should leave alone.
        other_stds: theirs; an attribute that does not vary in the reference set is left out.
    """
    leaks = [restrictiveness(matrix, other_stds[name]) for name, matrix in others.items() if other_stds[name] > 0]
    no_others: Value = NotMeasured("no other attribute is known")
    lines = slopes(asked, target)
    scaled = target_std > 0
    return {
        "slider_consistency": consistency(target, target_std) if scaled else NotMeasured(NO_SPREAD),
        "slider_restrictiveness": float(np.mean(leaks)) if leaks else no_others,
        "slider_restrictiveness_worst": min(leaks) if leaks else no_others,
        "slider_monotonicity": monotonicity(asked, target),
        "slider_spearman": float(rank_correlations(asked, target).mean()),
        "slider_range": response_range(target, target_std) if scaled else NotMeasured(NO_SPREAD),
        "slider_rising": float(np.mean(lines > 0)),
        "slider_sign": float(np.sign(lines.mean())),
    }


def response_range(target: Float[np.ndarray, "contents steps"], data_std: float = 1.0) -> float:
    """Return the mean over contents of the target at the last step minus at the first, in units of `data_std`."""
    return float((target[:, -1] - target[:, 0]).mean() / data_std)


def _r_squared(asked: Float[np.ndarray, "steps"], row: Float[np.ndarray, "steps"], unmoved: float) -> float:
    if _still(row):
        return unmoved
    return float(np.corrcoef(asked, row)[0, 1] ** 2)


def _still(row: Float[np.ndarray, "steps"]) -> bool:
    """Whether nothing but rounding moves."""
    return float(np.ptp(row)) <= _SAME * max(1.0, float(np.abs(row).max()))

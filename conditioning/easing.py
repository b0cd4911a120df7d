"""Interpolation between keyframes, one rule per segment, and smoothing of sampled curves. Pure functions."""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

Ease = Literal["step", "linear", "smooth", "pchip"]
EASES: tuple[Ease, ...] = get_args(Ease)

# The part of the way from one keyframe to the next, at the part u of the time between them.
_PROGRESS: dict[Ease, Callable[[np.ndarray], np.ndarray]] = {
    "step": np.floor,
    "linear": lambda u: u,
    "smooth": lambda u: u * u * (3 - 2 * u),
}


def interpolate(
    knots_s: Float[np.ndarray, "knots"],
    values: Float[np.ndarray, "knots channels"],
    eases: tuple[Ease, ...],
    times_s: Float[np.ndarray, "times"],
) -> Float[np.ndarray, "times channels"]:
    """Values at `times_s`, between the two neighbouring knots' values always, and held outside the knots.

    Args:
        knots_s: increasing times, at least one.
        values: what holds at them.
        eases: for each knot how the curve leaves it (the last one's does nothing).
        times_s: when to sample. Each sample depends on its own time only.
    """
    if len(knots_s) == 1:
        return np.repeat(values, len(times_s), axis=0)
    start = np.clip(np.searchsorted(knots_s, times_s, side="right") - 1, 0, len(knots_s) - 2)
    u = np.clip((times_s - knots_s[start]) / (knots_s[start + 1] - knots_s[start]), 0.0, 1.0)[:, None]
    rule = np.array([EASES.index(ease) for ease in eases])[start]
    result = np.empty((len(times_s), values.shape[1]))
    for ease, progress in _PROGRESS.items():
        here = rule == EASES.index(ease)
        left, right = values[start[here]], values[start[here] + 1]
        result[here] = left + progress(u[here]) * (right - left)
    here = rule == EASES.index("pchip")
    if here.any():
        result[here] = _hermite(knots_s, values, pchip_slopes(knots_s, values), start[here], u[here])
    low, high = np.minimum(values[start], values[start + 1]), np.maximum(values[start], values[start + 1])
    result = np.where(u >= 1.0, values[start + 1], result)  # rounding must not miss a keyframe's own value
    return np.clip(result, low, high)


def pchip_slopes(
    knots_s: Float[np.ndarray, "knots"], values: Float[np.ndarray, "knots channels"]
) -> Float[np.ndarray, "knots channels"]:
    """Slopes of the monotone piecewise cubic through the knots (Fritsch and Butland 1984), two knots or more.

    Inside, the weighted harmonic mean of the neighbouring secants, 0 at a local extremum; at the ends a one-sided
    three-point estimate, limited to keep the shape (as in Moler, Numerical Computing with MATLAB, section 3.6).
    """
    width = np.diff(knots_s)[:, None]
    secant = np.diff(values, axis=0) / width
    if len(knots_s) == 2:
        return np.repeat(secant, 2, axis=0)
    slopes = np.zeros_like(values)
    before, after = secant[:-1], secant[1:]
    w1, w2 = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    monotone = np.sign(before) * np.sign(after) > 0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = (w1 + w2) / (w1 / before + w2 / after)
    slopes[1:-1] = np.where(monotone, mean, 0.0)
    slopes[0] = _end_slope(width[0], width[1], secant[0], secant[1])
    slopes[-1] = _end_slope(width[-1], width[-2], secant[-1], secant[-2])
    return slopes


def _hermite(
    knots_s: Float[np.ndarray, "knots"],
    values: Float[np.ndarray, "knots channels"],
    slopes: Float[np.ndarray, "knots channels"],
    start: np.ndarray,
    u: Float[np.ndarray, "times 1"],
) -> Float[np.ndarray, "times channels"]:
    width = (knots_s[start + 1] - knots_s[start])[:, None]
    return (
        (1 + 2 * u) * (1 - u) ** 2 * values[start]
        + u * (1 - u) ** 2 * width * slopes[start]
        + u**2 * (3 - 2 * u) * values[start + 1]
        - u**2 * (1 - u) * width * slopes[start + 1]
    )


def _end_slope(width: np.ndarray, next_width: np.ndarray, secant: np.ndarray, next_secant: np.ndarray) -> np.ndarray:
    slope = ((2 * width + next_width) * secant - width * next_secant) / (width + next_width)
    slope = np.where(np.sign(slope) != np.sign(secant), 0.0, slope)
    too_steep = (np.sign(secant) != np.sign(next_secant)) & (np.abs(slope) > 3 * np.abs(secant))
    return np.where(too_steep, 3 * secant, slope)

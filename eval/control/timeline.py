"""How late a measured curve follows the curve that was asked for."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from espressivo.eval.metric import NotMeasured, Value

RELIABLE_R = 0.5
"""Below this correlation at the best shift, the curves have too little in common for a lag."""
MAX_LAG_S = 0.8
_GRID_S = 0.01
_LEVEL = 0.1  # of the range: what counts as "still low" or "already high" of the asked curve


@dataclass(frozen=True)
class CurveLag:
    """Where two curves fit best. Positive: the measured curve comes later than the asked one."""

    ms: float
    r: float
    inside: bool
    """Whether the best shift is one that was tried with others on both sides; at the edge it may lie beyond."""

    @property
    def value(self) -> Value:
        """The lag, or the reason why it means nothing."""
        if self.r < RELIABLE_R:
            return NotMeasured(f"the measured curve does not follow the asked one (r = {self.r:.2f})")
        return self.ms if self.inside else NotMeasured("the curves fit best at the edge of the shifts that are tried")


def curve_lag(
    times_s: Float[np.ndarray, "times"], asked: Float[np.ndarray, "times"], measured: Float[np.ndarray, "times"]
) -> CurveLag:
    """Return the shift within ±`MAX_LAG_S` at which the curves correlate best, on a grid of 10 ms.

    Every shift is judged on the same stretch of the asked curve, all of it but `MAX_LAG_S` at both ends (a quarter of a
    clip that is too short for that), so that the overlap does not decide. Curves between samples are taken as straight:
    the samples must be dense, at least 10 a second, for the result to be finer than they are.
    """
    limit_s = min(MAX_LAG_S, float(times_s[-1] - times_s[0]) / 4)
    inner_s = np.arange(times_s[0] + limit_s, times_s[-1] - limit_s, _GRID_S)
    shifts_s = np.arange(-round(limit_s / _GRID_S), round(limit_s / _GRID_S) + 1) * _GRID_S
    curve = np.interp(inner_s, times_s, asked)
    likeness = [_correlation(np.interp(inner_s + shift_s, times_s, measured), curve) for shift_s in shifts_s]
    best = int(np.argmax(likeness))
    return CurveLag(float(shifts_s[best] * 1000), likeness[best], 0 < best < len(shifts_s) - 1)


def rise_lag_ms(
    times_s: Float[np.ndarray, "times"], asked: Float[np.ndarray, "times"], measured: Float[np.ndarray, "times"]
) -> Value:
    """Return how much later the measured curve is half-way up than the asked one, for an asked curve that rises once.

    The measured curve's own low and high are its medians while the asked one is low (lowest tenth of its range) and
    high; of several crossings of the middle between them, the one nearest to the asked curve's counts.
    """
    low, high = float(asked.min()), float(asked.max())
    if high <= low:
        return NotMeasured("the asked emotion does not change")
    before = measured[asked <= low + _LEVEL * (high - low)]
    after = measured[asked >= high - _LEVEL * (high - low)]
    floor, ceiling = float(np.median(before)), float(np.median(after))
    asked_at = _upward_crossings(times_s, asked, (low + high) / 2)
    if len(asked_at) != 1:
        return NotMeasured("the asked emotion does not rise exactly once")
    if ceiling <= floor:
        return NotMeasured("the measured curve does not rise with the asked one")
    measured_at = _upward_crossings(times_s, measured, (floor + ceiling) / 2)
    if not len(measured_at):
        return NotMeasured("the measured curve does not rise with the asked one")
    late_s = measured_at - asked_at[0]
    return float(late_s[np.argmin(np.abs(late_s))] * 1000)


def _upward_crossings(
    times_s: Float[np.ndarray, "times"], curve: Float[np.ndarray, "times"], level: float
) -> Float[np.ndarray, "crossings"]:
    """The moments at which a curve, straight between its samples, rises through `level`."""
    at = np.flatnonzero((curve[:-1] < level) & (curve[1:] >= level))
    share = (level - curve[at]) / (curve[at + 1] - curve[at])
    return times_s[at] + share * (times_s[at + 1] - times_s[at])


def _correlation(one: Float[np.ndarray, "times"], other: Float[np.ndarray, "times"]) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])

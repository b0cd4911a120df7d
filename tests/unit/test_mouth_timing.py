"""Timing and fit of mouth curves against a reference."""

import numpy as np
import pytest

from espressivo.eval.mouth_curves import best_fit
from espressivo.eval.real_mouths import best_shift


def wobble(times_s):
    return np.sin(9 * times_s) + np.sin(23 * times_s + 1)


@pytest.mark.parametrize("late_s", [-0.1, -0.02, 0.0, 0.05])
def test_shift_says_how_much_later_our_mouth_comes(late_s):
    real, ours = wobble(np.arange(75) / 25), wobble(np.arange(600) / 200 - late_s)
    shift_s, r = best_shift(real, ours, fps=25)
    assert shift_s == pytest.approx(late_s, abs=0.005)
    assert r > 0.99


def test_fit_forgives_a_small_shift_but_no_large_one():
    times_s, counted = np.arange(90) / 30, np.ones(90, bool)
    wanted = wobble(times_s)
    assert best_fit(wobble(times_s - 0.04), wanted, times_s, counted) > 0.98
    assert best_fit(wobble(times_s - 0.15), wanted, times_s, counted) < 0.7


def test_a_still_curve_fits_nothing():
    times_s = np.arange(90) / 30
    assert np.isnan(best_fit(np.ones(90), wobble(times_s), times_s, np.ones(90, bool)))

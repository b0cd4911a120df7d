"""Intervals, differences and agreement: known values, and what must hold whatever the numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.eval.metric import NotMeasured, Pooled
from espressivo.eval.statistics.agreement import (
    Correlation,
    accuracy,
    cohen_kappa,
    confusion_counts,
    macro_f1,
    recalls,
    spearman,
    wilson_interval,
)
from espressivo.eval.statistics.bootstrap import RESAMPLES, Estimate, estimate, refuse_duplicates
from espressivo.eval.statistics.comparison import Difference, compare, holm

numbers = st.floats(-1e3, 1e3, allow_nan=False)


def estimated(values, seed=0) -> Estimate:
    result = estimate(values, seed)
    assert isinstance(result, Estimate)
    return result


def interval_of(values, seed=0) -> tuple[float, float]:
    interval = estimated(values, seed).interval
    assert interval is not None
    return interval


def p_of(a, b) -> float:
    p = compared(a, b).p
    assert p is not None
    return p


def compared(a, b) -> Difference:
    result = compare(a, b)
    assert isinstance(result, Difference)
    return result


def named(values) -> dict:
    return {f"clip{place:02}": value for place, value in enumerate(values)}


class TestEstimate:
    def test_interval_of_the_mean_is_that_of_theory(self):
        values = np.random.default_rng(1).normal(5, 2, 200)
        low, high = interval_of(values.tolist())
        half = 1.96 * values.std() / np.sqrt(200)
        assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.04)

    def test_covers_the_truth_as_often_as_it_says(self):
        rng = np.random.default_rng(2)
        intervals = [interval_of(rng.normal(0, 1, 40).tolist()) for _ in range(200)]
        assert 0.88 <= np.mean([low <= 0 <= high for low, high in intervals]) <= 0.99

    @settings(max_examples=15, deadline=None)
    @given(st.lists(numbers, min_size=8, max_size=20), st.randoms())
    def test_order_of_clips_leaves_the_mean(self, values, random):
        shuffled = random.sample(values, len(values))
        assert estimated(shuffled).value == pytest.approx(estimated(values).value, abs=1e-9)

    @settings(max_examples=15, deadline=None)
    @given(st.lists(numbers, min_size=8, max_size=20), st.integers(1, 9))
    def test_what_was_not_measured_is_never_counted(self, values, missing):
        with_gaps = [*values, *[NotMeasured("needs a face")] * missing]
        whole, gappy = estimated(values), estimated(with_gaps)
        assert (gappy.value, gappy.interval, gappy.n_used) == (whole.value, whole.interval, len(values))
        assert gappy.n_total == len(values) + missing

    @settings(max_examples=15, deadline=None)
    @given(st.lists(numbers, min_size=8, max_size=20))
    def test_interval_lies_within_the_values(self, values):
        low, high = interval_of(values)
        assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9

    def test_constant_has_no_width(self):
        assert interval_of([0.3] * 10) == pytest.approx((0.3, 0.3))

    def test_few_clips_show_their_values_and_no_interval(self):
        few = estimated([1.0, 2.0, NotMeasured("x"), 6.0])
        assert (few.value, few.interval, few.values, few.n_used, few.n_total) == (3.0, None, (1.0, 2.0, 6.0), 3, 4)
        assert estimated([1.0] * 7).interval is None
        assert estimated([1.0] * 8).interval is not None

    def test_pooled_is_the_ratio_of_sums(self):
        clips = [Pooled(1, 1), Pooled(0, 9)]
        assert estimated(clips).value == pytest.approx(0.1)
        assert estimated([1.0, 0.0]).value == pytest.approx(0.5)

    def test_pooled_of_equal_weights_is_the_mean(self):
        values = np.random.default_rng(3).random(12)
        plain, pooled = estimated(values.tolist()), estimated([Pooled(5 * value, 5) for value in values])
        assert pooled.interval == pytest.approx(plain.interval)

    def test_pooled_and_plain_are_not_mixed(self):
        with pytest.raises(ValueError, match="one kind"):
            estimate([1.0, Pooled(1, 2)])

    def test_nothing_measured_gives_the_commonest_reason(self):
        reasons = [NotMeasured("needs a"), NotMeasured("needs b"), NotMeasured("needs b")]
        assert estimate(reasons) == NotMeasured("needs b")
        assert estimate([]) == NotMeasured("there are no clips")

    def test_same_seed_same_interval(self):
        values = np.random.default_rng(4).random(10).tolist()
        assert interval_of(values, 3) == interval_of(values, 3) != interval_of(values, 4)

    def test_more_clips_than_fit_one_block(self):
        values = np.random.default_rng(5).normal(0, 1, 900).tolist()
        low, high = interval_of(values)
        assert high - low == pytest.approx(2 * 1.96 / 30, rel=0.1)

    def test_duplicates_would_narrow_and_are_refused(self):
        values = np.random.default_rng(6).random(10).tolist()
        once, twice = interval_of(values), interval_of(values * 2)
        assert twice[1] - twice[0] < 0.85 * (once[1] - once[0])
        refuse_duplicates(["a", "b"])
        with pytest.raises(ValueError, match="'a' is given twice"):
            refuse_duplicates(["a", "b", "a"])


class TestCompare:
    def test_clear_difference_reaches_the_floor(self):
        a = np.random.default_rng(0).normal(0, 3, 20)
        result = compared(named(a), named(a + 1))
        assert result.value == pytest.approx(1)
        assert result.interval == pytest.approx((1, 1))
        assert result.p == pytest.approx(1 / (RESAMPLES + 1))

    def test_equal_systems_do_not_differ(self):
        a = named(np.random.default_rng(0).random(12))
        assert compared(a, a).p == 1
        assert compared(a, a).value == 0

    @settings(max_examples=10, deadline=None)
    @given(st.lists(st.tuples(numbers, numbers), min_size=8, max_size=15))
    def test_turned_round_the_sign_changes_and_p_stays(self, pairs):
        a, b = (named(side) for side in zip(*pairs, strict=True))
        there, back = compared(a, b), compared(b, a)
        assert there.value == pytest.approx(-back.value)
        assert there.p == pytest.approx(back.p)
        assert there.interval is not None
        assert back.interval is not None
        assert there.interval == pytest.approx((-back.interval[1], -back.interval[0]))

    def test_pairs_by_name_whatever_the_order(self):
        rng = np.random.default_rng(1)
        a, b = named(rng.random(10)), named(rng.random(10))
        assert compare(dict(reversed(a.items())), b) == compare(a, b)

    def test_only_clips_measured_in_both_count(self):
        a = named([1.0] * 10) | {"clip00": NotMeasured("x"), "other": 99.0}
        result = compared(a, named([2.0] * 10))
        assert (result.n_pairs, result.a, result.b) == (9, 1, 2)
        assert compare({"a": 1.0}, {"b": 1.0}) == NotMeasured("no clip is measured in both")

    def test_few_pairs_have_neither_interval_nor_p(self):
        result = compared(named([1.0] * 7), named([2.0] * 7))
        assert (result.value, result.interval, result.p) == (1, None, None)

    def test_pairing_helps(self):
        rng = np.random.default_rng(2)
        hard = rng.normal(0, 5, 30)
        a, b = hard + rng.normal(0, 0.3, 30), hard + 0.5 + rng.normal(0, 0.3, 30)
        assert p_of(named(a), named(b)) < 0.01
        assert p_of(named(a), named(rng.permutation(b))) > 0.05

    def test_p_is_as_often_small_as_it_says_where_there_is_no_difference(self):
        rng = np.random.default_rng(3)
        ps = [p_of(named(rng.normal(0, 1, 30)), named(rng.normal(0, 1, 30))) for _ in range(200)]
        assert 0.01 <= np.mean(np.array(ps) < 0.05) <= 0.12

    def test_pooled_pairs(self):
        a = named([Pooled(1, 10)] * 9 + [Pooled(0, 1)])
        b = named([Pooled(5, 10)] * 9 + [Pooled(0, 1)])
        assert compared(a, b).value == pytest.approx((45 - 9) / 91)


class TestHolm:
    def test_textbook(self):
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])

    def test_questions_without_p_are_not_counted(self):
        assert holm([0.02, None, 0.04]) == [0.04, None, 0.04]
        assert holm([]) == []

    @given(st.lists(st.floats(0, 1), max_size=10))
    def test_never_smaller_never_above_one_order_kept(self, ps):
        corrected = [p or 0.0 for p in holm(ps)]
        assert all(p <= q <= 1 for p, q in zip(ps, corrected, strict=True))
        assert [corrected[k] for k in np.argsort(ps, kind="stable")] == sorted(corrected)


class TestLabels:
    labels = ("a", "b", "c")

    def counts(self):
        return confusion_counts(list("aaabbb"), list("aabbbc"), self.labels)

    def test_counts_rows_are_asked(self):
        assert self.counts().tolist() == [[2, 1, 0], [0, 2, 1], [0, 0, 0]]
        with pytest.raises(ValueError):
            confusion_counts(["z"], ["a"], self.labels)

    def test_figures(self):
        assert accuracy(self.counts()) == pytest.approx(4 / 6)
        assert recalls(self.counts())[:2] == pytest.approx([2 / 3, 2 / 3])
        assert np.isnan(recalls(self.counts())[2])
        assert macro_f1(self.counts()) == pytest.approx((4 / 5 + 4 / 6) / 2)

    def test_nothing_asked(self):
        nothing = np.zeros((2, 2), int)
        assert np.isnan(accuracy(nothing))
        assert np.isnan(macro_f1(nothing))

    def test_kappa(self):
        # Cohen's 1960 style table 20 5 / 10 15: agreement .7, expected .5.
        one = ["y"] * 25 + ["n"] * 25
        other = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
        assert cohen_kappa(one, other) == pytest.approx(0.4)
        assert cohen_kappa(one, one) == 1
        assert np.isnan(cohen_kappa(["y"], ["y"]))
        assert np.isnan(cohen_kappa([], []))


class TestWilson:
    def test_known_values(self):
        assert wilson_interval(10, 10) == pytest.approx((0.7225, 1), abs=1e-4)
        assert wilson_interval(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
        assert wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)

    @given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
    def test_holds_the_share_within_0_and_1(self, trial):
        hits, n = trial
        low, high = wilson_interval(hits, n)
        assert 0 <= low <= hits / n <= high <= 1

    def test_no_proportion(self):
        for hits, n in ((0, 0), (3, 2), (-1, 2)):
            with pytest.raises(ValueError, match="no proportion"):
                wilson_interval(hits, n)


class TestSpearman:
    def test_monotone_is_one(self):
        result = spearman(range(10), [2**k for k in range(10)])
        assert isinstance(result, Correlation)
        assert result.rho == pytest.approx(1)
        assert result.interval == pytest.approx((1, 1))

    def test_equals_scipy_with_ties(self):
        from scipy.stats import spearmanr

        rng = np.random.default_rng(0)
        x, y = rng.integers(0, 5, 30).tolist(), rng.integers(0, 5, 30).tolist()
        result = spearman(x, y)
        assert isinstance(result, Correlation)
        assert result.rho == pytest.approx(spearmanr(x, y)[0])
        assert result.interval is not None
        assert result.interval[0] < result.rho < result.interval[1]

    def test_limits(self):
        assert spearman([1, 2], [1, 2]) == NotMeasured("a correlation needs three clips")
        assert spearman([1] * 9, range(9)) == NotMeasured("one of the figures does not vary")
        few = spearman([1, 2, 3], [1, 3, 2])
        assert isinstance(few, Correlation)
        assert (few.rho, few.interval) == (pytest.approx(0.5), None)
        with pytest.raises(ValueError, match="same clips"):
            spearman([1, 2, 3], [1, 2])

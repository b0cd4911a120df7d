"""Fit the judges' models with scikit-learn, and predict every piece by a model that has not seen its like."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.svm import SVR

from espressivo.eval.music.models import KernelRegression, SoftmaxRegression, Standard

PENALTIES = (0.01, 0.03, 0.1, 0.3)
"""Inverse strengths of regularisation that are tried."""
_FOLDS = 5
_TUBE = 0.05
_LEAST_DEVIATION = 1e-6

Rows = Float[np.ndarray, "n features"]
Folds = Sequence[tuple[Int[np.ndarray, "train"], Int[np.ndarray, "test"]]]


@dataclass(frozen=True)
class Kernel:
    """How freely a kernel regression may bend."""

    cost: float
    gamma: float


KERNELS = tuple(Kernel(cost, gamma) for cost in (0.3, 1.0, 3.0) for gamma in (0.001, 0.003, 0.01))
"""Those that are tried."""


def grouped_folds(groups: Sequence[str]) -> Folds:
    """Split into five folds that share no group."""
    shuffled = GroupKFold(_FOLDS, shuffle=True, random_state=0)
    return list(shuffled.split(np.zeros((len(groups), 1)), groups=np.asarray(groups)))


def plain_folds(count: int) -> Folds:
    """Split into five folds."""
    return list(KFold(_FOLDS, shuffle=True, random_state=0).split(np.zeros((count, 1))))


def fit_quadrants(rows: Rows, quadrant: Int[np.ndarray, "n"], penalty: float) -> SoftmaxRegression:
    """Fit a softmax regression; `quadrant` holds places 0..3."""
    standard = _standard(rows)
    model = LogisticRegression(C=penalty, max_iter=5000).fit(standard(rows), quadrant)
    return SoftmaxRegression(standard, model.coef_, model.intercept_)


def fit_regression(rows: Rows, felt: Float[np.ndarray, "n"], kernel: Kernel, error: float = np.nan) -> KernelRegression:
    """Fit a support vector regression; `error` is what is known of it from pieces that it was not fitted on."""
    standard = _standard(rows)
    model = SVR(C=kernel.cost, epsilon=_TUBE).set_params(gamma=kernel.gamma).fit(standard(rows), felt)
    return KernelRegression(
        standard, model.support_vectors_, model.dual_coef_[0], float(model.intercept_[0]), kernel.gamma, error
    )


def unseen_quadrants(
    rows: Rows, quadrant: Int[np.ndarray, "n"], penalty: float, folds: Folds
) -> Float[np.ndarray, "n 4"]:
    """Return the probabilities that each piece gets from the model fitted on the other folds."""
    found = np.zeros((len(rows), 4))
    for train, test in folds:
        found[test] = fit_quadrants(rows[train], quadrant[train], penalty).probabilities(rows[test])
    return found


def unseen_regression(rows: Rows, felt: Float[np.ndarray, "n"], kernel: Kernel, folds: Folds) -> Float[np.ndarray, "n"]:
    """Return the number that each piece gets from the model fitted on the other folds."""
    found = np.zeros(len(rows))
    for train, test in folds:
        found[test] = fit_regression(rows[train], felt[train], kernel).predict(rows[test])
    return found


def best_penalty(rows: Rows, quadrant: Int[np.ndarray, "n"], folds: Folds) -> float:
    """Return the penalty under which unseen pieces get their own quadrant with the highest likelihood."""
    losses = []
    for penalty in PENALTIES:
        likely = unseen_quadrants(rows, quadrant, penalty, folds)[np.arange(len(rows)), quadrant]
        losses.append(-np.log(likely).mean())
    return PENALTIES[int(np.argmin(losses))]


def best_kernel(rows: Rows, felt: Float[np.ndarray, "n"], folds: Folds) -> tuple[Kernel, float]:
    """Return the kernel with the least squared error on unseen pieces, and the standard deviation of that error."""
    errors = [float(np.std(unseen_regression(rows, felt, kernel, folds) - felt)) for kernel in KERNELS]
    best = int(np.argmin(errors))
    return KERNELS[best], errors[best]


def _standard(rows: Rows) -> Standard:
    return Standard(rows.mean(axis=0), np.maximum(rows.std(axis=0), _LEAST_DEVIATION))
